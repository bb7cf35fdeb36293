import type { Migration } from './migration.ts';

/**
 * Rebuilds the outbox as one tree, ordered as it is read: by conversation, then by number. Each append writes one page
 * less to the log that it waits for, and makes one entry less.
 */
export const queue: Migration = {
  version: 12,
  sql: `
    CREATE TABLE new_outbox (
      conversation_id TEXT NOT NULL REFERENCES conversations (id),
      seq INTEGER NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('create', 'append', 'fields')),
      message_id TEXT REFERENCES messages (id),
      state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'unknown', 'parked')),
      is_ready INTEGER NOT NULL DEFAULT 1 CHECK (is_ready IN (0, 1)),
      attempts INTEGER NOT NULL DEFAULT 0,
      not_before INTEGER NOT NULL DEFAULT 0,
      sent_at INTEGER,
      fence INTEGER,
      reason TEXT,
      PRIMARY KEY (conversation_id, seq),
      CHECK ((kind = 'append') = (message_id IS NOT NULL)),
      CHECK ((kind = 'append') = (seq > 0))
    ) STRICT, WITHOUT ROWID;
    INSERT INTO new_outbox (conversation_id, seq, kind, message_id, state, is_ready, attempts, not_before, sent_at, fence,
        reason)
      SELECT conversation_id, seq, kind, message_id, state, is_ready, attempts, not_before, sent_at, fence, reason
      FROM outbox ORDER BY conversation_id, seq;
    DROP TABLE outbox;
    ALTER TABLE new_outbox RENAME TO outbox;
  `,
};
