import { html, nothing, type TemplateResult } from 'lit';
import type { ConversationItem } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { icon } from './controls.ts';

/** Tags that a row has room for. */
const SHOWN_TAGS = 2;

/** What was refused, pinned, starred, and what waits to be sent. */
export function marks(item: ConversationItem): TemplateResult {
  return html`${item.unsent ? mark('warning', strings.unsent(item.unsent.fields, item.unsent.reason)) : nothing}
  ${item.isPinned ? mark('pinned', strings.isPinned) : nothing}
  ${item.isStarred ? mark('star-full', strings.isStarred) : nothing}
  ${
    item.pendingCount > 0
      ? html`<span class="badge" title=${strings.pending(item.pendingCount)}
          >${icon('cloud-upload')}<span aria-hidden="true">${strings.pendingBadge(item.pendingCount)}</span
          ><span class="sr-only">${strings.pending(item.pendingCount)}</span></span
        >`
      : nothing
  }`;
}

function mark(name: 'pinned' | 'star-full' | 'warning', label: string): TemplateResult {
  return html`<span class="mark ${name}" title=${label}
    >${icon(name)}<span class="sr-only">${label}</span></span
  >`;
}

/** The workspace when it is another one, and the tags. */
export function labels({ tags, workspaceName }: ConversationItem): TemplateResult | typeof nothing {
  if (tags.length === 0 && workspaceName === undefined) return nothing;
  const further = tags.slice(SHOWN_TAGS);
  return html`<span class="row-labels">
    ${
      workspaceName === undefined
        ? nothing
        : html`<span class="label" title=${strings.workspace(workspaceName)}
            >${icon('folder')}<span class="sr-only">${strings.workspaceWord}</span>${workspaceName}</span
          >`
    }
    ${tags.slice(0, SHOWN_TAGS).map((tag) => html`<span class="label tag">${tag}</span>`)}
    ${
      further.length === 0
        ? nothing
        : html`<span class="label further" title=${further.join(', ')}
            ><span aria-hidden="true">+${further.length}</span
            ><span class="sr-only">${further.join(', ')}</span></span
          >`
    }
  </span>`;
}

export function unreadMark({ isUnread }: ConversationItem): TemplateResult | typeof nothing {
  if (!isUnread) return nothing;
  return html`<span class="unread-dot" title=${strings.isUnread}
    ><span class="sr-only">${strings.isUnread}</span></span
  >`;
}
