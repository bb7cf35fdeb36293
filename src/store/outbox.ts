/**
 * What the store promises to the sync engine: leases, the outbox, and merging what a backend says.
 *
 * Every write takes the engine's lease and is refused with `StoreError('fenced')` when a newer token exists (I8), so an
 * engine that was stopped for a minute and continues changes nothing. Durability and isolation are as in store.ts.
 */
import type { FieldChange } from '../model/change.ts';
import type { FieldClocks } from '../model/clocks.ts';
import type { ConversationFields, WorkspaceRef } from '../model/conversation.ts';
import { sha256 } from '../model/hash.ts';
import type { Message, MessageContent } from '../model/message.ts';
import type { AccountKey, Lease } from './lease.ts';
import type { LossStore } from './lost.ts';

export type { AccountKey, Lease } from './lease.ts';

/**
 * `create` puts a conversation on the backend, `append` one message, `fields` whatever differs from the last synced
 * title, star, pin and status. Create and append of one conversation go in order; `fields` waits until they are done.
 */
export type OutboxKind = 'create' | 'append' | 'fields';

/**
 * queued -> sending -> (gone | unknown | queued | parked); unknown -> (gone | unknown | queued | parked);
 * unknown -> sending by client id; parked -> queued by the user. Every other move changes nothing. A row is gone when the backend holds what it says.
 */
export type OutboxState = 'queued' | 'sending' | 'unknown' | 'parked';

export interface OutboxItem {
  readonly seq: number;
  readonly kind: OutboxKind;
  readonly conversationId: string;
  readonly messageId?: string;
  readonly state: OutboxState;
  /** How often a request was sent for it. */
  readonly attempts: number;
  /** Milliseconds since the epoch of the last request; absent before the first. */
  readonly sentAt?: number;
  /** Its last request carried its client id: a backend that keeps those stores it once, however often it is sent. */
  readonly isSentById?: true;
  /** It sends again what was lost there, and was left to another machine first: that may have done it by now. */
  readonly wasHeld?: true;
}

export type SendOrder =
  | {
      readonly kind: 'create';
      readonly conversationId: string;
      readonly createdAt: number;
      readonly title: string;
      readonly workspace?: WorkspaceRef;
      /** Ids there under which the backend has lost it. */
      readonly insteadOf?: readonly string[];
    }
  | {
      readonly kind: 'append';
      readonly remoteId: string;
      readonly message: Message;
      /** Contents of its attachments that are small enough to go along, by their hash. */
      readonly contents: ReadonlyMap<string, Uint8Array>;
      /** The number under which it is shown since before the backend lost it. */
      readonly place?: number;
    }
  | {
      readonly kind: 'fields';
      readonly remoteId: string;
      readonly change: FieldChange;
      readonly fields: ConversationFields;
      /** What the backend was last known to hold; absent when that was never compared. */
      readonly base?: ConversationFields;
      /** The user has deleted it for good. */
      readonly isPurge?: true;
      /** All that it is to have; absent where the backend has them, or keeps none. */
      readonly tags?: readonly string[];
      /** When each field was last changed here; absent for one of which that is not known. */
      readonly clocks: FieldClocks;
      /** The backend's clocks as they were last seen: a field that has another one now was changed by somebody else. */
      readonly seen: FieldClocks;
    };

/** How appends go out. */
export interface AppendTerms {
  readonly account: AccountKey;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** They carry client ids, which the backend keeps: what is `unknown` and carried one before may be sent again. */
  readonly isById: boolean;
  /** Most of them at once. One that was tried before goes in ever smaller company, see `companyOf`. */
  readonly messages: number;
  /** Also those that were left to another machine first: it was looked whether that has sent them. */
  readonly takesHeld?: boolean;
  /** Most bytes of them at once, by estimate. The first goes whatever its size. */
  readonly bytes: number;
}

export interface NextAppends {
  readonly conversationId: string;
  readonly terms: AppendTerms;
  /** Those behind this row: it and all before it are under way. */
  readonly after?: number | undefined;
}

export interface SendingAppend {
  /** As it was before. */
  readonly item: OutboxItem;
  readonly order: Extract<SendOrder, { kind: 'append' }>;
}

/** What became of an append: the backend holds it, or where its row goes; `unsent`: no request was made after all. */
export type AppendResult =
  | { readonly seq: number; readonly sent: SentMessage }
  | { readonly seq: number; readonly deferral: Deferral }
  | { readonly seq: number; readonly unsent: 'queued' | 'unknown' };

export interface SentMessage {
  readonly remoteId: string;
  /** Backend's `created_at`, microseconds since the epoch. */
  readonly serverOrder: number;
}

/**
 * How many may go in one request with a message that was tried so often: what a backend cannot take is soon alone, and
 * the others are not held up by it.
 */
export function companyOf(attempts: number, most: number): number {
  return Math.max(1, Math.floor(most / 4 ** attempts));
}
export type CreateOrder = Extract<SendOrder, { kind: 'create' }>;
export type FieldsOrder = Extract<SendOrder, { kind: 'fields' }>;

export interface RemoteFields extends ConversationFields {
  readonly remoteId: string;
  /** Opaque: only compared for equality. */
  readonly remoteUpdatedAt: string;
  /** The same in microseconds since the epoch: equals a message's `serverOrder` when that was the last change there. */
  readonly lastChange?: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly workspace?: WorkspaceRef;
  /** Both absent: the backend keeps none. */
  readonly tags?: readonly string[];
  readonly clocks?: FieldClocks;
}

/** What is compared of a conversation on a backend's list. */
export type ListedFields = Pick<
  RemoteFields,
  'remoteId' | 'remoteUpdatedAt' | 'title' | 'status' | 'isPinned' | 'isStarred'
>;

/** A page of a backend's list. One text goes to the store's thread in a fraction of the time that its objects take. */
export type ListText = string;

export function toListText(rows: readonly ListedFields[]): ListText {
  const texts = rows.map(({ remoteId, remoteUpdatedAt, title, status, isPinned, isStarred }) => [
    remoteId,
    JSON.stringify([remoteUpdatedAt, title, status, Number(isPinned), Number(isStarred)]),
  ]);
  return JSON.stringify(Object.fromEntries(texts));
}

/** What a backend's list said when it was last read, as texts that are compared and nothing else. */
export interface RememberedList {
  /** The digest of each page that said something, in order. */
  readonly pages: readonly string[];
  /** See `markOf`. */
  readonly mark: string;
}

/** SHA-256 of all that is compared with what is known here, a line for each row, sorted by id. */
export function markOf(rows: readonly ListedFields[]): string {
  const lines = rows
    .toSorted((a, b) => (a.remoteId < b.remoteId ? -1 : 1))
    .map(({ remoteId, remoteUpdatedAt, title, status, isPinned, isStarred }) =>
      JSON.stringify([remoteId, remoteUpdatedAt, title, status, Number(isPinned), Number(isStarred)]),
    );
  return sha256(lines.join('\n'));
}

export interface RemoteMessage extends MessageContent {
  /** Our client id when the row carries one, else derived from the backend's id. */
  readonly id: string;
  readonly remoteId: string;
  /** The number under which it is shown: the backend's `created_at`, microseconds since the epoch, unless `resentAt` is that. */
  readonly serverOrder: number;
  /** The backend's `created_at` of one that it lost, and that keeps the number which it had before. */
  readonly resentAt?: number;
  readonly hlc: number;
  readonly createdAt: number;
  readonly endedAt?: number;
  /** Contents of its attachments that came along, by their hash. */
  readonly contents?: ReadonlyMap<string, Uint8Array>;
}

export interface RemoteConversation {
  readonly fields: RemoteFields;
  /** Client id from the backend's `initial_context`, or derived. */
  readonly id: string;
  /** Oldest first. */
  readonly messages: readonly RemoteMessage[];
  /** They are the newest of it; there may be older ones. */
  readonly isCut?: boolean;
  /** Ids there under which the backend has lost it before it was created anew. */
  readonly insteadOf?: readonly string[];
  /** When it was asked for, with its messages; milliseconds since the epoch. Absent: it says nothing of what it lacks. */
  readonly readAt?: number;
  /** What has its client id here is there too, or is not there at the moment: see `MergeReport`. */
  readonly rivalIs?: 'there' | 'gone';
}

export interface MergeReport {
  readonly conversationId: string;
  readonly added: number;
  /** Own messages that were found on the backend. */
  readonly adopted: number;
  /** Rows that the backend holds more than once for one client id. */
  readonly doubled: number;
  /** The messages before those that were merged are not all here, and have to be asked for otherwise. */
  readonly wantsOlder: boolean;
  /** Where the way to them was left, as `mergeOlder` was told. */
  readonly olderFrom?: string;
  /** The reading lacked messages that are known to be there; a second one will tell whether they are lost. */
  readonly isDoubted?: boolean;
  /**
   * Nothing was merged: what has its client id here is there under this id. Whether it still is has to be asked: then this is a
   * copy, else it may stand for what was lost: it does when that was deleted here.
   */
  readonly rival?: string;
}

/** `whole` or `unavailable`: that was all that can be had. `from`: the page before goes on there. */
export type OlderEnd = 'whole' | 'unavailable' | { readonly from: string | null };

/** Where an account's feed of changes was left. */
export interface FeedPlace {
  /** Absent: it is read from its start. */
  readonly cursor?: string;
  /** A conversation can be removed there for good. */
  readonly takesPurges: boolean;
}

export type RemoteChange =
  /** Without its messages; `messageCount` is how many it has there. */
  | {
      readonly type: 'conversation';
      readonly conversation: RemoteConversation;
      readonly messageCount: number;
    }
  | { readonly type: 'message'; readonly remoteConversationId: string; readonly message: RemoteMessage }
  | { readonly type: 'tombstone'; readonly remoteId: string; readonly clientId?: string };

export interface FeedPage {
  readonly changes: readonly RemoteChange[];
  /** The place behind them; absent when they came by another way than the feed. */
  readonly place?: FeedPlace;
  /** They happened since the last page, so a message that is added is unread. */
  readonly isNews: boolean;
  /** The backend keeps client ids: it has one message of each. */
  readonly isById?: boolean;
  /** Ids there of conversations that are not brought in. */
  readonly ignored: ReadonlySet<string>;
}

export interface FeedReport {
  /** Ids there of conversations that must be read first: no message was merged, and the place not moved. */
  readonly unknown: readonly string[];
  readonly added: number;
}

export interface QueueSummary {
  readonly queued: number;
  readonly unknown: number;
  readonly parked: number;
  /** Milliseconds since the epoch when the next item that waits becomes due; absent when none waits. */
  readonly nextDueAt?: number;
  /** Reason of one parked item, in words. */
  readonly parkedReason?: string;
}

/** `isUntried`: the request says nothing of the item, for nobody looked at it there. It is no attempt. */
export type Deferral =
  | {
      readonly state: 'queued';
      readonly notBefore: number;
      readonly reason?: string;
      readonly isUntried?: true;
    }
  | {
      readonly state: 'unknown';
      readonly notBefore: number;
      readonly reason: string;
      readonly isUntried?: true;
    }
  | { readonly state: 'parked'; readonly reason: string };

/** What the leading window last learned about the connection, for the status of all windows. */
export interface LinkStatus {
  readonly link: 'unknown' | 'up' | 'down' | 'signedOut' | 'denied';
  readonly detail: string;
  /** Whose connection it is. */
  readonly account?: AccountKey;
  /** When the backend is asked again, milliseconds since the epoch. */
  readonly retryAt?: number;
  /** The backend named that time: it holds for the next window that syncs, and after a restart. */
  readonly isAsked?: true;
  /** It announced nothing beyond the plain contract when it was last asked for that. */
  readonly isPlain?: true;
  /** When it was last asked; absent while it is up. */
  readonly pulledAt?: number;
  /** Failures in a row. */
  readonly failures?: number;
  /** Since when the link is that, milliseconds since the epoch; the store adds it. */
  readonly since?: number;
}

export interface SyncStore extends LossStore {
  /** The lease, when it is free, expired, ours, or its holder's process is gone; else undefined. */
  takeLease(now: number, ttlMs: number): Promise<Lease | undefined>;
  releaseLease(lease: Lease): Promise<void>;
  /** The account was reached: new conversations belong to it from now on. */
  confirmAccount(lease: Lease, account: AccountKey): Promise<void>;
  /** What may be sent now, at most one item a conversation, oldest first. */
  dueItems(account: AccountKey, now: number, limit: number): Promise<OutboxItem[]>;
  /**
   * Binds the conversation to the account and marks the item as sending; undefined when nothing is left to send. `isById`
   * as in `AppendTerms`.
   */
  beginSend(
    lease: Lease,
    account: AccountKey,
    seq: number,
    now: number,
    isById?: boolean,
  ): Promise<CreateOrder | FieldsOrder | undefined>;
  /** Ties the conversation to what was made there and, in the same transaction, begins its `next` messages. */
  completeCreate(
    lease: Lease,
    account: AccountKey,
    seq: number,
    created: RemoteFields,
    next?: NextAppends,
  ): Promise<readonly SendingAppend[]>;
  /**
   * Enters what became of appends and, in the same transaction, begins the `next` ones of a conversation: in order, as far as
   * they are due and fit.
   */
  settleAppends(
    lease: Lease,
    results: readonly AppendResult[],
    next?: NextAppends,
  ): Promise<readonly SendingAppend[]>;
  completeFields(lease: Lease, seq: number, sent: ConversationFields): Promise<void>;
  /**
   * The same for a backend with clocks, whose answer says which fields it took: the others were changed by somebody else
   * meanwhile, and are merged.
   */
  completeWithClocks(lease: Lease, seq: number, order: FieldsOrder, answer: RemoteFields): Promise<void>;
  defer(lease: Lease, seq: number, deferral: Deferral): Promise<void>;
  /** What waits for its time may go out now, on the user's word; what has no answer is looked for first, as ever. */
  endWaits(lease: Lease, account: AccountKey): Promise<void>;
  /** Puts a parked message back into the queue, on the user's word; not one that is parked for good. */
  retryParked(messageId: string): Promise<void>;
  /** Ids there of what says something else on the list than was last read of it: that is for `mergeList`. */
  newsIn(account: AccountKey, list: ListText): Promise<string[]>;
  /** What the list said when it was last read to its end, or as far as it said all that is known here. */
  rememberedList(account: AccountKey): Promise<RememberedList | undefined>;
  /** `markOf` what is known here. A list that says the same would bring no news: see `newsIn`. */
  listMark(account: AccountKey): Promise<string>;
  rememberList(lease: Lease, account: AccountKey, list: RememberedList): Promise<void>;
  /** Merges a page of the backend's list; returns the backend's ids of conversations that must be read. */
  mergeList(lease: Lease, account: AccountKey, rows: readonly RemoteFields[]): Promise<string[]>;
  mergeConversation(lease: Lease, account: AccountKey, remote: RemoteConversation): Promise<MergeReport>;
  /**
   * Adds older messages of a conversation whose merge wanted them; they are no news. `end` says whether that was all, or
   * where to go on.
   */
  mergeOlder(
    lease: Lease,
    conversationId: string,
    messages: readonly RemoteMessage[],
    end?: OlderEnd,
  ): Promise<void>;
  /** Undefined when the account never had a feed. */
  feedPlace(account: AccountKey): Promise<FeedPlace | undefined>;
  /** Undefined: the backend has no feed any more. */
  setFeedPlace(lease: Lease, account: AccountKey, place: FeedPlace | undefined): Promise<void>;
  /** Merges a page of the feed and moves its place, in one transaction; or leaves the place and says what must be read first. */
  mergeChanges(lease: Lease, account: AccountKey, page: FeedPage): Promise<FeedReport>;
  /** Ids there of conversations of which the feed does not bring all that is wanted: they must be read. */
  settleCounts(lease: Lease, account: AccountKey): Promise<string[]>;
  remoteIdOf(account: AccountKey, conversationId: string): Promise<string | undefined>;
  /** Ids there of the conversations that its list was last known to show. */
  remoteIds(account: AccountKey): Promise<string[]>;
  /** Rows of the conversation whose request had no answer, in order. */
  unanswered(conversationId: string): Promise<OutboxItem[]>;
  summary(account: AccountKey | undefined): Promise<QueueSummary>;
  writeLinkStatus(lease: Lease, status: LinkStatus): Promise<void>;
  readLinkStatus(): Promise<LinkStatus>;
}
