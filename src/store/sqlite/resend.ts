/** Putting back into the queue what a backend has lost. Messages keep the number under which they are shown. */
import { sha256 } from '../../model/hash.ts';
import { LEFT_TO_WRITER_MS, type Losses } from '../lost.ts';
import type { AccountKey, Lease } from '../outbox.ts';
import { checkFence } from './leases.ts';
import { readMeta, writeMeta } from './meta.ts';
import { DAMAGED_REASON } from './quarantine.ts';
import type { Context } from './session.ts';
import { readSyncRow } from './syncRow.ts';
import { findTombstone } from './tombstones.ts';

/** A row that sends again what was lost there leaves it to nobody. */
export const AT_ONCE = 1;
/** No row is held back longer: a time that lies further ahead was written before the clock was set back. */
const LONGEST_HOLD_MS = 2 * LEFT_TO_WRITER_MS;
const LOST_KEY = 'sync.lost';
/** What is found so soon after another loss is told with it. */
const ONE_LOSS_MS = 60 * 60_000;

/**
 * SQL that is true for a row of the outbox (by its alias) that is not held back, of a conversation `c`: what was lost is not
 * sent again while a part of the conversation that was not read yet may hold it. The parameter is the time.
 */
export function isFree(row: string, now: string): string {
  return `(${row}.held_until = 0 OR (c.older IS NOT 'wanted'
    AND ${row}.held_until NOT BETWEEN ${now} + 1 AND ${now} + ${LONGEST_HOLD_MS}))`;
}

/** What was found lost, for the report. */
export interface LossNote extends Losses {
  readonly account: AccountKey;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export function resendLost(
  context: Context,
  lease: Lease,
  account: AccountKey,
  now: number,
  isById: boolean,
): Losses | undefined {
  const { db } = context;
  const next = db.get<{ id: string }>(
    `SELECT d.conversation_id AS id FROM doubts d JOIN conversations c ON c.id = d.conversation_id
     WHERE d.is_agreed = 1 AND c.account = ? LIMIT 1`,
    account,
  );
  if (next === undefined) return undefined;
  return db.write(() => {
    checkFence(context, lease);
    const agreed = db
      .all<{ message_id: string }>(
        'SELECT message_id FROM doubts WHERE conversation_id = ? AND is_agreed = 1',
        next.id,
      )
      .map((row) => row.message_id);
    db.run('DELETE FROM doubts WHERE conversation_id = ? AND is_agreed = 1', next.id);
    const row = readSyncRow(context, next.id);
    // Deleted since: then it need not be there.
    if (row?.remote_id == null || row.status === 'deleted' || findTombstone(db, next.id) !== undefined)
      return { conversations: 0, messages: 0 };
    const isWhole = agreed.includes('');
    const messages = isWhole
      ? unlink(context, next.id, now, isById)
      : queueAgain(context, next.id, now, isById, agreed);
    const losses = { conversations: Number(isWhole), messages };
    noteLosses(context, account, now, losses);
    return losses;
  });
}

/**
 * The conversation is not there any more under the id that it had: it is created anew, or found under another id, and all of
 * its messages are sent again. Returns how many those are.
 */
export function unlink(context: Context, id: string, now: number, isById: boolean): number {
  const { db } = context;
  forgetPlace(context, id);
  const messages = queueAgain(context, id, now, isById);
  db.run(
    `INSERT INTO outbox (seq, kind, conversation_id, held_until)
     SELECT -2 * n, 'create', id, CASE WHEN ?2 OR is_own = 1 THEN ${AT_ONCE} ELSE ?3 END FROM conversations
     WHERE id = ?1 ON CONFLICT DO NOTHING`,
    id,
    Number(isById),
    heldUntil(context, id, now),
  );
  return messages;
}

/** Nothing is known any more of the conversation there. */
export function forgetPlace(context: Context, id: string): void {
  const { db } = context;
  db.run(
    `UPDATE conversations SET lost_ids = json_insert(lost_ids, '$[#]', remote_id), remote_id = NULL, base = NULL,
       remote_updated_at = NULL, remote_count = NULL, older = NULL, older_cursor = NULL WHERE id = ?`,
    id,
  );
  db.run(`DELETE FROM outbox WHERE conversation_id = ? AND kind = 'fields'`, id);
  db.run('DELETE FROM doubts WHERE conversation_id = ?', id);
  takeUpAgain(context, id);
}

/**
 * What waited for an answer, or was refused, under an id that is no more begins anew. What was refused stands behind what was
 * written before it, and keeps that place as all the others do.
 */
export function takeUpAgain({ db }: Context, conversationId: string): void {
  db.run(
    `UPDATE messages SET resent_at = 0 WHERE remote_id IS NULL AND resent_at IS NULL AND id IN (
       SELECT message_id FROM outbox WHERE conversation_id = ? AND state = 'parked' AND kind = 'append' AND reason IS NOT ?)`,
    conversationId,
    DAMAGED_REASON,
  );
  db.run(
    `UPDATE outbox SET held_until = CASE WHEN state = 'parked' THEN max(held_until, ${AT_ONCE}) ELSE held_until END,
       state = 'queued', attempts = 0, not_before = 0, sent_at = NULL, carried = NULL, reason = NULL
     WHERE conversation_id = ? AND (state = 'unknown' OR (state = 'parked' AND reason IS NOT ?))`,
    conversationId,
    DAMAGED_REASON,
  );
}

/** These messages, or all that were there. Returns how many. */
function queueAgain(
  context: Context,
  id: string,
  now: number,
  isById: boolean,
  only?: readonly string[],
): number {
  const { db } = context;
  const lost = db.run(
    `UPDATE messages SET remote_id = NULL, is_confirmed = 0, resent_at = 0
     WHERE conversation_id = ?1 AND (remote_id IS NOT NULL OR is_confirmed = 1)
       AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2)))`,
    id,
    only === undefined ? null : JSON.stringify(only),
  );
  db.run(
    `INSERT INTO outbox (seq, kind, conversation_id, message_id, held_until)
     SELECT n, 'append', conversation_id, id, CASE WHEN ?2 OR is_own = 1 THEN ${AT_ONCE} ELSE ?3 END
     FROM messages WHERE conversation_id = ?1 AND resent_at = 0 AND remote_id IS NULL AND is_confirmed = 0
     ON CONFLICT DO NOTHING`,
    id,
    Number(isById),
    heldUntil(context, id, now),
  );
  return lost;
}

/** By lot, so that two machines do not begin together; the lot of a window is drawn by its id. */
function heldUntil({ session }: Context, id: string, now: number): number {
  const lot = parseInt(sha256(`${session.id} ${id}`).slice(0, 8), 16) / 2 ** 32;
  return now + Math.round(LEFT_TO_WRITER_MS * (1 + lot / 3));
}

function noteLosses(
  { db }: Context,
  account: AccountKey,
  now: number,
  { conversations, messages }: Losses,
): void {
  const known = readMeta<LossNote>(db, LOST_KEY);
  const isSame = known?.account === account && now - known.at < ONE_LOSS_MS;
  writeMeta(db, LOST_KEY, {
    account,
    at: now,
    conversations: conversations + (isSame ? known.conversations : 0),
    messages: messages + (isSame ? known.messages : 0),
  } satisfies LossNote);
}

export function readLosses({ db }: Context, account: AccountKey | undefined): LossNote | undefined {
  const note = readMeta<LossNote>(db, LOST_KEY);
  return note?.account === account ? note : undefined;
}
