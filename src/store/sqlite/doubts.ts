/** What one reading of a backend lacked though it was known to be there: a loss when a second one agrees. */
import {
  AGREES_AFTER_MS,
  AGREES_LATE_AFTER_MS,
  type Asked,
  type Unlisted,
  type WholeReading,
} from '../lost.ts';
import type { AccountKey, Lease, RemoteConversation } from '../outbox.ts';
import { checkFence } from './leases.ts';
import type { Context } from './session.ts';
import { NOT_PURGED } from './tombstones.ts';

/** Asked for in one pull, at most: the next one goes on. */
const MOST_ASKED = 200;
/** Stands for the conversation itself. */
const ITSELF = '';

/** SQL that is true for a conversation `c` some message of which is in doubt: it has to be read again. */
export const IS_DOUBTED = `EXISTS (SELECT 1 FROM doubts d WHERE d.conversation_id = c.id AND d.message_id <> '')`;

/** What was deleted, here or there, need not be there. */
const OUGHT_TO_BE_THERE = `c.account = ? AND c.remote_id IS NOT NULL AND c.status <> 'deleted' AND ${NOT_PURGED}`;

export function unlisted(
  { db }: Context,
  account: AccountKey,
  listed: readonly string[],
  now: number,
): Unlisted {
  const known = db.all<{ remote_id: string; since: number | null; is_doubted: number }>(
    `SELECT c.remote_id, (SELECT d.since FROM doubts d WHERE d.conversation_id = c.id AND d.message_id = '') AS since,
       EXISTS (SELECT 1 FROM doubts d WHERE d.conversation_id = c.id) AS is_doubted
     FROM conversations c WHERE ${OUGHT_TO_BE_THERE}`,
    account,
  );
  const there = new Set(listed);
  const absent = known.filter((row) => !there.has(row.remote_id));
  const agreesAfterMs = absent.length * 2 > known.length ? AGREES_LATE_AFTER_MS : AGREES_AFTER_MS;
  const ask = absent.filter(({ since }) => since === null || !isRecent(since, now, agreesAfterMs));
  return {
    absent: absent.map((row) => row.remote_id),
    ask: ask.slice(0, MOST_ASKED).map((row) => row.remote_id),
    agreesAfterMs,
    isSure: absent.length === 0 && known.every((row) => row.is_doubted === 0),
  };
}

/** A time that lies ahead was written before the clock was set back. */
function isRecent(since: number, now: number, ms: number): boolean {
  return since <= now && now - since < ms;
}

export function noteAsked(
  context: Context,
  lease: Lease,
  account: AccountKey,
  { absent, gone, agreesAfterMs, askedAt }: Asked,
): void {
  const { db } = context;
  db.write(() => {
    checkFence(context, lease);
    db.run(
      `DELETE FROM doubts WHERE message_id = '' AND conversation_id IN (SELECT c.id FROM conversations c
         WHERE c.account = ? AND c.remote_id IS NOT NULL AND c.remote_id NOT IN (SELECT value FROM json_each(?)))`,
      account,
      JSON.stringify(absent),
    );
    const rows = db.all<{ id: string }>(
      `SELECT c.id FROM conversations c WHERE ${OUGHT_TO_BE_THERE}
         AND c.remote_id IN (SELECT value FROM json_each(?))`,
      account,
      JSON.stringify(gone),
    );
    for (const { id } of rows) doubt(context, id, [ITSELF], askedAt, agreesAfterMs);
  });
}

/** The first reading is noted, a later one agrees with it. */
function doubt(
  { db }: Context,
  conversationId: string,
  ids: readonly string[],
  at: number,
  afterMs: number,
): void {
  db.run(
    `INSERT INTO doubts (conversation_id, message_id, since) SELECT ?1, value, ?2 FROM json_each(?3) WHERE true
     ON CONFLICT DO UPDATE SET since = min(since, excluded.since), is_agreed = is_agreed OR since <= excluded.since - ?4`,
    conversationId,
    at,
    JSON.stringify(ids),
    afterMs,
  );
}

/** The conversation was read. A reading that was cut says nothing of what may lie before it. */
export function compareRead(
  context: Context,
  id: string,
  { fields, messages, isCut, readAt }: RemoteConversation,
): void {
  const { db } = context;
  const oldest = messages[0];
  const here = db.get<{ status: string }>('SELECT status FROM conversations WHERE id = ?', id);
  if (fields.status === 'deleted' || here?.status === 'deleted') {
    db.run('DELETE FROM doubts WHERE conversation_id = ?', id);
    return;
  }
  if (readAt === undefined || (isCut === true && oldest === undefined)) return;
  const after = isCut === true && oldest !== undefined ? (oldest.resentAt ?? oldest.serverOrder) : -1;
  const reading = {
    ids: messages.map((message) => message.id),
    remoteIds: messages.map(({ remoteId }) => remoteId),
    readAt,
  };
  const left = compare(context, id, reading, after);
  // What was missed by a reading of all can only be seen by another one.
  if (left > 0 && after >= 0)
    db.run(`UPDATE conversations SET older = 'wanted', older_cursor = NULL WHERE id = ?`, id);
}

export function noteWhole(
  context: Context,
  lease: Lease,
  conversationId: string,
  reading: WholeReading,
): void {
  context.db.write(() => {
    checkFence(context, lease);
    compare(context, conversationId, reading, -1);
  });
}

/**
 * `after`: the reading had to contain what the backend took later than that (microseconds since the epoch). Returns how many
 * messages are in doubt of which it says nothing.
 */
function compare(
  context: Context,
  id: string,
  { ids, remoteIds, readAt }: WholeReading,
  after: number,
): number {
  const { db } = context;
  db.run(`DELETE FROM doubts WHERE conversation_id = ? AND message_id = ''`, id);
  const isThere = '(m.remote_id IS NOT NULL OR m.is_confirmed = 1)';
  const known = db.all<{ id: string; remote_id: string | null }>(
    `SELECT m.id, m.remote_id FROM messages m
       WHERE m.conversation_id = ?1 AND m.server_order > ?2 AND m.resent_at IS NULL AND ${isThere}
     UNION ALL SELECT m.id, m.remote_id FROM messages m
       WHERE m.conversation_id = ?1 AND m.resent_at IS NOT NULL AND m.resent_at > ?2 AND ${isThere}`,
    id,
    after,
  );
  const isSeen = new Set(ids);
  const isSeenThere = new Set<string | null>(remoteIds);
  const lacking = known.filter((row) => !isSeen.has(row.id) && !isSeenThere.has(row.remote_id));
  const missing = new Set(lacking.map((row) => row.id));
  const doubted = db.all<{ message_id: string }>(
    'SELECT message_id FROM doubts WHERE conversation_id = ?',
    id,
  );
  const settled = doubted.filter((row) =>
    after < 0 ? !missing.has(row.message_id) : isSeen.has(row.message_id),
  );
  for (const row of settled)
    db.run('DELETE FROM doubts WHERE conversation_id = ? AND message_id = ?', id, row.message_id);
  if (missing.size > 0) doubt(context, id, [...missing], readAt, AGREES_AFTER_MS);
  return doubted.filter((row) => !missing.has(row.message_id)).length - settled.length;
}

export function shorter(
  context: Context,
  lease: Lease,
  account: AccountKey,
  counts: readonly { readonly remoteId: string; readonly count: number }[],
): string[] {
  const { db } = context;
  const rows = db.all<{ id: string; remote_id: string; count: number }>(
    `SELECT c.id, c.remote_id, j.value ->> 'count' AS count FROM json_each(?2) j
       JOIN conversations c ON c.account = ?1 AND c.remote_id = j.value ->> 'remoteId'
     WHERE c.status <> 'deleted' AND j.value ->> 'count' <
       (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id AND m.remote_id IS NOT NULL)`,
    account,
    JSON.stringify(counts),
  );
  if (rows.length > 0)
    db.write(() => {
      checkFence(context, lease);
      // What it has is compared with that when it was read: see `settleCount`.
      for (const { id, count } of rows)
        db.run('UPDATE conversations SET remote_count = ? WHERE id = ?', count, id);
    });
  return rows.map((row) => row.remote_id);
}
