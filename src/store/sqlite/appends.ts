/** Messages of one conversation on their way to a backend: one, or as many as go in one request. */
import { sizeOfMessage } from '../../model/size.ts';
import type { Message } from '../../model/message.ts';
import {
  companyOf,
  type AppendResult,
  type AppendTerms,
  type Lease,
  type NextAppends,
  type SendingAppend,
} from '../outbox.ts';
import { contentsOf, contentsToSend } from './attachments.ts';
import { applyBranches } from './branches.ts';
import { checkFence } from './leases.ts';
import { readMessages } from './messageRows.ts';
import { doubt, isEarly, maySend, moveOn, park, toItem, type OutboxRow } from './outbox.ts';
import { HAS_SEQ } from './outboxRows.ts';
import { DAMAGED_REASON } from './quarantine.ts';
import { AT_ONCE, isFree } from './resend.ts';
import type { Context } from './session.ts';
import { readSyncRow } from './syncRow.ts';

interface Candidate extends OutboxRow {
  message_id: string;
  is_ready: number;
  not_before: number;
  /** Of the message; null while nobody has counted them. */
  bytes: number | null;
}

/** What a message has in a request beside its words: ids, times, names. */
const ENVELOPE_BYTES = 1_000;

export function settleAppends(
  context: Context,
  lease: Lease,
  results: readonly AppendResult[],
  next?: NextAppends,
): SendingAppend[] {
  return context.db.write(() => {
    checkFence(context, lease);
    const grown = new Set<string>();
    for (const result of results) {
      const conversationId = 'sent' in result ? complete(context, result) : undefined;
      if ('deferral' in result) moveOn(context, result.seq, result.deferral);
      if ('unsent' in result) putBack(context, result);
      if (conversationId !== undefined) grown.add(conversationId);
    }
    for (const id of grown) {
      applyBranches(context, id);
      // A backend that lists it as it was before has lost what it took.
      const sql =
        'UPDATE conversations SET remote_updated_at = NULL WHERE id = ? AND remote_updated_at IS NOT NULL';
      context.db.run(sql, id);
    }
    return next === undefined ? [] : beginAppends(context, lease, next);
  });
}

/** The conversation's id, when the message has its place there now. */
function complete(
  context: Context,
  { seq, sent }: Extract<AppendResult, { sent: unknown }>,
): string | undefined {
  const { db } = context;
  const row = db.get<Pick<OutboxRow, 'conversation_id' | 'message_id' | 'state'>>(
    `SELECT o.conversation_id, o.message_id, o.state FROM messages m
     JOIN outbox o ON o.conversation_id = m.conversation_id AND o.seq = m.n WHERE m.n = ?`,
    seq,
  );
  if (row?.message_id == null || row.state !== 'sending') return undefined;
  const isTaken = db.get(
    'SELECT 1 FROM messages WHERE conversation_id = ? AND remote_id = ? AND id <> ?',
    row.conversation_id,
    sent.remoteId,
    row.message_id,
  );
  // Some cache answered with another message: that is no answer.
  if (isTaken !== undefined) {
    doubt(context, seq);
    return undefined;
  }
  db.run(
    `UPDATE messages SET remote_id = ?1, server_order = CASE WHEN resent_at IS NULL THEN ?2 ELSE server_order END,
       resent_at = CASE WHEN resent_at IS NOT NULL THEN ?2 END WHERE id = ?3 AND remote_id IS NULL`,
    sent.remoteId,
    sent.serverOrder,
    row.message_id,
  );
  db.run('DELETE FROM outbox WHERE conversation_id = ? AND seq = ?', row.conversation_id, seq);
  return row.conversation_id;
}

/** As it was before it was begun. */
function putBack({ db }: Context, { seq, unsent }: Extract<AppendResult, { unsent: unknown }>): void {
  db.run(
    `UPDATE outbox SET state = ?2, attempts = attempts - 1 WHERE ${HAS_SEQ} AND state = 'sending'`,
    seq,
    unsent,
  );
}

/** Call it inside a write transaction. */
export function beginAppends(context: Context, lease: Lease, next: NextAppends): SendingAppend[] {
  const { db } = context;
  const { conversationId, terms } = next;
  const conversation = readSyncRow(context, conversationId);
  const remoteId = conversation?.remote_id ?? undefined;
  if (remoteId === undefined || (conversation?.account ?? terms.account) !== terms.account) return [];
  const company = together(waiting(context, next), terms);
  const messages = readMessages(
    context,
    company.map((row) => row.message_id),
  );
  const begun: SendingAppend[] = [];
  let bytes = 0;
  for (const row of company) {
    const message = messages.get(row.message_id);
    if (message === undefined || message.isDamaged === true) {
      if (message === undefined)
        db.run('DELETE FROM outbox WHERE conversation_id = ? AND seq = ?', conversationId, row.seq);
      else park(context, row, DAMAGED_REASON);
      continue;
    }
    // Sent again as it was sent, though more of its contents may have arrived since.
    const contents =
      row.carried !== null && row.state !== 'queued'
        ? contentsOf(db, JSON.parse(row.carried) as string[])
        : contentsToSend(db, message.attachments ?? []);
    bytes += sizeOf(message, contents);
    if (begun.length > 0 && bytes > terms.bytes) break;
    db.run(
      `UPDATE outbox SET state = 'sending', attempts = attempts + 1, sent_at = ?, fence = ?, reason = NULL, carried = ?
       WHERE conversation_id = ? AND seq = ?`,
      terms.now,
      lease.token,
      terms.isById ? JSON.stringify([...contents.keys()]) : null,
      conversationId,
      row.seq,
    );
    const place = placeOf(context, row);
    begun.push({ item: toItem(row), order: { kind: 'append', remoteId, message, contents, ...place } });
  }
  if (begun.length > 0 && conversation?.account == null)
    db.run('UPDATE conversations SET account = ? WHERE id = ?', terms.account, conversationId);
  return begun;
}

/** What the backend has lost keeps the number that it was shown under. */
function placeOf({ db }: Context, row: OutboxRow): { place?: number } {
  if (row.held_until === 0) return {};
  const sql = 'SELECT server_order FROM messages WHERE id = ? AND resent_at IS NOT NULL';
  const lost = db.get<{ server_order: number }>(sql, row.message_id);
  return lost === undefined ? {} : { place: lost.server_order };
}

/** The first that wait; parked ones and those that are left to another machine are stepped over. */
function waiting({ db }: Context, { conversationId, terms, after = 0 }: NextAppends): Candidate[] {
  return db.all<Candidate>(
    `SELECT o.*, (SELECT m.bytes FROM messages m WHERE m.id = o.message_id) AS bytes
     FROM conversations c JOIN outbox o ON o.conversation_id = c.id
     WHERE c.id = ?1 AND o.seq > ?3 AND o.state <> 'parked' AND ${isFree('o', '?2')}
       AND (?5 OR o.held_until <= ${AT_ONCE}) ORDER BY o.seq LIMIT ?4`,
    conversationId,
    terms.now,
    after,
    terms.messages,
    Number(terms.takesHeld === true),
  );
}

/** Those of them that may go together: in order, so that the first that may not go holds back what follows. */
function together(rows: readonly Candidate[], terms: AppendTerms): Candidate[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += row.bytes ?? 0;
    return (
      row.is_ready === 0 ||
      isEarly(row.not_before, terms.now) ||
      !maySend(row, terms) ||
      index >= companyOf(row.attempts, terms.messages) ||
      (index > 0 && bytes > terms.bytes)
    );
  });
  return rows.slice(0, end === -1 ? rows.length : end);
}

function sizeOf(message: Message, contents: ReadonlyMap<string, Uint8Array>): number {
  const apart = [...contents.values()].reduce((total, { length }) => total + (length * 4) / 3, 0);
  return sizeOfMessage(message) + JSON.stringify(message.metadata).length + apart + ENVELOPE_BYTES;
}
