import type { Migration } from './migration.ts';

/**
 * Large texts apart from the rows that show them, each once whatever shows it (decision 0022). A part whose text is
 * apart holds the text's beginning in `data` and its end in `apart`; while it grows its text is in `part_pieces`.
 * Triggers note what is let go of, and count the bytes of each conversation, so that no writer can forget it.
 * `messages.bytes` is NULL while a message is open and for what was stored before: those are taken up one by one later.
 */
export const blobs: Migration = {
  version: 10,
  sql: `
    CREATE TABLE blobs (
      n INTEGER PRIMARY KEY,
      hash TEXT NOT NULL UNIQUE,
      bytes INTEGER NOT NULL,
      encoding TEXT NOT NULL CHECK (encoding IN ('plain', 'deflate', 'zstd')),
      data BLOB NOT NULL
    ) STRICT;
    CREATE TABLE unused_blobs (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
    CREATE TABLE part_pieces (
      message_id TEXT NOT NULL REFERENCES messages (id),
      kind TEXT NOT NULL CHECK (kind IN ('activities', 'command_panels')),
      id TEXT NOT NULL,
      n INTEGER NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (message_id, kind, id, n)
    ) STRICT, WITHOUT ROWID;

    ALTER TABLE activities ADD COLUMN apart TEXT CHECK (apart IS NULL OR json_valid(apart));
    ALTER TABLE activities ADD COLUMN text_blob TEXT REFERENCES blobs (hash);
    ALTER TABLE activities ADD COLUMN extra_blob TEXT REFERENCES blobs (hash);
    ALTER TABLE command_panels ADD COLUMN apart TEXT CHECK (apart IS NULL OR json_valid(apart));
    ALTER TABLE command_panels ADD COLUMN text_blob TEXT REFERENCES blobs (hash);
    ALTER TABLE command_panels ADD COLUMN extra_blob TEXT REFERENCES blobs (hash);
    ${['activities', 'command_panels'].map(referring).join('\n')}

    ALTER TABLE conversations ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE messages ADD COLUMN bytes INTEGER;
    CREATE INDEX messages_uncounted ON messages (n) WHERE bytes IS NULL AND owner IS NULL;
    CREATE TRIGGER bytes_begin AFTER INSERT ON conversations WHEN new.bytes <> 0
      BEGIN UPDATE conversations SET bytes = 0 WHERE n = new.n; END;
    CREATE TRIGGER bytes_added AFTER INSERT ON messages WHEN new.bytes IS NOT NULL
      BEGIN UPDATE conversations SET bytes = bytes + new.bytes WHERE id = new.conversation_id; END;
    CREATE TRIGGER bytes_changed AFTER UPDATE OF bytes ON messages WHEN old.bytes IS NOT new.bytes
      BEGIN UPDATE conversations SET bytes = bytes + coalesce(new.bytes, 0) - coalesce(old.bytes, 0)
        WHERE id = new.conversation_id; END;
    CREATE TRIGGER bytes_removed AFTER DELETE ON messages WHEN old.bytes IS NOT NULL
      BEGIN UPDATE conversations SET bytes = bytes - old.bytes WHERE id = old.conversation_id; END;
  `,
};

function referring(table: string): string {
  // No OR IGNORE: the statement that fires a trigger may bring a policy for conflicts that replaces it.
  const noted = (column: string, condition: string): string =>
    `INSERT INTO unused_blobs SELECT old.${column} WHERE old.${column} IS NOT NULL ${condition}
       AND NOT EXISTS (SELECT 1 FROM unused_blobs WHERE hash = old.${column});`;
  return `
    CREATE INDEX ${table}_by_text ON ${table} (text_blob) WHERE text_blob IS NOT NULL;
    CREATE INDEX ${table}_by_extra ON ${table} (extra_blob) WHERE extra_blob IS NOT NULL;
    CREATE TRIGGER ${table}_let_go AFTER DELETE ON ${table}
      WHEN old.text_blob IS NOT NULL OR old.extra_blob IS NOT NULL
      BEGIN ${noted('text_blob', '')} ${noted('extra_blob', '')} END;
    CREATE TRIGGER ${table}_changed AFTER UPDATE ON ${table}
      WHEN old.text_blob IS NOT new.text_blob OR old.extra_blob IS NOT new.extra_blob
      BEGIN
        ${noted('text_blob', 'AND old.text_blob IS NOT new.text_blob')}
        ${noted('extra_blob', 'AND old.extra_blob IS NOT new.extra_blob')}
      END;`;
}
