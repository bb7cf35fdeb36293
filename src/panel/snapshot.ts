import { toAttachmentItems } from './attaching.ts';
import { continued } from '../model/continued.ts';
import type { Cut, Delivery, Message } from '../model/message.ts';
import type { Version } from '../model/versions.ts';
import type {
  ConversationItem,
  CutItem,
  EditItem,
  ListView,
  MessageItem,
  SyncSnapshot,
  OpenConversation,
} from '../protocol/panel.ts';
import type { Edit } from '../store/replies.ts';
import type { Draft, ListedConversation, ListQuery } from '../store/store.ts';

/** The list as the panel's views ask for it. */
export function queryFor(view: ListView, range: Pick<ListQuery, 'limit' | 'after'>): ListQuery {
  switch (view) {
    case 'active':
      return { status: 'active', ...range };
    case 'starred':
      return { status: 'active', starredOnly: true, ...range };
    case 'archived':
      return { status: 'archived', ...range };
    case 'trash':
      return { status: 'deleted', ...range };
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
  const { tags, isUnread, workspaceId = '', workspaceName, bytes, unsent, hasReturned } = conversation;
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
    bytes,
    pendingCount: sync.state === 'off' ? 0 : pendingCount,
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(deletedAt === undefined || trashDays === 0 || isWaiting
      ? {}
      : { purgeAt: deletedAt + trashDays * DAY_MS }),
    tags,
    isUnread,
    ...(workspaceName === undefined || workspaceIds.includes(workspaceId) ? {} : { workspaceName }),
    ...(unsent && sync.state !== 'off' && { unsent }),
    ...(hasReturned && { hasReturned }),
  };
}

/** From what needs the user most to what needs nobody: a reply of several parts stands as the first of them. */
const BY_URGENCY: readonly Delivery[] = [
  'parked',
  'journaled',
  'unknown',
  'sending',
  'queued',
  'local',
  'sent',
  'confirmed',
];

/** Messages as they are shown: a reply and what continues it flow on as one. */
export function toMessageItems(
  messages: readonly Message[],
  versions: readonly Version[],
  sync: SyncSnapshot,
): MessageItem[] {
  const byId = new Map(versions.map(({ messageId, ...version }) => [messageId, version]));
  const items = continued(messages).flatMap((parts) => {
    const each = parts.map((part) => toMessageItem(part, sync));
    // What is damaged is no text to go on from.
    return each.every(({ isDamaged }) => isDamaged !== true) ? [joined(each)] : each;
  });
  return items.map((item) => {
    const version = byId.get(item.id);
    return { ...item, ...(version && { version }) };
  });
}

function joined(parts: readonly MessageItem[]): MessageItem {
  const [first, ...further] = parts;
  const last = parts.at(-1);
  if (first === undefined || last === undefined) throw new Error('A message has at least one part.');
  if (further.length === 0) return first;
  const delivery = BY_URGENCY.find((candidate) => parts.some((part) => part.delivery === candidate));
  const reason = parts.find((part) => part.delivery === delivery)?.deliveryReason;
  const { deliveryReason: _, cuts: _cuts, ...end } = last;
  return {
    ...end,
    id: first.id,
    furtherIds: further.map(({ id }) => id),
    createdAt: first.createdAt,
    content: parts.map(({ content }) => content).join(''),
    activities: parts.flatMap(({ activities }) => activities),
    commands: parts.flatMap(({ commands }) => commands),
    ...joinedCuts(parts),
    delivery: delivery ?? last.delivery,
    ...(reason === undefined ? {} : { deliveryReason: reason }),
  };
}

/** With sync off nothing waits for a server: the message is simply here. */
function toMessageItem(message: Message, sync: SyncSnapshot): MessageItem {
  const { id, role, content, status, activities, commands, createdAt, endedAt } = message;
  const { delivery, deliveryReason, isParkedForGood, replyProblem, isDamaged } = message;
  return {
    id,
    role,
    content,
    status,
    activities,
    commands,
    createdAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    delivery: sync.state === 'off' && delivery === 'queued' ? 'local' : delivery,
    ...(deliveryReason === undefined ? {} : { deliveryReason }),
    ...(isParkedForGood === true && { isParkedForGood }),
    ...(replyProblem === undefined ? {} : { replyProblem: replyProblem.reason }),
    ...(isDamaged === true && { isDamaged }),
    ...(message.attachments && {
      attachments: toAttachmentItems(message.attachments, message.absentContents),
    }),
    ...(message.cuts && { cuts: message.cuts.map((cut) => toCutItem(message, cut)) }),
  };
}

export function toDraftItem({ messageId, text, attachments }: Draft): OpenConversation['draft'] {
  return { messageId, text, ...(attachments && { attachments: toAttachmentItems(attachments) }) };
}

export function toEditItem({ messageId, replaces, text, attachments }: Edit): EditItem {
  return { messageId, replaces, text, ...(attachments && { attachments: toAttachmentItems(attachments) }) };
}

/** The parts' texts stand one behind the other, and so do the places in them. */
function joinedCuts(parts: readonly MessageItem[]): Pick<MessageItem, 'cuts'> {
  let before = 0;
  const cuts = parts.flatMap(({ content, cuts: own = [] }) => {
    const start = before;
    before += content.length;
    return own.map((cut) => (cut.part === 'content' ? { ...cut, at: start + cut.at } : cut));
  });
  return cuts.length === 0 ? {} : { cuts };
}

function toCutItem(message: Message, { part, id, tail, bytes }: Cut): CutItem {
  const shown = {
    content: message.content,
    detail: message.activities.find((activity) => activity.id === id)?.detail ?? '',
    output: message.commands.find((command) => command.id === id)?.output ?? '',
  }[part];
  const { length } = shown;
  return {
    messageId: message.id,
    part,
    ...(id !== undefined && { partId: id }),
    at: length,
    from: length,
    tail,
    bytes,
  };
}
