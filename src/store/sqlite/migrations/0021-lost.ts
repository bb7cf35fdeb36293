import type { Migration } from './migration.ts';

/**
 * What a backend has lost is found by two readings that agree: `doubts` has what one of them lacked, by message, or a whole
 * conversation under an empty id. `lost_ids`: ids there under which a conversation was lost. `resent_at` of a message that keeps
 * the number it was shown under though the backend gave it another: that one, 0 while it has none. `held_until` of a row that
 * sends again what was lost: the time before which it leaves that to the machine which wrote it (1: at once).
 */
export const lost: Migration = {
  version: 21,
  sql: `
    CREATE TABLE doubts (
      conversation_id TEXT NOT NULL REFERENCES conversations (id),
      message_id TEXT NOT NULL,
      since INTEGER NOT NULL,
      is_agreed INTEGER NOT NULL DEFAULT 0 CHECK (is_agreed IN (0, 1)),
      PRIMARY KEY (conversation_id, message_id)
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE conversations ADD COLUMN lost_ids TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(lost_ids));
    ALTER TABLE messages ADD COLUMN is_own INTEGER NOT NULL DEFAULT 0 CHECK (is_own IN (0, 1));
    ALTER TABLE messages ADD COLUMN resent_at INTEGER;
    CREATE INDEX messages_resent ON messages (conversation_id, resent_at) WHERE resent_at IS NOT NULL;
    ALTER TABLE outbox ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;
  `,
};
