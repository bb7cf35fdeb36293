import type { Migration } from './migration.ts';

/**
 * Messages whose words are not those that were saved, until a sound copy mends them. The index of linked messages no
 * longer breaks on metadata that is no JSON: nothing of such a row could be changed. `file.id` names the file, so that
 * a write-ahead log of another one is noticed.
 */
export const quarantine: Migration = {
  version: 9,
  sql: `
    CREATE TABLE quarantine (
      message_id TEXT PRIMARY KEY REFERENCES messages (id),
      found_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    DROP INDEX messages_linked;
    CREATE INDEX messages_linked ON messages (conversation_id)
      WHERE CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.navi') END IS NOT NULL;
    INSERT OR IGNORE INTO meta (key, value) VALUES ('file.id', lower(hex(randomblob(16))));
  `,
};
