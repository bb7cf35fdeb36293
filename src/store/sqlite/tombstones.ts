import { StoreError } from '../store.ts';
import type { Connection } from './connection.ts';

export interface Tombstone {
  readonly id: string;
  readonly account: string | null;
  readonly remote_id: string | null;
  readonly is_final: number;
}

const SELECT = `SELECT id, account, remote_id, is_final FROM tombstones WHERE kind = 'conversation'`;

/** SQL that is true for a row `c` of conversations that was not purged. */
export const NOT_PURGED = `NOT EXISTS (SELECT 1 FROM tombstones t WHERE t.kind = 'conversation' AND t.id = c.id)`;

/** Why what a machine has not sent of a conversation rests for good: no retry helps, and the words say what does. */
export const PURGED_THERE =
  'The conversation was deleted for good on another machine. These words are only here: copy them, or say them in a new conversation.';

/** SQL that is true for a row of `outbox` whose conversation was deleted for good elsewhere; `reason` is a placeholder. */
export const restsForGood = (reason: string) => `EXISTS (SELECT 1 FROM outbox gone
  WHERE gone.conversation_id = outbox.conversation_id AND gone.kind = 'create' AND gone.reason = ${reason})`;

export function findTombstone(db: Connection, conversationId: string): Tombstone | undefined {
  return db.get<Tombstone>(`${SELECT} AND id = ?`, conversationId);
}

export function findTombstoneByRemote(
  db: Connection,
  account: string,
  remoteId: string,
): Tombstone | undefined {
  return db.get<Tombstone>(`${SELECT} AND account = ? AND remote_id = ?`, account, remoteId);
}

export function forgetTombstone(db: Connection, conversationId: string): void {
  db.run(`DELETE FROM tombstones WHERE kind = 'conversation' AND id = ?`, conversationId);
}

/** Throws `StoreError('purged')` when the conversation was deleted for good. */
export function refusePurged(db: Connection, conversationId: string): void {
  if (findTombstone(db, conversationId) === undefined) return;
  throw new StoreError(
    'purged',
    'This conversation was deleted for good, here or in another window. Nothing was added to it; start a new one.',
  );
}
