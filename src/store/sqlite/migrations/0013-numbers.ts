import type { Migration } from './migration.ts';

/**
 * A number may be given again once no message above it is left. So the mark of the search index goes down with the newest
 * message at once: until the indexer's next turn, a new message could take a number below the mark and never be indexed. What that has left out of the index is taken up anew.
 */
export const numbers: Migration = {
  version: 13,
  sql: `
    DROP TRIGGER search_message_deleted;
    CREATE TRIGGER search_message_deleted AFTER DELETE ON messages
      BEGIN
        INSERT OR IGNORE INTO search_dirty VALUES (old.n);
        UPDATE search_state SET indexed_to = (SELECT coalesce(max(n), 0) FROM messages)
          WHERE indexed_to > (SELECT coalesce(max(n), 0) FROM messages);
      END;
    UPDATE search_state SET indexed_to = 0;
  `,
};
