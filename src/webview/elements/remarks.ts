import { html, nothing, type TemplateResult } from 'lit';
import type { ConversationItem } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { icon, iconButton, textButton } from './controls.ts';
import type { Post } from './light.ts';

/** What is to be known about the conversation as a whole: one quiet line each, under its title. */
export function remarks(
  { id: conversationId, unsent, hasReturned }: ConversationItem,
  post: Post,
): TemplateResult | typeof nothing {
  if (unsent === undefined && hasReturned === undefined) return nothing;
  return html`<div class="remarks">
    ${
      unsent === undefined
        ? nothing
        : html`<div class="remark unsent">
            ${icon('warning')}
            <p>
              ${strings.unsent(unsent.fields, unsent.reason)}
              ${textButton(strings.retry, () => post({ type: 'retryUnsent', conversationId }))}
            </p>
          </div>`
    }
    ${
      hasReturned === undefined
        ? nothing
        : html`<div class="remark returned">
            ${icon('info')}
            <p>${strings.hasReturned}</p>
            ${iconButton({
              icon: 'close',
              label: strings.dismiss,
              run: () => post({ type: 'dismissReturn', conversationId }),
            })}
          </div>`
    }
  </div>`;
}
