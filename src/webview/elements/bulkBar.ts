import { html, type TemplateResult } from 'lit';
import type { ConversationItem, SelectionChange } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { iconButton, textButton, type IconName } from './controls.ts';
import type { Post } from './light.ts';

export interface Bulk {
  readonly items: readonly ConversationItem[];
  readonly post: Post;
  readonly selectAll: () => void;
  readonly end: () => void;
}

/** What can be done with the selected conversations at once, each with Undo. */
export function bulkBar({ items, post, selectAll, end }: Bulk): TemplateResult {
  const conversationIds = items.map(({ id }) => id);
  const every = (holds: (item: ConversationItem) => boolean): boolean => items.every(holds);
  const button = (icon: IconName, label: string, change: SelectionChange): TemplateResult =>
    iconButton({ icon, label, run: () => post({ type: 'changeMany', conversationIds, change }) });
  const isStarred = every((item) => item.isStarred);
  const isPinned = every((item) => item.isPinned);
  const isArchived = every((item) => item.status === 'archived');
  const isRead = every((item) => !item.isUnread);
  return html`<div class="bulk-bar" role="toolbar" aria-label=${strings.selected(items.length)}>
    ${iconButton({ icon: 'close', label: strings.endSelection, run: end })}
    <span class="bulk-count">${strings.selected(items.length)}</span>
    ${textButton(strings.selectAll, selectAll)}
    <span class="bulk-actions">
      ${button(isStarred ? 'star-full' : 'star-empty', isStarred ? strings.unstar : strings.star, { isStarred: !isStarred })}
      ${button(isPinned ? 'pinned' : 'pin', isPinned ? strings.unpin : strings.pin, { isPinned: !isPinned })}
      ${button(isRead ? 'mail' : 'mail-read', isRead ? strings.markUnread : strings.markRead, { isUnread: isRead })}
      ${iconButton({
        icon: 'tag',
        label: strings.editTags,
        run: () => post({ type: 'editTags', conversationIds }),
      })}
      ${button(isArchived ? 'unarchive' : 'archive', isArchived ? strings.unarchive : strings.archive, {
        status: isArchived ? 'active' : 'archived',
      })}
      ${button('trash', strings.delete, { status: 'deleted' })}
    </span>
  </div>`;
}
