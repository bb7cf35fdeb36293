import type { Migration } from './migration.ts';

/**
 * What the full-text index has still to take up: messages above `indexed_to`, and the rows of `search_dirty` (messages
 * by their number, titles by minus the conversation's). Triggers note what changes later, so that no writer can forget
 * it. The index itself is made by the indexer: a SQLite without FTS5 must still open the file.
 */
export const search: Migration = {
  version: 3,
  sql: `
    CREATE TABLE search_state (
      only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
      indexed_to INTEGER NOT NULL,
      text_version INTEGER NOT NULL
    ) STRICT;
    INSERT INTO search_state VALUES (1, 0, 0);
    CREATE TABLE search_dirty (n INTEGER PRIMARY KEY) STRICT;
    INSERT INTO search_dirty SELECT -n FROM conversations;

    CREATE TRIGGER search_message_settled AFTER UPDATE OF content, owner ON messages
      WHEN new.owner IS NULL AND (old.owner IS NOT NULL OR old.content <> new.content)
      BEGIN INSERT OR IGNORE INTO search_dirty VALUES (new.n); END;
    CREATE TRIGGER search_message_deleted AFTER DELETE ON messages
      BEGIN INSERT OR IGNORE INTO search_dirty VALUES (old.n); END;
    CREATE TRIGGER search_title_added AFTER INSERT ON conversations
      BEGIN INSERT OR IGNORE INTO search_dirty VALUES (-new.n); END;
    CREATE TRIGGER search_title_changed AFTER UPDATE OF title ON conversations WHEN old.title <> new.title
      BEGIN INSERT OR IGNORE INTO search_dirty VALUES (-new.n); END;
    CREATE TRIGGER search_title_deleted AFTER DELETE ON conversations
      BEGIN INSERT OR IGNORE INTO search_dirty VALUES (-old.n); END;
  `,
};
