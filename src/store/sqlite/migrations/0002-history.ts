import type { Migration } from './migration.ts';

/**
 * Rebuilds conversations, messages and the outbox. Rows get a number (`n`) that VACUUM keeps, for the search index and
 * the outbox: a row of the outbox has the number of what it sends, so that an append touches two indexes of it less.
 * Adds what the trash, tags, unread marks and the identity of a workspace need.
 */
export const history: Migration = {
  version: 2,
  sql: `
    CREATE TABLE new_conversations (
      n INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      title TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('active', 'archived', 'deleted')),
      is_pinned INTEGER NOT NULL DEFAULT 0 CHECK (is_pinned IN (0, 1)),
      is_starred INTEGER NOT NULL DEFAULT 0 CHECK (is_starred IN (0, 1)),
      is_unread INTEGER NOT NULL DEFAULT 0 CHECK (is_unread IN (0, 1)),
      tags TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(tags)),
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      deleted_at INTEGER,
      deleted_from TEXT CHECK (deleted_from IN ('active', 'archived')),
      workspace TEXT CHECK (workspace IS NULL OR json_valid(workspace)),
      workspace_id TEXT,
      message_count INTEGER NOT NULL DEFAULT 0,
      last_hlc INTEGER NOT NULL DEFAULT 0,
      account TEXT,
      remote_id TEXT,
      remote_updated_at TEXT,
      base TEXT CHECK (base IS NULL OR json_valid(base))
    ) STRICT;
    INSERT INTO new_conversations (id, title, status, is_pinned, is_starred, created_at, updated_at, deleted_at,
        deleted_from, workspace, message_count, last_hlc, account, remote_id, remote_updated_at, base)
      SELECT id, title, status, is_pinned, is_starred, created_at, updated_at,
        CASE status WHEN 'deleted' THEN updated_at END, CASE status WHEN 'deleted' THEN 'active' END, workspace,
        message_count, last_hlc, account, remote_id, remote_updated_at, base
      FROM conversations ORDER BY rowid;

    CREATE TABLE new_messages (
      n INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
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
      reply_problem TEXT,
      ended_at INTEGER,
      trashed_at INTEGER,
      trashed_by TEXT
    ) STRICT;
    INSERT INTO new_messages (id, conversation_id, role, content, status, metadata, created_at, hlc, server_order, hash,
        owner, remote_id, is_confirmed, reply_problem)
      SELECT id, conversation_id, role, content, status, metadata, created_at, hlc, server_order, hash, owner, remote_id,
        is_confirmed, reply_problem
      FROM messages ORDER BY rowid;

    CREATE TABLE new_outbox (
      seq INTEGER PRIMARY KEY,
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
      CHECK ((kind = 'append') = (message_id IS NOT NULL)),
      CHECK ((kind = 'append') = (seq > 0))
    ) STRICT;
    INSERT INTO new_outbox (seq, kind, conversation_id, message_id, state, is_ready, attempts, not_before, sent_at, fence,
        reason)
      SELECT CASE o.kind WHEN 'append' THEN m.n WHEN 'create' THEN -2 * c.n ELSE -2 * c.n - 1 END,
        o.kind, o.conversation_id, o.message_id, o.state, o.is_ready, o.attempts, o.not_before, o.sent_at, o.fence, o.reason
      FROM outbox o JOIN new_conversations c ON c.id = o.conversation_id LEFT JOIN new_messages m ON m.id = o.message_id
      ORDER BY o.seq;

    DROP TABLE outbox;
    DROP TABLE messages;
    DROP TABLE conversations;
    ALTER TABLE new_conversations RENAME TO conversations;
    ALTER TABLE new_messages RENAME TO messages;
    ALTER TABLE new_outbox RENAME TO outbox;

    CREATE INDEX conversations_by_list ON conversations (status, is_pinned DESC, updated_at DESC, id);
    CREATE UNIQUE INDEX conversations_by_remote ON conversations (account, remote_id) WHERE remote_id IS NOT NULL;
    CREATE UNIQUE INDEX messages_by_position ON messages (conversation_id, server_order, hlc, id);
    CREATE UNIQUE INDEX messages_by_remote ON messages (conversation_id, remote_id) WHERE remote_id IS NOT NULL;
    CREATE INDEX messages_open ON messages (owner) WHERE owner IS NOT NULL;
    CREATE INDEX messages_trashed ON messages (conversation_id, trashed_by) WHERE trashed_at IS NOT NULL;
    CREATE INDEX outbox_by_conversation ON outbox (conversation_id, seq);

    CREATE TABLE tombstones (
      kind TEXT NOT NULL CHECK (kind IN ('conversation', 'message')),
      id TEXT NOT NULL,
      conversation_id TEXT NOT NULL,
      account TEXT,
      remote_id TEXT,
      purged_at INTEGER NOT NULL,
      PRIMARY KEY (kind, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX tombstones_by_remote ON tombstones (kind, account, remote_id) WHERE remote_id IS NOT NULL;
  `,
};
