/** What follows from the rows of a file that was filled from others: counts, titles, what waits to be sent. */
import { isNothing, pendingOf } from '../../../model/merge.ts';
import { NEW_CONVERSATION_TITLE, titleFrom } from '../../../model/conversation.ts';
import { readBase } from '../base.ts';
import { applyBranches } from '../branches.ts';
import { cleanTitle } from '../conversations.ts';
import { readSyncRow, sideOf } from '../syncRow.ts';
import { ensureFieldsQueued } from '../outboxRows.ts';
import { DAMAGED_REASON } from '../quarantine.ts';
import type { Context } from '../session.ts';
import { commonColumns, insertRow, pick } from './tables.ts';
import { textOf, type Source } from './source.ts';

/** Room for the tokens that windows of a lost state may still hold. */
const FENCE_LEAP = 1_000;

/** Inside a write transaction: the numbers that a conversation keeps about its messages. */
export function settleConversation(context: Context, id: string): void {
  const { db } = context;
  applyBranches(context, id);
  db.run(
    `UPDATE conversations SET
       message_count = (SELECT count(*) FROM messages m WHERE m.conversation_id = ?1 AND m.trashed_at IS NULL),
       last_hlc = max(last_hlc, coalesce((SELECT max(m.hlc) FROM messages m WHERE m.conversation_id = ?1), 0))
     WHERE id = ?1`,
    id,
  );
  titleByPrompt(context, id);
  queue(context, id);
}

/** One whose own row was lost. */
function titleByPrompt({ db }: Context, id: string): void {
  const first = db.get<{ content: string }>(
    `SELECT m.content FROM conversations c JOIN messages m ON m.conversation_id = c.id
     WHERE c.id = ? AND c.title = ? AND c.is_renamed = 0 AND c.remote_id IS NULL AND m.role = 'user'
       AND m.trashed_at IS NULL ORDER BY m.server_order, m.hlc, m.id LIMIT 1`,
    id,
    NEW_CONVERSATION_TITLE,
  );
  if (first === undefined) return;
  db.run('UPDATE conversations SET title = ? WHERE id = ?', cleanTitle(titleFrom(first.content)), id);
}

/**
 * Rows of the outbox for what no backend is known to hold. What was sent since the state that they come from was saved
 * is not known, so each is read back before it is sent, unless no backend was ever reached.
 */
function queue(context: Context, id: string): void {
  const { db, now } = context;
  const wasReached = db.get('SELECT 1 FROM accounts') !== undefined;
  const state = wasReached ? 'unknown' : 'queued';
  const sentAt = wasReached ? now() : null;
  const isPurged =
    db.get("SELECT 1 FROM tombstones WHERE kind = 'conversation' AND id = ?", id) !== undefined;
  if (!isPurged) {
    db.run(
      `INSERT INTO outbox (seq, kind, conversation_id, message_id, state, is_ready, sent_at, reason)
       SELECT m.n, 'append', m.conversation_id, m.id,
         CASE WHEN q.message_id IS NULL THEN ?2 ELSE 'parked' END, m.owner IS NULL, ?3,
         CASE WHEN q.message_id IS NOT NULL THEN ?4 END
       FROM messages m LEFT JOIN quarantine q ON q.message_id = m.id
       WHERE m.conversation_id = ?1 AND m.remote_id IS NULL AND m.is_confirmed = 0 ON CONFLICT DO NOTHING`,
      id,
      state,
      sentAt,
      DAMAGED_REASON,
    );
    db.run(
      `INSERT INTO outbox (seq, kind, conversation_id, state, sent_at)
       SELECT -2 * c.n, 'create', c.id, ?2, ?3 FROM conversations c
       WHERE c.id = ?1 AND c.remote_id IS NULL AND EXISTS (SELECT 1 FROM outbox o WHERE o.conversation_id = c.id)
       ON CONFLICT DO NOTHING`,
      id,
      state,
      sentAt,
    );
  }
  const row = readSyncRow(context, id);
  if (row?.remote_id == null) return;
  const side = sideOf(row);
  const base = readBase(row.base, { ...side, status: 'active' });
  const isDifferent = row.base === null || !isNothing(pendingOf(base, side));
  if (isDifferent || isPurged || base.isDeleting === true) ensureFieldsQueued(context, id);
}

/** Rows that rested because the user is needed, and requests of purged conversations that had no answer. */
export function takeOutbox(context: Context, source: Source): void {
  const { db } = context;
  const columns = commonColumns(db, source, 'outbox').filter((column) => column !== 'seq');
  db.write(() => {
    for (const row of source.rows('outbox')) {
      const kind = textOf(row['kind']);
      const isPurged =
        db.get(
          "SELECT 1 FROM tombstones WHERE kind = 'conversation' AND id = ?",
          row['conversation_id'] ?? null,
        ) !== undefined;
      const isAsked = kind === 'create' && isPurged && row['state'] !== 'queued';
      if (row['state'] !== 'parked' && !isAsked) continue;
      const seq = seqOf(context, kind, textOf(row['conversation_id']), textOf(row['message_id']));
      if (seq === undefined) continue;
      const values = { ...pick(row, columns), seq, fence: null, carried: null };
      insertRow(db, 'outbox', isAsked ? { ...values, state: 'unknown' } : values);
    }
  });
}

/** Undefined when there is nothing (any more) that it sends. */
function seqOf({ db }: Context, kind: string, conversationId: string, messageId: string): number | undefined {
  if (kind === 'append') {
    return db.get<{ n: number }>(
      `SELECT n FROM messages WHERE id = ? AND remote_id IS NULL AND is_confirmed = 0`,
      messageId,
    )?.n;
  }
  const conversation = db.get<{ n: number; remote_id: string | null }>(
    'SELECT n, remote_id FROM conversations WHERE id = ?',
    conversationId,
  );
  if (conversation === undefined || (kind === 'create') !== (conversation.remote_id === null))
    return undefined;
  return kind === 'create' ? -2 * conversation.n : -2 * conversation.n - 1;
}

/** Nobody holds the lease; the token is above every one that a window may still work with. */
export function takeLeases({ db }: Context, sources: readonly Source[]): void {
  const tokens = new Map<string, number>();
  for (const source of sources) {
    for (const row of source.rows('leases')) {
      const token = typeof row['token'] === 'number' ? row['token'] : 0;
      tokens.set(textOf(row['name']), Math.max(token, tokens.get(textOf(row['name'])) ?? 0));
    }
  }
  db.write(() => {
    for (const [name, token] of tokens) {
      insertRow(db, 'leases', {
        name,
        holder: '',
        token: token + FENCE_LEAP,
        expires_at: 0,
        pid: 0,
        host: '',
      });
    }
  });
}
