import type { Context } from './session.ts';

/** Quick clicks on star and pin become one request. */
const FIELDS_DEBOUNCE_MS = 500;
const FIELDS_DEBOUNCE_CAP_MS = 3_000;

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
 * The row that sends changed fields, debounced: each change within half a second moves it back, three seconds at
 * most. A row that is under way is left to its answer, which finds the newer change itself.
 */
export function enqueueFields({ db, now }: Context, conversationId: string): void {
  const due = now() + FIELDS_DEBOUNCE_MS;
  db.run(
    `INSERT INTO outbox (kind, conversation_id, not_before, sent_at) VALUES ('fields', ?, ?, NULL)
     ON CONFLICT (conversation_id, kind) WHERE message_id IS NULL DO UPDATE SET
       not_before = CASE WHEN state = 'queued' AND attempts = 0
         THEN max(not_before, min(?, not_before + ${FIELDS_DEBOUNCE_CAP_MS - FIELDS_DEBOUNCE_MS})) ELSE not_before END,
       state = CASE WHEN state = 'parked' THEN 'queued' ELSE state END,
       reason = CASE WHEN state = 'parked' THEN NULL ELSE reason END`,
    conversationId,
    due,
    due,
  );
}
