/**
 * A conversation store in plain maps: what store.ts promises, said in the shortest way. It passes the same contract as
 * the SQLite store, serves tests that need no file, and is the model that random tests compare the real one with.
 */
import { interruptRunning, upsertById } from '../../src/model/activity.ts';
import { NEW_CONVERSATION_TITLE, titleFrom, type Conversation } from '../../src/model/conversation.ts';
import type { FieldChange } from '../../src/model/change.ts';
import { contentHash } from '../../src/model/hash.ts';
import type { Clock } from '../../src/model/ids.ts';
import { excerptsOf, pieceOf } from '../../src/store/excerpts.ts';
import {
  hasContent,
  isSettled,
  type Cut,
  type Message,
  type MessageStatus,
} from '../../src/model/message.ts';
import { comparePositions, nextHlc, UNNUMBERED, writingTime, type Position } from '../../src/model/order.ts';
import { sizeOfMessage } from '../../src/model/size.ts';
import {
  StoreError,
  type ConversationPage,
  type ConversationStore,
  type Draft,
  type Extension,
  type ListedConversation,
  type ListPlace,
  type ListQuery,
  type MessagePage,
  type NewConversation,
  type NewMessage,
  type ReadWindow,
  type TextPiece,
} from '../../src/store/store.ts';

const MAX_PAGE = 1_000;
const MAX_TITLE = 255;

interface KeptConversation extends Omit<Conversation, 'messageCount' | 'preview'> {
  /** The user named it: no prompt does. */
  readonly isRenamed: boolean;
  readonly isUnread: boolean;
  readonly lastHlc: number;
}

/** Text that arrived since it was appended is kept apart, as a preview shows what it began with until it is over. */
interface KeptMessage extends Omit<Message, 'delivery' | 'hash'> {
  readonly arrived: string;
  /** The window that still writes it. */
  readonly owner?: string;
}

/** What the windows of one test share: the "file". */
export class MemoryFile {
  readonly conversations = new Map<string, KeptConversation>();
  readonly messages = new Map<string, KeptMessage>();
  readonly drafts = new Map<string, Draft>();
  readonly listeners = new Set<() => void>();
}

/** One window's operations, without promises. */
export class MemoryOperations {
  private readonly file: MemoryFile;
  private readonly now: Clock;
  private readonly session: string;

  constructor(file: MemoryFile, now: Clock, session = 'window') {
    this.file = file;
    this.now = now;
    this.session = session;
  }

  list(query: ListQuery): ConversationPage {
    const limit = clamp(query.limit);
    const found = [...this.file.conversations.values()]
      .map((kept) => this.listed(kept))
      .filter(({ status, isStarred }) => status === query.status && (isStarred || query.starredOnly !== true))
      .filter(({ id, messageCount }) => messageCount > 0 || (this.file.drafts.get(id)?.text ?? '') !== '')
      .sort(compareListed)
      .filter((listed) => query.after === undefined || compareListed(listed, placed(query.after)) > 0);
    return { items: found.slice(0, limit), hasMore: found.length > limit };
  }

  conversationIds(): string[] {
    return [...this.file.conversations.values()]
      .filter(({ id, status }) => status !== 'deleted' && this.messagesOf(id).length > 0)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id === b.id ? 0 : a.id < b.id ? -1 : 1))
      .map(({ id }) => id);
  }

  read(conversationId: string, window: ReadWindow): MessagePage | undefined {
    const kept = this.file.conversations.get(conversationId);
    if (kept === undefined) return undefined;
    const { before, around } = window;
    const all = this.messagesOf(conversationId);
    const middle = all.findIndex(({ id }) => id === around);
    const half = Math.floor(clamp(window.limit) / 2);
    const isAbove = (message: KeptMessage): boolean =>
      before === undefined || comparePositions(positionOf(message), before) < 0;
    const end = middle === -1 ? all.filter(isAbove).length : middle - half + clamp(window.limit);
    const start = middle === -1 ? end - clamp(window.limit) : middle - half;
    const page = all.slice(Math.max(0, start), end);
    const first = page[0];
    return {
      conversation: this.listed(kept),
      messages: window.excerpts ? excerptsOf(page.map(toMessage)) : page.map(toMessage),
      versions: [],
      ...(first !== undefined && start > 0 && { older: positionOf(first) }),
      hasNewer: middle === -1 ? before !== undefined : end < all.length,
    };
  }

  readMessage(messageId: string): Message | undefined {
    const kept = this.file.messages.get(messageId);
    return kept === undefined ? undefined : toMessage(kept);
  }

  readText(messageId: string, of: Pick<Cut, 'part' | 'id'>, from: number): TextPiece | undefined {
    const message = this.readMessage(messageId);
    return message && pieceOf(message, of, from);
  }

  create({ id, title, workspace }: NewConversation): Conversation {
    if (!this.file.conversations.has(id)) {
      this.file.conversations.set(id, {
        id,
        title: cleanTitle(title ?? NEW_CONVERSATION_TITLE),
        status: 'active',
        isPinned: false,
        isStarred: false,
        isRenamed: title !== undefined,
        isUnread: false,
        tags: [],
        createdAt: this.now(),
        updatedAt: this.now(),
        lastHlc: 0,
        ...(workspace !== undefined && { workspace: copy(workspace) }),
      });
    }
    return this.listed(this.conversation(id));
  }

  change(conversationId: string, change: FieldChange): Conversation {
    const before = this.conversation(conversationId);
    const named = change.title === undefined ? undefined : cleanTitle(change.title).trim();
    const title = named === '' ? this.automaticTitle(conversationId) : (named ?? before.title);
    const isRenamed = named === undefined ? before.isRenamed : named !== '';
    this.file.conversations.set(conversationId, { ...before, ...change, title, isRenamed });
    return this.listed(this.conversation(conversationId));
  }

  append(input: NewMessage): Message {
    const place = this.conversation(input.conversationId);
    const known = this.readMessage(input.id);
    const content = input.content.toWellFormed();
    if (known !== undefined) {
      const { conversationId, role } = input;
      if (known.conversationId === conversationId && known.role === role && known.content === content)
        return known;
      throw new StoreError('id-conflict', 'A message with this id exists and says something else.');
    }
    const now = this.now();
    const createdAt = writingTime(input, now);
    const said = {
      id: input.id,
      conversationId: input.conversationId,
      role: input.role,
      content,
      status: input.status ?? 'complete',
      activities: upsertById([], copy(input.activities ?? [])),
      commands: upsertById([], copy(input.commands ?? [])),
      metadata: copy(input.metadata ?? {}),
      createdAt,
      hlc: nextHlc(now, place.lastHlc),
      arrived: '',
    };
    this.file.messages.set(said.id, { ...said, ...(!isSettled(said) && { owner: this.session }) });
    const isUnnamed = place.title === NEW_CONVERSATION_TITLE && !place.isRenamed;
    const isTitled = !isUnnamed || said.role !== 'user';
    this.file.conversations.set(place.id, {
      ...place,
      title: isTitled ? place.title : cleanTitle(titleFrom(content)),
      isUnread: place.isUnread || (said.role !== 'user' && isSettled(said)),
      lastHlc: said.hlc,
      updatedAt: Math.max(place.updatedAt, createdAt),
    });
    if (this.file.drafts.get(place.id)?.messageId === said.id) this.file.drafts.delete(place.id);
    return toMessage(this.message(said.id));
  }

  extend(messageId: string, extension: Extension): void {
    const open = this.message(messageId);
    if (open.owner === undefined) throw new StoreError('already-settled', 'This message is complete.');
    const longer = {
      ...open,
      arrived: open.arrived + (extension.text ?? '').toWellFormed(),
      activities: upsertById(open.activities, copy(extension.activities ?? [])),
      commands: upsertById(open.commands, copy(extension.commands ?? [])),
    };
    if (isSettled(longer)) this.finish({ ...longer, endedAt: this.now() });
    else this.file.messages.set(messageId, longer);
  }

  settle(messageId: string, status: Exclude<MessageStatus, 'streaming'>): Message | undefined {
    const open = this.message(messageId);
    if (open.owner === undefined) return toMessage(open);
    if (!hasContent(toMessage(open))) {
      this.file.messages.delete(messageId);
      return undefined;
    }
    const { activities, commands } = open;
    this.finish({
      ...open,
      endedAt: this.now(),
      status,
      activities: interruptRunning(activities),
      commands: interruptRunning(commands),
    });
    return toMessage(this.message(messageId));
  }

  noteReplyProblem(messageId: string, reason: string | undefined): void {
    const kept = this.file.messages.get(messageId);
    if (kept === undefined) return;
    const { replyProblem: _, ...rest } = kept;
    this.file.messages.set(messageId, { ...rest, ...(reason !== undefined && { replyProblem: { reason } }) });
  }

  readDraft(conversationId: string): Draft | undefined {
    return this.file.drafts.get(conversationId);
  }

  saveDraft(conversationId: string, { messageId, text }: Draft): void {
    this.conversation(conversationId);
    if (this.file.messages.has(messageId)) return;
    this.file.drafts.set(conversationId, { messageId, text: text.toWellFormed() });
  }

  /** Ends what the dead window `session` left open, as the next window does. */
  interrupt(session: string): void {
    for (const { id, owner, status, conversationId } of [...this.file.messages.values()]) {
      if (owner !== session) continue;
      if (this.settle(id, status === 'streaming' ? 'interrupted' : status) !== undefined) continue;
      const last = this.messagesOf(conversationId).at(-1);
      if (last?.role === 'user') this.noteReplyProblem(last.id, 'The window closed before a reply arrived.');
    }
  }

  private finish({ owner: _, arrived, ...message }: KeptMessage): void {
    this.file.messages.set(message.id, { ...message, content: message.content + arrived, arrived: '' });
    const place = this.conversation(message.conversationId);
    this.file.conversations.set(place.id, { ...place, isUnread: true });
  }

  private messagesOf(conversationId: string): KeptMessage[] {
    return [...this.file.messages.values()]
      .filter((message) => message.conversationId === conversationId)
      .sort((a, b) => comparePositions(positionOf(a), positionOf(b)));
  }

  private automaticTitle(conversationId: string): string {
    const first = this.messagesOf(conversationId).find(({ role }) => role === 'user');
    return first === undefined ? NEW_CONVERSATION_TITLE : cleanTitle(titleFrom(first.content));
  }

  private listed({ lastHlc: _, isRenamed: _renamed, ...conversation }: KeptConversation): ListedConversation {
    const messages = this.messagesOf(conversation.id);
    return {
      ...conversation,
      messageCount: messages.length,
      bytes: messages
        .filter(({ owner }) => owner === undefined)
        .reduce((sum, message) => sum + sizeOfMessage(message), 0),
      preview: Array.from(messages.at(-1)?.content ?? '')
        .slice(0, 200)
        .join('')
        .replace(/\s+/g, ' ')
        .trim(),
      // Nothing is ever sent from here.
      pendingCount: Math.min(messages.length, 1_000),
      hasDraft: (this.file.drafts.get(conversation.id)?.text ?? '') !== '',
    };
  }

  private conversation(id: string): KeptConversation {
    const kept = this.file.conversations.get(id);
    if (kept === undefined) throw new StoreError('no-such-conversation', 'There is no such conversation.');
    return kept;
  }

  private message(id: string): KeptMessage {
    const kept = this.file.messages.get(id);
    if (kept === undefined) throw new StoreError('no-such-message', 'There is no such message.');
    return kept;
  }
}

const READS = ['list', 'conversationIds', 'read', 'readMessage', 'readText', 'readDraft'] as const;
const WRITES = ['create', 'change', 'append', 'extend', 'settle', 'noteReplyProblem', 'saveDraft'] as const;
type Name = (typeof READS | typeof WRITES)[number];

/** A window on `file` that answers as the real store does: later, and with a word to all windows after a write. */
export function openMemoryStore(
  file = new MemoryFile(),
  now: Clock = Date.now,
): Pick<ConversationStore, Name | 'onDidChange'> {
  const operations = new MemoryOperations(file, now);
  const byName = operations as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
  const call = (name: Name) => [
    name,
    async (...args: readonly unknown[]): Promise<unknown> => {
      const value = byName[name]?.(...copy(args));
      if (!READS.some((read) => read === name))
        queueMicrotask(() => file.listeners.forEach((listener) => listener()));
      return Promise.resolve(copy(value));
    },
  ];
  return {
    ...(Object.fromEntries([...READS, ...WRITES].map(call)) as Pick<ConversationStore, Name>),
    onDidChange: (listener) => {
      file.listeners.add(listener);
      return { dispose: () => file.listeners.delete(listener) };
    },
  };
}

function toMessage({ owner, arrived, ...kept }: KeptMessage): Message {
  const message: Message = { ...kept, content: kept.content + arrived, delivery: 'queued' };
  return owner === undefined ? { ...message, hash: contentHash(message) } : message;
}

function positionOf({ hlc, id }: KeptMessage): Position {
  return { serverOrder: UNNUMBERED, hlc, id };
}

type Placed = Pick<ListedConversation, 'isPinned' | 'updatedAt' | 'id'>;

function placed({ at, ...place }: ListPlace): Placed {
  return { ...place, updatedAt: at };
}

function compareListed(a: Placed, b: Placed): number {
  return (
    Number(b.isPinned) - Number(a.isPinned) ||
    b.updatedAt - a.updatedAt ||
    (a.id === b.id ? 0 : a.id < b.id ? -1 : 1)
  );
}

function clamp(limit: number): number {
  return Math.min(Math.max(1, limit), MAX_PAGE);
}

function cleanTitle(title: string): string {
  const points = Array.from(title.toWellFormed().replaceAll('\0', ''));
  return points.length <= MAX_TITLE ? points.join('') : `${points.slice(0, MAX_TITLE - 1).join('')}…`;
}

const copy = <T>(value: T): T => structuredClone(value);
