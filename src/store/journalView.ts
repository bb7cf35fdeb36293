/** How words in the journal are shown among those of the store. Pure. */
import { interruptRunning, upsertById } from '../model/activity.ts';
import { NEW_CONVERSATION_TITLE, titleFrom } from '../model/conversation.ts';
import type { Message, MessageStatus } from '../model/message.ts';
import { nextHlc } from '../model/order.ts';
import { sizeOfMessage } from '../model/size.ts';
import type { JournalEntry } from './journal.ts';
import type { Extension, ListedConversation, ListQuery, MessagePage, NewMessage } from './store.ts';

/** A reply of this window that still arrives and that SQLite does not take. */
export interface HeldReply {
  readonly messageId: string;
  readonly conversationId: string;
  readonly extension: Extension;
  /** Set when SQLite holds nothing of it: it is shown as a message of its own. */
  readonly message?: NewMessage;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Waiting {
  readonly entries: readonly JournalEntry[];
  readonly held: readonly HeldReply[];
}

/** A message as it is shown while it waits; `last` is the largest clock reading before it. */
export function toWaitingMessage(message: NewMessage, at: number, last: number): Message {
  return {
    id: message.id,
    conversationId: message.conversationId,
    role: message.role,
    content: message.content.toWellFormed(),
    status: message.status ?? 'complete',
    activities: message.activities ?? [],
    commands: message.commands ?? [],
    metadata: message.metadata ?? {},
    createdAt: at,
    hlc: nextHlc(at, last),
    delivery: 'journaled',
  };
}

/** The message with what is waiting for it. */
export function extended(message: Message, extension: Extension, status: MessageStatus): Message {
  const { hash, ...open } = message;
  const activities = upsertById(message.activities, extension.activities ?? []);
  const commands = upsertById(message.commands, extension.commands ?? []);
  const isOver = status !== 'streaming';
  return {
    ...open,
    ...(hash !== undefined && extension.text === '' ? { hash } : {}),
    content: message.content + (extension.text ?? '').toWellFormed(),
    activities: isOver ? interruptRunning(activities) : activities,
    commands: isOver ? interruptRunning(commands) : commands,
    status,
    delivery: 'journaled',
  };
}

/** A stored message with what waits for it. */
export function withWaiting(message: Message, { entries, held }: Waiting): Message {
  let shown = message;
  for (const reply of held) {
    if (reply.messageId === message.id && reply.message === undefined)
      shown = extended(shown, reply.extension, shown.status);
  }
  for (const entry of entries) {
    if (entry.kind === 'reply' && entry.messageId === message.id && message.hash === undefined)
      shown = extended(shown, rest(entry, message), entry.status);
    if (entry.kind === 'note' && entry.messageId === message.id) shown = withNote(shown, entry.reason);
  }
  return shown;
}

function rest(entry: Extract<JournalEntry, { kind: 'reply' }>, stored: Message): Extension {
  const known = Math.max(0, stored.content.length - entry.offset);
  return { ...entry.extension, text: (entry.extension.text ?? '').slice(known) };
}

function withNote(message: Message, reason: string | undefined): Message {
  const { replyProblem, ...other } = message;
  return reason === undefined
    ? replyProblem === undefined
      ? message
      : other
    : { ...message, replyProblem: { reason } };
}

/** Messages of a conversation that only wait, in the order in which they were written. */
export function waitingMessages(conversationId: string, waiting: Waiting, last: number): Message[] {
  const all = [
    ...waiting.entries.flatMap((entry) => (entry.kind === 'message' ? [entry] : [])),
    ...waiting.held.flatMap(({ message, extension, at }) =>
      message === undefined ? [] : [{ message: { ...message, ...whole(message, extension) }, at }],
    ),
  ].filter(({ message }) => message.conversationId === conversationId);
  const messages: Message[] = [];
  for (const { message, at } of all) {
    const shown = toWaitingMessage(message, at, messages.at(-1)?.hlc ?? last);
    messages.push(withWaiting(shown, { entries: waiting.entries, held: [] }));
  }
  return messages;
}

/** What a message says after an addition. */
export function whole(
  message: NewMessage,
  extension: Extension,
): Required<Pick<NewMessage, 'content' | 'activities' | 'commands'>> {
  return {
    content: message.content + (extension.text ?? ''),
    activities: upsertById(message.activities ?? [], extension.activities ?? []),
    commands: upsertById(message.commands ?? [], extension.commands ?? []),
  };
}

/** The newest page with what waits below it; of a conversation that only waits, all of it. */
export function pageWithWaiting(
  page: MessagePage | undefined,
  conversationId: string,
  waiting: Waiting,
): MessagePage | undefined {
  const conversation = page?.conversation ?? waitingConversation(conversationId, waiting.entries);
  if (conversation === undefined) return undefined;
  const stored = (page?.messages ?? []).map((message) => withWaiting(message, waiting));
  const known = new Set(stored.map(({ id }) => id));
  const added = waitingMessages(conversationId, waiting, stored.at(-1)?.hlc ?? 0).filter(
    ({ id }) => !known.has(id),
  );
  return {
    versions: [],
    hasNewer: false,
    ...page,
    conversation: page === undefined ? conversation : withCounts(conversation, added),
    messages: [...stored, ...added],
  };
}

/** The list with the conversations that only wait, which are the newest. */
export function listWithWaiting(
  items: readonly ListedConversation[],
  query: ListQuery,
  waiting: Waiting,
): readonly ListedConversation[] {
  const shown = items.map((item) => withCounts(item, waitingMessages(item.id, waiting, 0)));
  // They have no star, no tag and were read by who wrote them.
  const asksForMarks = query.starredOnly === true || query.unreadOnly === true || query.tag !== undefined;
  if (query.status !== 'active' || asksForMarks || query.after !== undefined) return shown;
  const known = new Set(items.map(({ id }) => id));
  const only = waiting.entries
    .flatMap((entry) => (entry.kind === 'conversation' ? [entry.conversation.id] : []))
    .filter((id) => !known.has(id))
    .flatMap((id) => waitingConversation(id, waiting.entries) ?? [])
    .filter(({ messageCount }) => messageCount > 0);
  const pinned = shown.filter(({ isPinned }) => isPinned);
  return [...pinned, ...only.reverse(), ...shown.filter(({ isPinned }) => !isPinned)].slice(0, query.limit);
}

function withCounts(item: ListedConversation, added: readonly Message[]): ListedConversation {
  const newest = added.at(-1);
  if (newest === undefined) return item;
  return {
    ...item,
    messageCount: item.messageCount + added.length,
    bytes: item.bytes + sizeOf(added),
    pendingCount: item.pendingCount + added.length,
    updatedAt: Math.max(item.updatedAt, newest.createdAt),
    preview: previewOf(newest.content),
  };
}

/** A conversation that SQLite has not taken yet. */
export function waitingConversation(
  id: string,
  entries: readonly JournalEntry[],
): ListedConversation | undefined {
  const made = entries.find((entry) => entry.kind === 'conversation' && entry.conversation.id === id);
  if (made?.kind !== 'conversation') return undefined;
  const messages = waitingMessages(id, { entries, held: [] }, 0);
  const prompt = messages.find(({ role }) => role === 'user');
  const title =
    made.conversation.title ?? (prompt === undefined ? NEW_CONVERSATION_TITLE : titleFrom(prompt.content));
  return {
    id,
    title,
    status: 'active',
    isPinned: false,
    isStarred: false,
    isUnread: false,
    tags: [],
    createdAt: made.at,
    updatedAt: Math.max(made.at, messages.at(-1)?.createdAt ?? 0),
    ...(made.conversation.workspace === undefined ? {} : { workspace: made.conversation.workspace }),
    messageCount: messages.length,
    bytes: sizeOf(messages),
    preview: previewOf(messages.at(-1)?.content ?? ''),
    pendingCount: messages.length,
    hasDraft: entries.some(
      (entry) => entry.kind === 'draft' && entry.conversationId === id && entry.draft.text !== '',
    ),
  };
}

function sizeOf(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + sizeOfMessage(message), 0);
}

function previewOf(content: string): string {
  return content.slice(0, 200).replace(/\s+/g, ' ').trim();
}
