import type { Migration } from './migration.ts';

/**
 * What is attached to drafts and messages; the contents are blobs. A message's attachment without one is that of another
 * machine, which kept the content.
 */
export const attachments: Migration = {
  version: 11,
  sql: `
    CREATE TABLE draft_attachments (
      conversation_id TEXT NOT NULL REFERENCES conversations (id),
      id TEXT NOT NULL,
      n INTEGER NOT NULL,
      data TEXT NOT NULL CHECK (json_valid(data)),
      blob TEXT NOT NULL REFERENCES blobs (hash),
      PRIMARY KEY (conversation_id, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE message_attachments (
      message_id TEXT NOT NULL REFERENCES messages (id),
      id TEXT NOT NULL,
      n INTEGER NOT NULL,
      data TEXT NOT NULL CHECK (json_valid(data)),
      blob TEXT REFERENCES blobs (hash),
      PRIMARY KEY (message_id, id)
    ) STRICT, WITHOUT ROWID;
    ${['draft_attachments', 'message_attachments'].map(referring).join('\n')}
  `,
};

function referring(table: string): string {
  return `
    CREATE INDEX ${table}_by_blob ON ${table} (blob) WHERE blob IS NOT NULL;
    CREATE TRIGGER ${table}_let_go AFTER DELETE ON ${table} WHEN old.blob IS NOT NULL
      BEGIN INSERT INTO unused_blobs SELECT old.blob
        WHERE NOT EXISTS (SELECT 1 FROM unused_blobs WHERE hash = old.blob); END;`;
}
