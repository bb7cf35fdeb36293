import type { Migration } from './migration.ts';

/**
 * Where the feed of changes of each account was left. `remote_count`: how many messages of a conversation the backend has
 * said to hold, until that was compared with what is here. `older_cursor`: how far the way to its beginning was gone.
 */
export const feeds: Migration = {
  version: 16,
  sql: `
    CREATE TABLE feeds (
      account TEXT PRIMARY KEY,
      cursor TEXT,
      takes_purges INTEGER NOT NULL DEFAULT 0 CHECK (takes_purges IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    ALTER TABLE conversations ADD COLUMN remote_count INTEGER;
    ALTER TABLE conversations ADD COLUMN older_cursor TEXT;
    CREATE INDEX conversations_to_read ON conversations (account)
      WHERE older = 'wanted' OR remote_count IS NOT NULL;
  `,
};
