/**
 * What the memory routes ask of a database. Each call is one transaction. A call that writes resolves after its
 * commit is durable. Calls about another owner's conversation answer like calls about a missing one.
 */
import type { ConversationStatus } from '../../model/conversation.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Role } from '../../model/message.ts';
import type { SnippetPiece } from '../../model/snippet.ts';
import type { Clocks } from '../../protocol/abilities.ts';

export interface Owner {
  readonly userId: string;
  /** Empty when the client names none. */
  readonly orgId: string;
}

/** Times are microseconds since the epoch. */
export interface ConversationRecord {
  readonly id: string;
  readonly clientId: string | null;
  readonly title: string | null;
  readonly status: ConversationStatus;
  readonly isPinned: boolean;
  readonly isStarred: boolean;
  readonly tags: readonly string[];
  readonly clocks: Clocks;
  readonly workspacePath: string | null;
  /** The JSON value that was given, or null. */
  readonly initialContext: unknown;
  readonly messageCount: number;
  readonly createdAt: number;
  /** Rises with every change and every message, also when the clock is set back. */
  readonly updatedAt: number;
}

export interface MessageRecord {
  readonly id: string;
  readonly clientId: string | null;
  readonly role: Role;
  readonly content: string;
  /** The JSON value that was given, or null. */
  readonly metadata: unknown;
  /** Microseconds since the epoch; strictly rising within a conversation, so that it orders its messages. */
  readonly createdAt: number;
}

export interface NewConversation {
  /** Creating twice under one is creating once. */
  readonly clientId: string | null;
  readonly title: string | null;
  readonly workspacePath: string | null;
  readonly initialContext: JsonObject | null;
}

/** Absent or null: leave as it is. */
export interface ConversationChange {
  readonly title?: string | null | undefined;
  readonly status?: ConversationStatus | null | undefined;
  readonly isPinned?: boolean | null | undefined;
  readonly isStarred?: boolean | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  readonly workspacePath?: string | null | undefined;
  readonly initialContext?: JsonObject | null | undefined;
  /** A field with a clock is taken only when its clock is later than the stored one. */
  readonly clocks?: Clocks | null | undefined;
  /** A field that has another clock now (0: none) is left as it is. */
  readonly seen?: Clocks | null | undefined;
}

export interface NewMessage {
  /** Appending twice under one is appending once. */
  readonly clientId: string | null;
  readonly role: Role;
  readonly content: string;
  readonly metadata: JsonObject | null;
  readonly tokensUsed: number | null;
}

export interface Page {
  /** Absent: all but the deleted ones. */
  readonly status?: ConversationStatus | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** `missing` also stands for what is another owner's. `purged`: it was removed for good. */
export type Absent = 'missing' | 'purged';

/** `known`: it was there already, with the same body. */
export type Stored<T> =
  { readonly outcome: 'stored' | 'known'; readonly record: T } | { readonly outcome: 'conflict' };

/** Where a page of messages ends: the `createdAt` of a message, which is not part of the page. */
export type MessageWindow = { readonly limit: number } & (
  { readonly before?: number } | { readonly after: number }
);

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly MessageRecord[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

export type ChangeRecord =
  | { readonly type: 'conversation'; readonly conversation: ConversationRecord }
  | { readonly type: 'message'; readonly conversationId: string; readonly message: MessageRecord }
  | {
      readonly type: 'tombstone';
      readonly conversationId: string;
      readonly clientId: string | null;
      readonly purgedAt: number;
    };

/** A place in an owner's changes. The epoch names the history: a place in another one is no place in this. */
export interface ChangeCursor {
  readonly epoch: string;
  readonly seq: number;
}

export interface ChangePage {
  readonly changes: readonly ChangeRecord[];
  /** After the last of them. */
  readonly cursor: ChangeCursor;
  readonly hasMore: boolean;
}

/** What of a user is stored in one organisation. */
export interface UserCounts {
  readonly conversations: number;
  readonly messages: number;
  readonly tombstones: number;
  readonly tokens: number;
}

export interface SearchQuery {
  readonly text: string;
  /** Absent: all but the deleted ones. */
  readonly status?: ConversationStatus | undefined;
  /** Only what is older. */
  readonly before?: ChangeCursor | undefined;
  readonly limit: number;
}

export interface SearchHit {
  readonly conversation: ConversationRecord;
  /** Absent: the title was found. */
  readonly message: Pick<MessageRecord, 'id' | 'role' | 'createdAt'> | undefined;
  readonly snippet: readonly SnippetPiece[];
}

export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Where the next page goes on; undefined at the end. */
  readonly cursor: ChangeCursor | undefined;
  /** False while the index still takes up what is there: then something may be missing. */
  readonly isComplete: boolean;
}

export interface Repository {
  /** Newest `updatedAt` first; ties by id, so that the order is total. */
  list(owner: Owner, page: Page): Promise<ConversationRecord[]>;
  create(owner: Owner, conversation: NewConversation): Promise<Stored<ConversationRecord> | 'purged'>;
  /** The newest `messageLimit` messages, oldest first. */
  read(
    owner: Owner,
    id: string,
    messageLimit: number,
  ): Promise<{ conversation: ConversationRecord; messages: MessageRecord[] } | Absent>;
  /** `updatedAt` moves only when a value changes. */
  change(owner: Owner, id: string, change: ConversationChange): Promise<ConversationRecord | Absent>;
  /** Removes it for good, and leaves a tombstone. Repeatable. */
  purge(owner: Owner, id: string): Promise<'purged' | 'missing'>;
  /**
   * All in one transaction and in this order; one outcome for each. Also gives a conversation without a title its
   * title, when a message is the user's.
   */
  append(
    owner: Owner,
    id: string,
    messages: readonly NewMessage[],
  ): Promise<readonly Stored<MessageRecord>[] | Absent>;
  page(owner: Owner, id: string, window: MessageWindow): Promise<MessagePage | Absent>;
  /**
   * What changed after a place, in the order of the commits and never missing one that was committed later: each row
   * once, as it is now. Without a place, from the beginning. `gone`: the place is not in this history.
   */
  changes(owner: Owner, since: ChangeCursor | undefined, limit: number): Promise<ChangePage | 'gone'>;
  /** The place after everything that is there now; undefined when nothing ever was. */
  newest(owner: Owner): Promise<ChangeCursor | undefined>;
  /**
   * Titles and messages that have every word of a text, the newest change first. Finds everything that was stored before
   * it, unless it says that it is not complete. `gone`: the place is not in this history.
   */
  search(owner: Owner, query: SearchQuery): Promise<SearchPage | 'gone'>;
  countUser(owner: Owner): Promise<UserCounts>;
  /**
   * Removes everything, and the tokens; what it was. Cursors of before are `gone`, and what is asked under the id of a
   * conversation that was there is `purged`. Repeatable; the user can begin anew.
   */
  deleteUser(owner: Owner): Promise<UserCounts>;
  close(): Promise<void>;
}

/** The database could not be reached or locked: nothing was changed. `message` is for people. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
}

/** What was asked for is too much for one answer. Fewer may fit, and pages always do. */
export class AnswerTooLargeError extends Error {
  override readonly name = 'AnswerTooLargeError';
}

/** The connection to the database was lost under way: whether a change was stored is not known. */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
  constructor(options?: ErrorOptions) {
    super(
      'The connection to the database was lost. Whether a change was stored is not known: look, or repeat it under ' +
        'the same client_id.',
      options,
    );
  }
}
