import type { Migration } from './migration.ts';

/** When a deletion from elsewhere was outlived by a message that was written here, until the user has taken note of it. */
export const returns: Migration = {
  version: 18,
  sql: 'ALTER TABLE conversations ADD COLUMN returned_at INTEGER;',
};
