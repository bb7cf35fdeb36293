import type { Context } from './session.ts';

/** Quick clicks on star and pin become one request: a change waits this long for more. */
const FIELDS_WAIT_MS = 500;

/** The row that puts the conversation on the backend, unless it is there or on its way. */
export function enqueueCreate({ db }: Context, conversationId: string): void {
  db.run(
    `INSERT INTO outbox (kind, conversation_id)
     SELECT 'create', id FROM conversations WHERE id = ? AND remote_id IS NULL
     ON CONFLICT DO NOTHING`,
    conversationId,
  );
}

export function enqueueAppend(
  context: Context,
  conversationId: string,
  messageId: string,
  isReady: boolean,
): void {
  enqueueCreate(context, conversationId);
  context.db.run(
    `INSERT INTO outbox (kind, conversation_id, message_id, is_ready) VALUES ('append', ?, ?, ?) ON CONFLICT DO NOTHING`,
    conversationId,
    messageId,
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

/** The row for fields that differ from the backend's, unless there is one: what was refused stays refused. */
export function ensureFieldsQueued({ db, now }: Context, conversationId: string): void {
  db.run(
    `INSERT INTO outbox (kind, conversation_id, not_before)
     SELECT 'fields', id, ? FROM conversations WHERE id = ? AND remote_id IS NOT NULL
     ON CONFLICT DO NOTHING`,
    now() + FIELDS_WAIT_MS,
    conversationId,
  );
}
