import type { Migration } from './migration.ts';

/** A clock for each field that the user changes, and what merging two machines' changes dropped. */
export const clocks: Migration = {
  version: 20,
  sql: `
    ALTER TABLE conversations ADD COLUMN clocks TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(clocks));
    CREATE TABLE conflicts (
      n INTEGER PRIMARY KEY AUTOINCREMENT,
      conversation_id TEXT NOT NULL REFERENCES conversations (id),
      field TEXT NOT NULL CHECK (field IN ('title', 'status', 'isPinned', 'isStarred')),
      kept TEXT NOT NULL CHECK (json_valid(kept)),
      other TEXT NOT NULL CHECK (json_valid(other)),
      found_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX conflicts_by_conversation ON conflicts (conversation_id);
  `,
};
