import { html, nothing, type TemplateResult } from 'lit';
import type { ConversationItem, ListSnapshot } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { fullTime, timeAgo } from '../times.ts';
import type { Post } from './light.ts';

const DAY = 24 * 60 * 60_000;

/** Above the trash: how long it keeps, and the way to be done with it. */
export function trashBar(list: ListSnapshot, post: Post): TemplateResult | typeof nothing {
  if (list.view !== 'trash') return nothing;
  const days = list.trashDays ?? 0;
  return html`<div class="trash-bar">
    <p>${days === 0 ? strings.trashKept : strings.trashKeptFor(days)}</p>
    ${
      list.items.length === 0
        ? nothing
        : html`<button type="button" class="button secondary" @click=${() => post({ type: 'emptyTrash' })}>
            ${strings.emptyTheTrash}
          </button>`
    }
  </div>`;
}

/** In the place of the composer. */
export function restoreBar(conversationId: string, post: Post): TemplateResult {
  return html`<div class="restore-bar" role="group" aria-label=${strings.trash}>
    <p>${strings.inTheTrash}</p>
    <button type="button" class="button" @click=${() => post({ type: 'restore', conversationId })}>
      ${strings.restore}
    </button>
  </div>`;
}

/** When it was last touched; of the trash, when it was deleted. */
export function rowTime(item: ConversationItem, now: number): TemplateResult {
  const at = item.deletedAt ?? item.updatedAt;
  const full = item.deletedAt === undefined ? fullTime(at) : strings.deletedAgo(fullTime(at));
  return html`<time class="row-time" title=${full}>${timeAgo(at, now)}</time>`;
}

/** When a row of the trash will be gone; undefined when nothing but the user removes it. */
export function trashTime(item: ConversationItem, now: number): string | undefined {
  return item.purgeAt === undefined ? undefined : strings.removedIn(Math.ceil((item.purgeAt - now) / DAY));
}
