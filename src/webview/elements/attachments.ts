import { html, nothing, type TemplateResult } from 'lit';
import type { AttachmentItem } from '../../protocol/panel.ts';
import { sizeOf } from '../sizes.ts';
import { strings } from '../strings.ts';
import { icon, iconButton } from './controls.ts';

/** What is attached to a draft or a message; each opens, and those of a draft can be taken out. */
export function attachmentChips(
  items: readonly AttachmentItem[] | undefined,
  open: (id: string) => void,
  remove?: (id: string) => void,
): TemplateResult | typeof nothing {
  if (items === undefined || items.length === 0) return nothing;
  return html`<ul class="attachments" aria-label=${strings.attachments}>
    ${items.map(
      (item) =>
        html`<li>
          <button
            type="button"
            class="attachment"
            title=${item.isAbsent ? strings.attachmentAbsent : item.name}
            @click=${() => open(item.id)}
          >
            ${icon(item.isAbsent ? 'warning' : 'attach')}
            <span class="attachment-name">${item.name}</span>
            <span class="muted">${sizeOf(item.size)}</span>
            ${item.isAbsent ? html`<span class="sr-only">${strings.attachmentAbsent}</span>` : nothing}
          </button>
          ${
            remove
              ? iconButton({
                  icon: 'close',
                  label: strings.removeAttachment(item.name),
                  run: () => remove(item.id),
                })
              : nothing
          }
        </li>`,
    )}
  </ul>`;
}
