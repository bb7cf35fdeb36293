import type { Migration } from './migration.ts';

/** Finds the few messages that continue, replace or restore others, and keeps the text of an edit beside the draft. */
export const turns: Migration = {
  version: 8,
  sql: `
    CREATE INDEX messages_linked ON messages (conversation_id) WHERE json_extract(metadata, '$.navi') IS NOT NULL;
    CREATE TABLE edits (
      conversation_id TEXT PRIMARY KEY REFERENCES conversations (id),
      replaces TEXT NOT NULL,
      message_id TEXT NOT NULL,
      text TEXT NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT;
  `,
};
