import type { Migration } from './migration.ts';

/** Whether a conversation was begun on this machine: then it is this one that begins it again where a backend has lost it. */
export const begun: Migration = {
  version: 22,
  sql: `ALTER TABLE conversations ADD COLUMN is_own INTEGER NOT NULL DEFAULT 0 CHECK (is_own IN (0, 1));`,
};
