import type { Migration } from './migration.ts';

/** Conversations, messages with their activities and command panels, drafts, the outbox and its lease. */
export const initial: Migration = {
  version: 1,
  sql: `
    CREATE TABLE conversations (
      id TEXT PRIMARY KEY,
      title TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('active', 'archived', 'deleted')),
      is_pinned INTEGER NOT NULL DEFAULT 0 CHECK (is_pinned IN (0, 1)),
      is_starred INTEGER NOT NULL DEFAULT 0 CHECK (is_starred IN (0, 1)),
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      workspace TEXT CHECK (workspace IS NULL OR json_valid(workspace)),
      message_count INTEGER NOT NULL DEFAULT 0,
      last_hlc INTEGER NOT NULL DEFAULT 0,
      account TEXT,
      remote_id TEXT,
      remote_updated_at TEXT,
      base TEXT CHECK (base IS NULL OR json_valid(base))
    ) STRICT;
    CREATE INDEX conversations_by_list ON conversations (status, is_pinned DESC, updated_at DESC, id);
    CREATE UNIQUE INDEX conversations_by_remote ON conversations (account, remote_id) WHERE remote_id IS NOT NULL;

    CREATE TABLE messages (
      id TEXT PRIMARY KEY,
      conversation_id TEXT NOT NULL REFERENCES conversations (id),
      role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
      content TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('streaming', 'complete', 'interrupted', 'failed')),
      metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
      created_at INTEGER NOT NULL,
      hlc INTEGER NOT NULL,
      server_order INTEGER NOT NULL,
      hash TEXT,
      owner TEXT,
      remote_id TEXT,
      is_confirmed INTEGER NOT NULL DEFAULT 0 CHECK (is_confirmed IN (0, 1)),
      reply_problem TEXT
    ) STRICT;
    CREATE UNIQUE INDEX messages_by_position ON messages (conversation_id, server_order, hlc, id);
    CREATE UNIQUE INDEX messages_by_remote ON messages (conversation_id, remote_id) WHERE remote_id IS NOT NULL;
    CREATE INDEX messages_open ON messages (owner) WHERE owner IS NOT NULL;

    CREATE TABLE message_pieces (
      message_id TEXT NOT NULL REFERENCES messages (id),
      n INTEGER NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (message_id, n)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE activities (
      message_id TEXT NOT NULL REFERENCES messages (id),
      id TEXT NOT NULL,
      n INTEGER NOT NULL,
      data TEXT NOT NULL CHECK (json_valid(data)),
      PRIMARY KEY (message_id, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE command_panels (
      message_id TEXT NOT NULL REFERENCES messages (id),
      id TEXT NOT NULL,
      n INTEGER NOT NULL,
      data TEXT NOT NULL CHECK (json_valid(data)),
      PRIMARY KEY (message_id, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE drafts (
      conversation_id TEXT PRIMARY KEY REFERENCES conversations (id),
      message_id TEXT NOT NULL,
      text TEXT NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE outbox (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL CHECK (kind IN ('create', 'append', 'fields')),
      conversation_id TEXT NOT NULL REFERENCES conversations (id),
      message_id TEXT REFERENCES messages (id),
      state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'unknown', 'parked')),
      is_ready INTEGER NOT NULL DEFAULT 1 CHECK (is_ready IN (0, 1)),
      attempts INTEGER NOT NULL DEFAULT 0,
      not_before INTEGER NOT NULL DEFAULT 0,
      sent_at INTEGER,
      fence INTEGER,
      reason TEXT,
      CHECK ((kind = 'append') = (message_id IS NOT NULL))
    ) STRICT;
    CREATE INDEX outbox_by_conversation ON outbox (conversation_id, seq);
    CREATE UNIQUE INDEX outbox_by_message ON outbox (message_id) WHERE message_id IS NOT NULL;
    CREATE INDEX outbox_appends ON outbox (conversation_id) WHERE message_id IS NOT NULL;
    CREATE UNIQUE INDEX outbox_single ON outbox (conversation_id, kind) WHERE message_id IS NULL;

    CREATE TABLE leases (
      name TEXT PRIMARY KEY,
      holder TEXT NOT NULL,
      token INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      pid INTEGER NOT NULL,
      host TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sessions (
      id TEXT PRIMARY KEY,
      pid INTEGER NOT NULL,
      host TEXT NOT NULL,
      heartbeat_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE accounts (
      key TEXT PRIMARY KEY,
      confirmed_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE meta (
      key TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT;
  `,
};
