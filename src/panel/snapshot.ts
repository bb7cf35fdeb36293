import type { Message } from '../model/message.ts';
import type { ConversationItem, ListView, MessageItem, SyncSnapshot } from '../protocol/panel.ts';
import type { ListedConversation, ListQuery } from '../store/store.ts';

/** The list as the panel's views ask for it. */
export function queryFor(view: ListView, limit: number): ListQuery {
  switch (view) {
    case 'active':
      return { status: 'active', limit };
    case 'starred':
      return { status: 'active', starredOnly: true, limit };
    case 'archived':
      return { status: 'archived', limit };
    case 'trash':
      return { status: 'deleted', limit };
  }
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * `trashDays`: how long the trash keeps; 0 for ever. `workspaceIds` are the window's: a conversation of another
 * workspace says which.
 */
export function toItem(
  conversation: ListedConversation,
  sync: SyncSnapshot,
  trashDays: number,
  workspaceIds: readonly string[] = [],
): ConversationItem {
  const {
    id,
    title,
    preview,
    status,
    isPinned,
    isStarred,
    updatedAt,
    messageCount,
    pendingCount,
    deletedAt,
  } = conversation;
  const { tags, isUnread, workspaceId = '', workspaceName } = conversation;
  // What is on no server is never removed because of its age.
  const isWaiting = sync.state !== 'off' && pendingCount > 0;
  return {
    id,
    title,
    preview,
    status,
    isPinned,
    isStarred,
    updatedAt,
    messageCount,
    pendingCount: sync.state === 'off' ? 0 : pendingCount,
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(deletedAt === undefined || trashDays === 0 || isWaiting
      ? {}
      : { purgeAt: deletedAt + trashDays * DAY_MS }),
    tags,
    isUnread,
    ...(workspaceName === undefined || workspaceIds.includes(workspaceId) ? {} : { workspaceName }),
  };
}

/** With sync off nothing waits for a server: the message is simply here. */
export function toMessageItem(message: Message, sync: SyncSnapshot): MessageItem {
  const {
    id,
    role,
    content,
    status,
    activities,
    commands,
    createdAt,
    delivery,
    deliveryReason,
    replyProblem,
  } = message;
  return {
    id,
    role,
    content,
    status,
    activities,
    commands,
    createdAt,
    delivery: sync.state === 'off' && delivery === 'queued' ? 'local' : delivery,
    ...(deliveryReason === undefined ? {} : { deliveryReason }),
    ...(replyProblem === undefined ? {} : { replyProblem: replyProblem.reason }),
  };
}
