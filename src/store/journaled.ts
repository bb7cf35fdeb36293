import type { Clock } from '../model/ids.ts';
import { interruptRunning } from '../model/activity.ts';
import { hasContent, type Message } from '../model/message.ts';
import {
  mergeExtensions,
  missing,
  withEntry,
  type Ending,
  type Journal,
  type JournalEntry,
} from './journal.ts';
import {
  extended,
  listWithWaiting,
  pageWithWaiting,
  toWaitingMessage,
  waitingConversation,
  waitingMessages,
  whole,
  withWaiting,
  type HeldReply,
  type Waiting,
} from './journalView.ts';
import { excerptsOf, pieceOf } from './excerpts.ts';
import { withAttachments } from './journalAttachments.ts';
import { linkMetadata } from '../model/links.ts';
import type { ReplyRequest, ReplyStart } from './replies.ts';
import { moveEntry, problemOf, type WordStore } from './journalMoves.ts';
import type { Extension, NewMessage } from './store.ts';

export interface JournaledOptions {
  readonly journal: Journal;
  readonly now: Clock;
  /** For what cannot be moved out of the journal, and stays in it. */
  readonly onDefect: (error: unknown) => void;
}

/** A reply of this window that SQLite holds and that is open. */
interface OpenReply {
  readonly conversationId: string;
  /** UTF-16 units of it that SQLite holds. */
  length: number;
  /** What SQLite did not take; the next piece or the end takes it along. */
  waiting: Extension | undefined;
}

/**
 * Puts a journal under a store: words that it cannot take now are kept in the journal, shown as `journaled`, and moved
 * into the store later, once and in order. `create`, `append`, `settle`, `saveDraft` and `noteReplyProblem` resolve when
 * their words are durable in the store or kept in the journal; `extend` of a reply also when they wait in memory for its
 * next piece or its end. They reject with the store's error when the journal has no room either.
 */
export class JournaledStore {
  private readonly store: WordStore;
  private readonly options: JournaledOptions;
  private readonly listeners = new Set<() => void>();
  private readonly open = new Map<string, OpenReply>();
  private readonly held = new Map<string, HeldReply & { readonly message: NewMessage }>();
  /** The end of a reply that the journal had no room for: lost with this window, but shown and tried until then. */
  private readonly unkept = new Set<JournalEntry>();
  private entries: readonly JournalEntry[];
  private moving: Promise<boolean> | undefined;
  /** Why the store did not take what waits. */
  private refusal: unknown;

  constructor(store: WordStore, options: JournaledOptions) {
    this.store = store;
    this.options = options;
    this.entries = options.journal.read();
  }

  /** Messages that wait in the journal. */
  get size(): number {
    return this.entries.filter(({ kind }) => kind === 'message' || kind === 'reply').length;
  }

  /** The store with the journal under it; what the journal does not know goes to the store as it is. */
  over<S extends WordStore>(store: S): S {
    const journaled: WordStore = {
      list: async (query) => {
        const page = await store.list(query);
        return this.isIdle ? page : { ...page, items: listWithWaiting(page.items, query, this.waiting) };
      },
      conversationIds: async () => {
        const ids = await store.conversationIds();
        const known = new Set(ids);
        return [...ids, ...this.conversationIds().filter((id) => !known.has(id))];
      },
      read: async (id, window) => {
        if (this.isIdle || window.before !== undefined) return store.read(id, window);
        // What waits is added to what is whole.
        const page = await store.read(id, { ...window, excerpts: false });
        const shown = pageWithWaiting(page, id, this.waiting);
        if (shown === undefined) return undefined;
        const messages = await Promise.all(shown.messages.map((message) => this.attached(message)));
        return { ...shown, messages: window.excerpts ? excerptsOf(messages) : messages };
      },
      readText: async (messageId, of, from) => {
        if (this.isIdle) return store.readText(messageId, of, from);
        const message = await journaled.readMessage(messageId);
        return message && pieceOf(message, of, from);
      },
      readMessage: async (id) => {
        const stored = await store.readMessage(id);
        if (stored !== undefined) return withWaiting(stored, this.waiting);
        const waiting = this.findWaiting(id);
        return waiting && this.attached(waiting);
      },
      create: (conversation) =>
        this.write(
          () => store.create(conversation),
          { kind: 'conversation', conversation, at: this.options.now() },
          (entries) => waitingConversation(conversation.id, entries),
        ),
      append: (message) => this.append(message),
      ...(store.beginReply && { beginReply: (request) => this.beginReply(request) }),
      extend: (id, extension) => this.extend(id, extension),
      settle: (id, status) => this.settle(id, status),
      noteReplyProblem: (messageId, reason) =>
        this.write(
          () => store.noteReplyProblem(messageId, reason),
          { kind: 'note', messageId, ...(reason === undefined ? {} : { reason }) },
          () => null,
        ).then(() => undefined),
      readDraft: async (conversationId) => {
        const entry = this.entries.find(
          (other) => other.kind === 'draft' && other.conversationId === conversationId,
        );
        if (entry?.kind === 'draft') return entry.draft;
        const draft = await store.readDraft(conversationId);
        // Sent, and still a draft only because its message could not be stored.
        return draft === undefined || this.findWaiting(draft.messageId) !== undefined ? undefined : draft;
      },
      saveDraft: (conversationId, draft) =>
        this.write(
          () => store.saveDraft(conversationId, draft),
          { kind: 'draft', conversationId, draft },
          () => null,
        ).then(() => undefined),
      onDidChange: (listener) => {
        const subscription = store.onDidChange(listener);
        this.listeners.add(listener);
        return {
          dispose: () => {
            subscription.dispose();
            this.listeners.delete(listener);
          },
        };
      },
    };
    return { ...store, ...journaled };
  }

  /** Moves what waits into the store. False when the store still cannot take it. */
  drain(): Promise<boolean> {
    this.moving ??= this.moveAll().finally(() => (this.moving = undefined));
    return this.moving;
  }

  private get isIdle(): boolean {
    return this.entries.length === 0 && this.held.size === 0 && this.replies().length === 0;
  }

  private get waiting(): Waiting {
    return { entries: this.entries, held: [...this.held.values(), ...this.replies()] };
  }

  private replies(): HeldReply[] {
    return [...this.open].flatMap(([messageId, { conversationId, waiting }]) =>
      waiting === undefined ? [] : [{ messageId, conversationId, extension: waiting, at: 0 }],
    );
  }

  private conversationIds(): string[] {
    return this.entries.flatMap((entry) => (entry.kind === 'conversation' ? [entry.conversation.id] : []));
  }

  private inputOf(id: string): NewMessage | undefined {
    const { entries, held } = this.waiting;
    const entry = entries.find((other) => other.kind === 'message' && other.message.id === id);
    return entry?.kind === 'message' ? entry.message : held.find((reply) => reply.messageId === id)?.message;
  }

  private async attached(message: Message): Promise<Message> {
    const input = message.delivery === 'journaled' ? this.inputOf(message.id) : undefined;
    return input === undefined ? message : withAttachments(this.store, message, input);
  }

  private findWaiting(id: string): Message | undefined {
    const message = this.inputOf(id);
    if (message === undefined) return undefined;
    return waitingMessages(message.conversationId, this.waiting, 0).find((other) => other.id === id);
  }

  private async append(message: NewMessage): Promise<Message> {
    const at = this.options.now();
    if ((message.newAttachments?.length ?? 0) > 0) return this.appendWithContents(message);
    if (message.status !== 'streaming') {
      return this.write(
        () => this.store.append(message),
        { kind: 'message', message, at },
        () => toWaitingMessage(message, at, 0),
      );
    }
    const { id, conversationId } = message;
    if (this.entries.length === 0 || (await this.drain())) {
      try {
        const stored = await this.store.append(message);
        this.open.set(id, { conversationId, length: message.content.length, waiting: undefined });
        return stored;
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
    }
    return this.hold(message, at);
  }

  /** Contents have no room in the journal: such a message is stored, behind what waits, or refused. */
  private async appendWithContents(message: NewMessage): Promise<Message> {
    if (this.entries.length > 0 && !(await this.drain())) throw this.refusal;
    return this.store.append(message);
  }

  private hold(message: NewMessage, at: number): Message {
    const { id, conversationId } = message;
    this.held.set(id, { messageId: id, conversationId, message, extension: {}, at });
    this.tell();
    return toWaitingMessage(message, at, 0);
  }

  /** A file that cannot be written lets no window begin a reply in it: then this window's own are all there are. */
  private async beginReply(request: ReplyRequest): Promise<ReplyStart> {
    const { id, conversationId, kind, after } = request;
    if (this.store.beginReply !== undefined && (this.entries.length === 0 || (await this.drain()))) {
      try {
        const start = await this.store.beginReply(request);
        if ('started' in start) this.open.set(id, { conversationId, length: 0, waiting: undefined });
        return start;
      } catch (error) {
        if (!isPassing(error)) throw error;
      }
    }
    if ([...this.held.values()].some((reply) => reply.conversationId === conversationId))
      return { refused: 'busy' };
    const stored = await this.store.read(conversationId, { limit: 1 });
    const page = pageWithWaiting(stored, conversationId, this.waiting);
    if (page?.messages.at(-1)?.id !== after) return { refused: 'outdated' };
    const links = { answer: {}, continue: { continues: after }, retry: { replaces: after } }[kind];
    const reply = { id, conversationId, role: 'assistant', content: '', status: 'streaming' } as const;
    return { started: this.hold({ ...reply, metadata: linkMetadata(links) }, this.options.now()) };
  }

  private async extend(id: string, extension: Extension): Promise<void> {
    const held = this.held.get(id);
    if (held !== undefined) {
      this.held.set(id, { ...held, extension: mergeExtensions(held.extension, extension) });
      this.tell();
      return;
    }
    const reply = this.open.get(id);
    if (reply === undefined) {
      await this.store.extend(id, extension);
      return;
    }
    const piece = reply.waiting === undefined ? extension : mergeExtensions(reply.waiting, extension);
    reply.waiting = undefined;
    try {
      await this.store.extend(id, piece);
      reply.length += piece.text?.length ?? 0;
    } catch (error) {
      if (!isPassing(error)) throw error;
      // Pieces that came meanwhile stand behind it.
      reply.waiting = mergeExtensions(piece, reply.waiting);
      this.tell();
    }
  }

  private async settle(id: string, status: Ending): Promise<Message | undefined> {
    const held = this.held.get(id);
    if (held !== undefined) return this.settleHeld(held, status);
    const reply = this.open.get(id);
    this.open.delete(id);
    if (reply === undefined) return this.store.settle(id, status);
    const extension = reply.waiting ?? {};
    const { conversationId, length } = reply;
    const entry = {
      kind: 'reply',
      messageId: id,
      conversationId,
      offset: length,
      extension,
      status,
    } as const;
    return this.write(
      async () => {
        if (reply.waiting !== undefined) await this.store.extend(id, reply.waiting);
        return this.store.settle(id, status);
      },
      entry,
      async () => {
        const stored = await this.store.readMessage(id);
        return stored === undefined
          ? undefined
          : extended(stored, missing(extension, length, stored.content.length), status);
      },
    );
  }

  /** A reply that began while nothing could be written is a message like any other once it has ended. */
  private async settleHeld(
    held: HeldReply & { readonly message: NewMessage },
    status: Ending,
  ): Promise<Message | undefined> {
    const said = whole(held.message, held.extension);
    this.held.delete(held.messageId);
    if (!hasContent(said)) {
      this.tell();
      return undefined;
    }
    const { activities, commands } = said;
    const message: NewMessage = {
      ...held.message,
      ...said,
      status,
      activities: interruptRunning(activities),
      commands: interruptRunning(commands),
    };
    return this.write(
      () => this.store.append(message),
      { kind: 'message', message, at: held.at },
      () => toWaitingMessage(message, held.at, 0),
    );
  }

  /** Writes into the store; behind what already waits, or when the store cannot take it, into the journal. */
  private async write<T>(
    call: () => Promise<T>,
    entry: JournalEntry,
    answer: (entries: readonly JournalEntry[]) => T | undefined | null | Promise<T | undefined>,
  ): Promise<T> {
    let cause: unknown;
    if (this.entries.length === 0 || (await this.drain())) {
      try {
        return await call();
      } catch (error) {
        if (!isPassing(error)) throw error;
        cause = error;
      }
    }
    await this.keep(entry, cause ?? this.refusal);
    return (await answer(this.entries)) as T;
  }

  private async keep(entry: JournalEntry, cause: unknown): Promise<void> {
    const before = this.entries;
    const entries = withEntry(before, entry);
    const kept = entries.filter((other) => !this.unkept.has(other));
    try {
      if (!this.options.journal.fits(kept)) throw cause;
      this.entries = entries;
      await this.options.journal.write(kept);
    } catch {
      // The store's own error says more than that of the journal.
      if (entry.kind === 'reply') {
        this.entries = entries;
        this.unkept.add(entry);
      } else if (this.entries === entries) this.entries = before;
      else this.entries = this.entries.filter((other) => other !== entry);
      throw cause;
    } finally {
      this.tell();
    }
  }

  private async moveAll(): Promise<boolean> {
    const moved = new Set<JournalEntry>();
    let isTaken = true;
    for (const entry of this.entries) {
      try {
        await moveEntry(this.store, entry);
        moved.add(entry);
      } catch (error) {
        if (isPassing(error)) {
          isTaken = false;
          this.refusal = error;
          break;
        }
        this.options.onDefect(error);
      }
    }
    if (moved.size > 0) await this.forget(moved);
    return isTaken;
  }

  /** Only after the commit of each; what stays in the journal by a failure is moved again and changes nothing. */
  private async forget(moved: ReadonlySet<JournalEntry>): Promise<void> {
    this.entries = this.entries.filter((entry) => !moved.has(entry));
    for (const entry of moved) this.unkept.delete(entry);
    try {
      await this.options.journal.write(this.entries.filter((entry) => !this.unkept.has(entry)));
    } catch (error) {
      this.options.onDefect(error);
    }
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** The store may take it later. */
function isPassing(error: unknown): boolean {
  const problem = problemOf(error);
  return problem === 'unavailable' || problem === 'busy';
}
