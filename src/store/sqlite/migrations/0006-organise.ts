import type { Migration } from './migration.ts';

/** Workspaces with an id that outlives their folders' names, titles that a user gave, and indexes for tags and unread. */
export const organise: Migration = {
  version: 6,
  sql: `
    CREATE TABLE workspaces (
      id TEXT PRIMARY KEY,
      name TEXT NOT NULL,
      evidence TEXT NOT NULL CHECK (json_valid(evidence)),
      first_seen_at INTEGER NOT NULL,
      last_seen_at INTEGER
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE conversations ADD COLUMN is_renamed INTEGER NOT NULL DEFAULT 0 CHECK (is_renamed IN (0, 1));
    CREATE INDEX conversations_unread ON conversations (status) WHERE is_unread = 1;
    CREATE INDEX conversations_tagged ON conversations (status, tags) WHERE tags <> '[]';
    CREATE INDEX conversations_by_workspace ON conversations (workspace_id) WHERE workspace_id IS NOT NULL;
    CREATE INDEX conversations_unplaced ON conversations (workspace)
      WHERE workspace_id IS NULL AND workspace IS NOT NULL;
  `,
};
