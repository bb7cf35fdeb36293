import type { Migration } from './migration.ts';

/**
 * A row of the outbox goes with its message by a trigger, which finds it by its key. The reference that refused the
 * removal of a message had no index: each message of a purge read the whole queue (decision 0038). An edit knows which
 * attachments of the earlier version it goes without.
 */
export const leaving: Migration = {
  version: 14,
  sql: `
    CREATE TABLE new_outbox (
      conversation_id TEXT NOT NULL REFERENCES conversations (id),
      seq INTEGER NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('create', 'append', 'fields')),
      message_id TEXT,
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
    CREATE TRIGGER outbox_leaves AFTER DELETE ON messages
      BEGIN DELETE FROM outbox WHERE conversation_id = old.conversation_id AND seq = old.n; END;
    ALTER TABLE edits ADD COLUMN dropped TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(dropped));
  `,
};
