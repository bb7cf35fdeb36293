import type { ConversationItem } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import type { IconButton } from './controls.ts';
import type { Post } from './light.ts';

/** Star and pin: on or off. Nothing of the trash can be changed. */
export function toggleActions(item: ConversationItem, post: Post): IconButton[] {
  const { id: conversationId, isStarred, isPinned } = item;
  if (item.status === 'deleted') return [];
  return [
    {
      icon: isStarred ? 'star-full' : 'star-empty',
      label: strings.star,
      tooltip: isStarred ? strings.unstar : strings.star,
      isPressed: isStarred,
      run: () => post({ type: 'setStarred', conversationId, value: !isStarred }),
    },
    {
      icon: isPinned ? 'pinned' : 'pin',
      label: strings.pin,
      tooltip: isPinned ? strings.unpin : strings.pin,
      isPressed: isPinned,
      run: () => post({ type: 'setPinned', conversationId, value: !isPinned }),
    },
  ];
}

/** Archive and delete, or out of the trash: the conversation goes elsewhere. */
export function conversationActions(item: ConversationItem, post: Post): IconButton[] {
  const { id: conversationId } = item;
  if (item.status === 'deleted') {
    return [
      { icon: 'discard', label: strings.restore, run: () => post({ type: 'restore', conversationId }) },
      { icon: 'trash', label: strings.purge, run: () => post({ type: 'purge', conversationId }) },
    ];
  }
  const isArchived = item.status === 'archived';
  return [
    {
      icon: isArchived ? 'unarchive' : 'archive',
      label: isArchived ? strings.unarchive : strings.archive,
      run: () => post({ type: 'setArchived', conversationId, value: !isArchived }),
    },
    { icon: 'trash', label: strings.delete, run: () => post({ type: 'delete', conversationId }) },
  ];
}
