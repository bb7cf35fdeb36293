import type { Migration } from './migration.ts';

/**
 * Whether a conversation's beginning is missing here: a backend shows the newest messages only, and the others have to be
 * asked for elsewhere (`wanted`) or cannot be had (`unavailable`).
 */
export const older: Migration = {
  version: 15,
  sql: `ALTER TABLE conversations ADD COLUMN older TEXT CHECK (older IN ('wanted', 'unavailable'));`,
};
