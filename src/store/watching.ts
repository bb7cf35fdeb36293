/**
 * What the store tells whoever looks how sync stands, and what a window says to the one that syncs. Nothing of it holds a
 * text, a title or a token.
 */
import type { ConversationFields } from '../model/conversation.ts';
import type { Losses } from './lost.ts';
import type { AccountKey, Lease, LinkStatus, OutboxKind, OutboxState } from './outbox.ts';

/** Requests of one kind by how they ended; `unanswered`: whether it took effect was not known then. */
export interface Tries {
  readonly ok: number;
  readonly refused: number;
  readonly unanswered: number;
}

/** What was counted for one account since the first window did. */
export interface SyncTally {
  readonly account: AccountKey;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly creates: Tries;
  readonly appends: Tries;
  readonly requests: number;
  /** Of bodies, without headers, in bytes. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** The last request that failed, in words. */
  readonly lastError?: { readonly at: number; readonly words: string };
  /** From the start of a window until it had pulled everything, milliseconds; of the last window that did. */
  readonly startUpMs?: number;
}

export type UnsentField = keyof ConversationFields | 'tags';

/** A row of the queue that needs the user. */
export interface ParkedItem {
  readonly kind: OutboxKind;
  readonly conversationId: string;
  readonly messageId?: string;
  readonly reason: string;
  /** What could not be changed, for `fields`. */
  readonly fields?: readonly UnsentField[];
}

export interface Held {
  readonly here: number;
  /** As far as this machine knows. */
  readonly onServer: number;
}

/** One look at everything, in one transaction. */
export interface StoredSyncFacts {
  /** Of the account, and of what belongs to none yet; without an account, of everything. */
  readonly queue: readonly {
    readonly kind: OutboxKind;
    readonly state: OutboxState;
    readonly count: number;
  }[];
  /** The first 100. */
  readonly parked: readonly ParkedItem[];
  readonly conversations: Held;
  /** As they are shown: versions that others have replaced are not counted. */
  readonly messages: Held;
  /** Conversations that belong to other accounts, and wait for them. */
  readonly ofOtherAccounts: number;
  readonly link: LinkStatus;
  readonly leader: 'this' | 'another' | 'none';
  /** When own messages were last seen on the server, and how many then. */
  readonly confirmed?: { readonly at: number; readonly count: number };
  readonly tally?: SyncTally;
  /** What the server was last found to have lost, at which time (milliseconds since the epoch), and how much of it still waits. */
  readonly lost?: Losses & { readonly at: number; readonly waiting: number };
}

/** What came of a user's word to sync now. */
export interface SyncAnswer {
  /** The `askedAt` that it answers. */
  readonly askedAt: number;
  readonly isReached: boolean;
}

export interface SyncAsked {
  /** When a user last said so, in any window; milliseconds since the epoch. */
  readonly askedAt?: number;
  readonly answer?: SyncAnswer;
}

export interface WatchStore {
  syncFacts(account: AccountKey | undefined, now: number): Promise<StoredSyncFacts>;
  /** Takes down what the holder has counted since its `since`; what was counted for another account is forgotten. */
  writeTally(lease: Lease, tally: SyncTally): Promise<void>;
  /**
   * Puts what is parked back into the queue, on the user's word: of one conversation, or all of an account (without one: of
   * every account). Returns how many rows that were. Neither a damaged message is sent again, nor what is left of a
   * conversation that was deleted for good on another machine.
   */
  retryUnsent(
    of: { readonly conversationId: string } | { readonly account: AccountKey | undefined },
  ): Promise<number>;
  /** The user has taken note that the conversation was deleted elsewhere and is back. */
  dismissReturn(conversationId: string): Promise<void>;
  /** Asks the window that syncs, whichever it is, to look at the server at once. */
  askSync(askedAt: number): Promise<void>;
  readAsked(): Promise<SyncAsked>;
  answerSync(lease: Lease, answer: SyncAnswer): Promise<void>;
}

export const NO_TRIES: Tries = { ok: 0, refused: 0, unanswered: 0 };

/** Both together; `later` says what came last. */
export function addTallies(earlier: SyncTally | undefined, later: SyncTally): SyncTally {
  if (earlier?.account !== later.account) return later;
  return {
    ...earlier,
    ...later,
    since: Math.min(earlier.since, later.since),
    creates: addTries(earlier.creates, later.creates),
    appends: addTries(earlier.appends, later.appends),
    requests: earlier.requests + later.requests,
    sentBytes: earlier.sentBytes + later.sentBytes,
    receivedBytes: earlier.receivedBytes + later.receivedBytes,
  };
}

function addTries(one: Tries, other: Tries): Tries {
  return {
    ok: one.ok + other.ok,
    refused: one.refused + other.refused,
    unanswered: one.unanswered + other.unanswered,
  };
}
