import type { Migration } from './migration.ts';

/**
 * `deleted_by` names the act that deleted, so that Undo brings back exactly what that act took. A tombstone is final
 * when the user removed the conversation, not age. What was deleted before there was a trash has its whole time in it.
 */
export const trash: Migration = {
  version: 5,
  sql: `
    ALTER TABLE conversations ADD COLUMN deleted_by TEXT;
    ALTER TABLE tombstones ADD COLUMN is_final INTEGER NOT NULL DEFAULT 1 CHECK (is_final IN (0, 1));
    UPDATE conversations SET deleted_at = unixepoch() * 1000, deleted_from = coalesce(deleted_from, 'active')
      WHERE status = 'deleted';
    CREATE INDEX conversations_by_deletion ON conversations (deleted_at DESC, n DESC) WHERE status = 'deleted';
    CREATE INDEX conversations_by_act ON conversations (deleted_by) WHERE deleted_by IS NOT NULL;
  `,
};
