/** The rows of the outbox: which are due, and how they move on. */
import type {
  AccountKey,
  AppendTerms,
  Deferral,
  Lease,
  OutboxItem,
  OutboxKind,
  OutboxState,
  QueueSummary,
} from '../outbox.ts';
import { applyBranches } from './branches.ts';
import { checkFence } from './leases.ts';
import { HAS_SEQ } from './outboxRows.ts';
import { AT_ONCE, isFree } from './resend.ts';
import type { Context } from './session.ts';
import { PURGED_THERE, restsForGood } from './tombstones.ts';

export interface OutboxRow {
  seq: number;
  kind: OutboxKind;
  conversation_id: string;
  message_id: string | null;
  state: OutboxState;
  attempts: number;
  sent_at: number | null;
  /** See migration 19. */
  carried: string | null;
  /** See migration 21. */
  held_until: number;
}

/** Rows of other accounts, and of conversations that belong to another account, are invisible here (I10). */
const OF_ACCOUNT = `(c.account IS NULL OR c.account = ?)`;

const HEAD = `(SELECT h.seq FROM outbox h WHERE h.conversation_id = q.conversation_id AND h.state <> 'parked'
  AND ${isFree('h', '?1')}`;

/** The conversations that have something to send: a look for each of them, however much each has. */
const WAITING = `waiting (conversation_id) AS (SELECT min(conversation_id) FROM outbox UNION ALL
  SELECT (SELECT min(n.conversation_id) FROM outbox n WHERE n.conversation_id > w.conversation_id)
  FROM waiting w WHERE w.conversation_id IS NOT NULL)`;

/**
 * A request that began longer ago than this has ended, whatever became of its answer: no client waits as long. Its row
 * still says `sending` when the store failed just when the answer came.
 */
const SENDING_LIFE_MS = 60_000;

/** When a row may be begun, by time. */
const DUE_AT = `CASE o.state WHEN 'sending' THEN o.sent_at + ${SENDING_LIFE_MS} ELSE o.not_before END`;

/** No wait is longer than this: a time that lies further ahead was written before the clock was set back. */
const LONGEST_WAIT_MS = 15 * 60_000;

/**
 * What may go out: of each conversation the first create or append in order, or, when none of those waits, its
 * fields. Parked rows are stepped over, so one poisoned message blocks nothing else.
 */
export function dueItems({ db }: Context, account: AccountKey, now: number, limit: number): OutboxItem[] {
  return db
    .all<OutboxRow & { not_before: number; is_ready: number }>(
      `WITH RECURSIVE ${WAITING}
       SELECT o.seq, o.kind, o.conversation_id, o.message_id, o.attempts, o.sent_at, o.carried, o.held_until,
         CASE o.state WHEN 'sending' THEN 'unknown' ELSE o.state END AS state
       FROM waiting q CROSS JOIN conversations c ON c.id = q.conversation_id
         JOIN outbox o ON o.conversation_id = q.conversation_id AND o.seq = coalesce(${HEAD} AND h.kind <> 'fields' ORDER BY h.seq LIMIT 1),
           ${HEAD} AND h.seq < 0 AND h.kind = 'fields'))
       WHERE (c.account IS NULL OR c.account = ?2)
         AND (o.state <> 'sending' OR o.sent_at NOT BETWEEN ?1 - ${SENDING_LIFE_MS - 1} AND ?1) AND o.is_ready = 1
         AND o.not_before NOT BETWEEN ?1 + 1 AND ?1 + ${LONGEST_WAIT_MS}
         AND (o.kind = 'create' OR c.remote_id IS NOT NULL)
       ORDER BY o.kind = 'fields', o.kind = 'append', abs(o.seq) LIMIT ?3`,
      now,
      account,
      limit,
    )
    .map(toItem);
}

export function toItem(row: OutboxRow): OutboxItem {
  return {
    seq: row.seq,
    kind: row.kind,
    conversationId: row.conversation_id,
    ...(row.message_id === null ? {} : { messageId: row.message_id }),
    state: row.state,
    attempts: row.attempts,
    ...(row.sent_at === null ? {} : { sentAt: row.sent_at }),
    ...(row.carried === null ? {} : { isSentById: true }),
    ...(row.held_until > AT_ONCE && { wasHeld: true }),
  };
}

/** A row that waits; and one without an answer that carried its client id, to a backend that keeps those. */
export function maySend(row: OutboxRow, { now, isById }: Pick<AppendTerms, 'now' | 'isById'>): boolean {
  if (row.state === 'queued') return true;
  return isById && row.carried !== null && (row.state === 'unknown' || hasOutlived(row, now));
}

/** Its request has ended, whatever became of the answer; see `SENDING_LIFE_MS`. */
export function hasOutlived({ state, sent_at: sentAt }: OutboxRow, now: number): boolean {
  return state === 'sending' && (sentAt === null || sentAt > now || sentAt <= now - SENDING_LIFE_MS);
}

/** True while a row waits for its time; a time beyond the longest wait was written before the clock was set back. */
export function isEarly(notBefore: number, now: number): boolean {
  return notBefore > now && notBefore <= now + LONGEST_WAIT_MS;
}

/** What it carried does not help to send it again: the answer would be the same. */
export function doubt({ db }: Context, seq: number): void {
  db.run(`UPDATE outbox SET state = 'unknown', carried = NULL WHERE ${HAS_SEQ}`, seq);
}

export function defer(context: Context, lease: Lease, seq: number, deferral: Deferral): void {
  context.db.write(() => {
    checkFence(context, lease);
    moveOn(context, seq, deferral);
  });
}

/** Inside a transaction that has checked the lease. */
export function moveOn(context: Context, seq: number, deferral: Deferral): void {
  const { db } = context;
  const moved = db.run(
    // A request cannot have begun later than now; its life would have no end for a clock that was set back.
    `UPDATE outbox SET state = ?2, not_before = ?3, reason = ?4, sent_at = min(sent_at, ?5),
       attempts = attempts - iif(state = 'sending', ?6, 0)
     WHERE ${HAS_SEQ} AND state IN ('sending', 'unknown')`,
    seq,
    deferral.state,
    deferral.state === 'parked' ? 0 : deferral.notBefore,
    deferral.reason ?? null,
    context.now(),
    Number(deferral.state !== 'parked' && deferral.isUntried === true),
  );
  if (moved === 0 || deferral.state !== 'parked') return;
  const row = db.get<OutboxRow>(`SELECT * FROM outbox WHERE ${HAS_SEQ}`, seq);
  if (row !== undefined) park(context, row, deferral.reason);
}

export function park(
  context: Context,
  { seq, conversation_id: conversationId }: OutboxRow,
  reason: string,
): void {
  context.db.run(
    `UPDATE outbox SET state = 'parked', not_before = 0, reason = ? WHERE conversation_id = ? AND seq = ?`,
    reason,
    conversationId,
    seq,
  );
  keepPlaceOfParked(context, seq);
  applyBranches(context, conversationId);
}

/**
 * A message that never gets a number from the backend stays where it was written: behind the one before it, or first. One that
 * was lost there has a number.
 */
function keepPlaceOfParked({ db }: Context, seq: number): void {
  db.run(
    `UPDATE messages AS m SET server_order = coalesce(
       (SELECT p.server_order FROM messages p WHERE p.conversation_id = m.conversation_id AND p.hlc < m.hlc
        ORDER BY p.server_order DESC LIMIT 1), 0)
     WHERE m.id = (SELECT message_id FROM outbox WHERE ${HAS_SEQ}) AND m.resent_at IS NULL`,
    seq,
  );
}

export function endWaits(context: Context, lease: Lease, account: AccountKey): void {
  const { db, now } = context;
  db.write(() => {
    checkFence(context, lease);
    db.run(
      `UPDATE outbox SET not_before = 0 WHERE state IN ('queued', 'unknown') AND not_before > ?
       AND conversation_id IN (SELECT c.id FROM conversations c WHERE ${OF_ACCOUNT})`,
      now(),
      account,
    );
  });
}

/** A message also waits for its conversation to be created there: Retry means both. */
export function retryParked({ db }: Context, messageId: string): void {
  db.write(() =>
    db.run(
      `UPDATE outbox SET state = 'queued', attempts = 0, not_before = 0, reason = NULL
       WHERE state = 'parked' AND (message_id = ?1 OR kind = 'create') AND conversation_id =
         (SELECT conversation_id FROM messages WHERE id = ?1) AND NOT ${restsForGood('?2')}`,
      messageId,
      PURGED_THERE,
    ),
  );
}

/** Counts of what this account still has to send; without an account, of everything that waits. */
export function summarize({ db, now }: Context, account: AccountKey | undefined): QueueSummary {
  const row = db.get<{
    queued: number;
    unknown: number;
    parked: number;
    due: number | null;
    reason: string | null;
  }>(
    `SELECT count(*) FILTER (WHERE o.state IN ('queued', 'sending')) AS queued,
       count(*) FILTER (WHERE o.state = 'unknown') AS unknown,
       count(*) FILTER (WHERE o.state = 'parked') AS parked,
       min(${DUE_AT}) FILTER (WHERE o.state <> 'parked' AND o.is_ready = 1 AND ${DUE_AT} BETWEEN ?1 AND ?2) AS due,
       min(o.reason) FILTER (WHERE o.state = 'parked') AS reason
     FROM outbox o JOIN conversations c ON c.id = o.conversation_id
     WHERE ?3 IS NULL OR c.account IS NULL OR c.account = ?3`,
    now() + 1,
    now() + LONGEST_WAIT_MS,
    account ?? null,
  );
  return {
    queued: row?.queued ?? 0,
    unknown: row?.unknown ?? 0,
    parked: row?.parked ?? 0,
    ...(row?.due == null ? {} : { nextDueAt: row.due }),
    ...(row?.reason == null ? {} : { parkedReason: row.reason }),
  };
}

/** Also those whose request has just begun: the answer comes to whoever asks. */
export function unanswered({ db }: Context, conversationId: string): OutboxItem[] {
  return db
    .all<OutboxRow>(
      `SELECT * FROM outbox WHERE conversation_id = ? AND state IN ('sending', 'unknown') ORDER BY abs(seq)`,
      conversationId,
    )
    .map((row) => toItem({ ...row, state: 'unknown' }));
}
