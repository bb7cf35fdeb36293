/**
 * What the store promises about what a backend has lost: it went back to an old backup, or its database is empty. Nothing of it
 * is removed here. Two readings that agree make a loss; it is sent again as if it had just been written, under the number that
 * it was shown under.
 */
import type { AccountKey, Lease } from './lease.ts';

/** Two readings agree when they are so far apart. */
export const AGREES_AFTER_MS = 20_000;
/** The same when more than half of the conversations is missing: an address may lead elsewhere for a while. */
export const AGREES_LATE_AFTER_MS = 5 * 60_000;
/** So long it is left to the machine that wrote it, where a backend stores twice when asked twice; up to a third longer by lot. */
export const LEFT_TO_WRITER_MS = 30 * 60_000;

/** What a whole list has to be compared with. */
export interface Unlisted {
  /** Ids there of conversations that ought to be on it and are not. */
  readonly absent: readonly string[];
  /** Those of them that have to be asked for now, each by itself. */
  readonly ask: readonly string[];
  /** How far apart two readings have to be. */
  readonly agreesAfterMs: number;
  /** Nothing is absent and nothing was in doubt. */
  readonly isSure: boolean;
}

/** What was asked for: `gone` was answered with a 404 of its own. */
export interface Asked extends Pick<Unlisted, 'absent' | 'agreesAfterMs'> {
  readonly gone: readonly string[];
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
}

/** All messages that a conversation has there. */
export interface WholeReading {
  readonly ids: readonly string[];
  readonly remoteIds: readonly string[];
  /** Milliseconds since the epoch. */
  readonly readAt: number;
}

export interface Losses {
  readonly conversations: number;
  readonly messages: number;
}

export interface LossStore {
  /** `listed`: ids there of all that the backend has of the account, deleted or not. */
  unlisted(account: AccountKey, listed: readonly string[], now: number): Promise<Unlisted>;
  /** A first reading raises a doubt, a second one that agrees settles it; what is listed again is in doubt no more. */
  noteAsked(lease: Lease, account: AccountKey, asked: Asked): Promise<void>;
  /** The same for the messages of a conversation that was read to its beginning. */
  noteWhole(lease: Lease, conversationId: string, reading: WholeReading): Promise<void>;
  /** Ids there of conversations that have fewer messages than are known to be there; each is to be read whole. */
  shorter(
    lease: Lease,
    account: AccountKey,
    counts: readonly { readonly remoteId: string; readonly count: number }[],
  ): Promise<string[]>;
  /**
   * Puts what one more conversation has lost back into the queue, in one transaction; undefined when there is none. `isById`:
   * the backend keeps client ids, so that it may be sent by every machine at once.
   */
  resendLost(lease: Lease, account: AccountKey, now: number, isById: boolean): Promise<Losses | undefined>;
}
