import type { Context } from './session.ts';

/** Quick clicks on star and pin become one request: a change waits this long for more. */
const FIELDS_WAIT_MS = 500;

/**
 * A row has the number of what it sends: of an append that of its message, of a conversation's create and fields one
 * below zero each. So nothing can be queued twice, and creates go before appends.
 */
const CREATE_SEQ = '-2 * n';
const FIELDS_SEQ = '-2 * n - 1';

/** SQL that finds the row whose number is the first parameter: rows lie with their conversation, which the number tells. */
export const HAS_SEQ = `seq = ?1 AND conversation_id = coalesce(
  (SELECT conversation_id FROM messages WHERE n = ?1), (SELECT id FROM conversations WHERE n = CAST(-?1 AS INTEGER) / 2))`;

/** The same for the row that sends the message whose id is the parameter. */
export const IS_OF_MESSAGE =
  '(conversation_id, seq) = (SELECT conversation_id, n FROM messages WHERE id = ?)';

/** The row that puts the conversation on the backend, unless it is there or on its way. */
export function enqueueCreate({ db }: Context, conversationId: string): void {
  db.run(
    `INSERT INTO outbox (seq, kind, conversation_id)
     SELECT ${CREATE_SEQ}, 'create', id FROM conversations WHERE id = ? AND remote_id IS NULL
     ON CONFLICT DO NOTHING`,
    conversationId,
  );
}

export function enqueueAppend(
  { db }: Context,
  conversationId: string,
  message: { readonly id: string; readonly n: number },
  isReady: boolean,
): void {
  db.run(
    `INSERT INTO outbox (seq, kind, conversation_id, message_id, is_ready) VALUES (?, 'append', ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    message.n,
    conversationId,
    message.id,
    Number(isReady),
  );
}

/**
 * The row that sends fields which the user changed. One that is under way is left to its answer, which finds the newer
 * change itself; one that was refused gets another chance. A conversation that is not on the backend yet is compared
 * when it is created there.
 */
export function enqueueFields(context: Context, conversationId: string): void {
  ensureFieldsQueued(context, conversationId);
  context.db.run(
    `UPDATE outbox SET state = 'queued', reason = NULL
     WHERE conversation_id = ? AND kind = 'fields' AND state = 'parked'`,
    conversationId,
  );
}

/** The same for tags, which many backends have no place for: it must have shown some, or that it has none. */
export function enqueueTags(context: Context, conversationId: string): void {
  const takesTags = context.db.get(
    `SELECT 1 FROM conversations WHERE id = ? AND json_valid(base) AND base -> 'tags' IS NOT NULL`,
    conversationId,
  );
  if (takesTags !== undefined) enqueueFields(context, conversationId);
}

/** The row for fields that differ from the backend's, unless there is one: what was refused stays refused. */
export function ensureFieldsQueued({ db, now }: Context, conversationId: string): void {
  db.run(
    `INSERT INTO outbox (seq, kind, conversation_id, not_before)
     SELECT ${FIELDS_SEQ}, 'fields', id, ? FROM conversations WHERE id = ? AND remote_id IS NOT NULL
     ON CONFLICT DO NOTHING`,
    now() + FIELDS_WAIT_MS,
    conversationId,
  );
}
