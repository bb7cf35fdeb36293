/** I9: everything that can be said about a file without knowing what was written into it. */
import assert from 'node:assert/strict';
import { indexSome } from '../../src/store/sqlite/search/indexer.ts';
import { hasIndex } from '../../src/store/sqlite/search/table.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { Source, textOf } from '../../src/store/sqlite/maintenance/source.ts';

/** Rows that must not exist, each with the rule that they break. */
const NONE: Readonly<Record<string, string>> = {
  'a conversation counts its messages':
    'SELECT id FROM conversations c WHERE message_count <> (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id)',
  'a message that is on no server waits for it':
    'SELECT m.id FROM messages m LEFT JOIN outbox o ON o.seq = m.n WHERE m.remote_id IS NULL AND m.is_confirmed = 0 AND o.seq IS NULL',
  'a message that is there waits no more':
    'SELECT m.id FROM messages m JOIN outbox o ON o.seq = m.n WHERE m.remote_id IS NOT NULL OR m.is_confirmed = 1',
  'what waits in a conversation that is on no server waits behind its creation': `SELECT o.seq FROM outbox o JOIN conversations c ON c.id = o.conversation_id
     WHERE o.kind = 'append' AND c.remote_id IS NULL AND NOT EXISTS
       (SELECT 1 FROM outbox h WHERE h.conversation_id = c.id AND h.kind = 'create')`,
  'what waits has the number of its message':
    "SELECT o.seq FROM outbox o LEFT JOIN messages m ON m.n = o.seq WHERE o.kind = 'append' AND m.id IS NOT o.message_id",
  'what may be sent is settled, and what is settled may be sent':
    "SELECT m.id FROM messages m JOIN outbox o ON o.seq = m.n WHERE o.kind = 'append' AND o.is_ready <> (m.owner IS NULL)",
  'only an open message has pieces':
    'SELECT p.message_id FROM message_pieces p JOIN messages m ON m.id = p.message_id WHERE m.owner IS NULL',
  'only an open message has no hash': 'SELECT id FROM messages WHERE (hash IS NULL) <> (owner IS NOT NULL)',
  'no draft of a message that was sent':
    'SELECT d.message_id FROM drafts d JOIN messages m ON m.id = d.message_id',
  'a large text is held by something, or noted to be removed': `SELECT hash FROM blobs WHERE hash NOT IN (SELECT hash FROM unused_blobs)
     AND NOT EXISTS (SELECT 1 FROM activities WHERE text_blob = hash OR extra_blob = hash)
     AND NOT EXISTS (SELECT 1 FROM command_panels WHERE text_blob = hash OR extra_blob = hash)
     AND NOT EXISTS (SELECT 1 FROM message_attachments WHERE blob = hash)
     AND NOT EXISTS (SELECT 1 FROM draft_attachments WHERE blob = hash)`,
  'only what runs in an open message grows': `SELECT p.message_id FROM part_pieces p JOIN messages m ON m.id = p.message_id WHERE m.owner IS NULL`,
  'a conversation counts its bytes':
    'SELECT id FROM conversations c WHERE bytes <> (SELECT coalesce(sum(m.bytes), 0) FROM messages m WHERE m.conversation_id = c.id)',
  'a clock is not behind its messages':
    'SELECT c.id FROM conversations c JOIN messages m ON m.conversation_id = c.id WHERE m.hlc > c.last_hlc',
};

export function assertSound(file: string): void {
  const db = new Connection(file, () => undefined);
  try {
    assert.deepEqual(
      db.all<{ integrity_check: string }>('PRAGMA integrity_check').map((row) => row.integrity_check),
      ['ok'],
    );
    assert.deepEqual(db.all('PRAGMA foreign_key_check'), []);
    for (const [rule, sql] of Object.entries(NONE)) assert.deepEqual(db.all(sql), [], rule);
    assertIndexed(db);
  } finally {
    db.close();
  }
  assertHashed(file);
}

/** The index takes up what is missing, is whole, and has a row for what has words and no other. */
function assertIndexed(db: Connection): void {
  const endless = { rows: 10_000, until: Number.MAX_SAFE_INTEGER, now: () => 0 };
  while (indexSome(db, endless));
  if (!hasIndex(db)) return;
  db.run("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)");
  const stray = db.all(
    `SELECT rowid FROM search WHERE rowid > 0 AND rowid NOT IN (SELECT n FROM messages WHERE owner IS NULL)
       OR rowid < 0 AND -rowid NOT IN (SELECT n FROM conversations)`,
  );
  assert.deepEqual(stray, [], 'the index holds nothing that is not there');
  const missing = db.all(
    `SELECT n, id, role, status, length(content) AS length, (SELECT indexed_to FROM search_state) AS indexed_to
     FROM messages WHERE owner IS NULL AND content GLOB '*[a-z]*' AND n NOT IN (SELECT rowid FROM search)`,
  );
  assert.deepEqual(missing, [], 'the index lacks nothing that is there');
}

function assertHashed(file: string): void {
  const source = Source.open(file, 'live');
  assert.ok(source !== undefined, 'the file can be read');
  try {
    for (const batch of source.messages())
      for (const { row, verdict } of batch) assert.notEqual(verdict, 'damaged', textOf(row['id']));
    assert.equal(source.unreadable, 0);
  } finally {
    source.close();
  }
}
