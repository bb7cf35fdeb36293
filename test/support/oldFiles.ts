/** Files as older NAVIs left them, with a row of every table, written in the schema of their time. */
import { hostname } from 'node:os';
import { contentHash } from '../../src/model/hash.ts';
import type { Activity, CommandPanel } from '../../src/model/activity.ts';
import type { Attachment } from '../../src/model/attachment.ts';
import type { MessageStatus, Role } from '../../src/model/message.ts';
import { UNNUMBERED } from '../../src/model/order.ts';
import { putBlob } from '../../src/store/sqlite/blobs.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate, VERSIONS } from '../../src/store/sqlite/migrations/migrate.ts';

const AT = 1_700_000_000_000;

interface OldMessage {
  readonly id: string;
  readonly conversation: string;
  readonly role: Role;
  readonly content: string;
  readonly status?: MessageStatus;
  readonly isThere?: boolean;
  readonly activities?: readonly Activity[];
  readonly commands?: readonly CommandPanel[];
  readonly attachments?: readonly Attachment[];
}

const MESSAGES: readonly OldMessage[] = [
  { id: 'm1', conversation: 'c1', role: 'user', content: 'an old prompt', isThere: true },
  {
    id: 'm2',
    conversation: 'c1',
    role: 'assistant',
    content: 'an old reply',
    isThere: true,
    activities: [{ id: 'a', kind: 'read', label: 'Read a file', status: 'done' }],
    commands: [{ id: 'c', command: 'make', output: 'made\n'.repeat(4_000), status: 'done', exitCode: 0 }],
  },
  { id: 'm3', conversation: 'c1', role: 'user', content: 'under way' },
  { id: 'm4', conversation: 'c1', role: 'assistant', content: '', status: 'streaming' },
  { id: 'm5', conversation: 'c2', role: 'user', content: 'words 語 that wait 🙂' },
  { id: 'm6', conversation: 'c3', role: 'user', content: 'deleted words', isThere: true },
];

/** What a window shows of the file, whatever schema it had. */
export const SHOWN: Readonly<Record<string, readonly string[]>> = {
  c1: ['an old prompt', 'an old reply', 'under way', 'half a reply'],
  c2: ['words 語 that wait 🙂'],
  c3: ['deleted words'],
};
export const DRAFT = { messageId: 'd1', text: 'a draft' };

/** What each later schema can hold that the ones before could not. */
const LATER: Readonly<Record<number, (db: Connection) => void>> = {
  2: (db) =>
    db.exec(`INSERT INTO tombstones (kind, id, conversation_id, account, remote_id, purged_at)
      VALUES ('conversation', 'gone', 'gone', 'account', 'r-gone', ${AT})`),
  5: (db) => db.exec(`UPDATE conversations SET deleted_by = 'act' WHERE id = 'c3'`),
  6: (db) => {
    db.exec(`INSERT INTO workspaces VALUES ('w', 'folder', '{"folders":["file:///folder"]}', ${AT}, ${AT})`);
    db.exec(`UPDATE conversations SET tags = '["one"]', is_renamed = 1, workspace_id = 'w' WHERE id = 'c1'`);
  },
  8: (db) => db.exec(`INSERT INTO edits VALUES ('c1', 'm1', 'e1', 'an edit', ${AT})`),
  9: (db) => db.exec(`INSERT INTO quarantine VALUES ('m6', ${AT})`),
  10: (db) => {
    const hash = putBlob(db, Buffer.from('{"kept":"apart"}'));
    db.run(`UPDATE activities SET extra_blob = ? WHERE id = 'a'`, hash);
    const [data] = db.all<{ data: string }>(`SELECT data FROM activities WHERE id = 'a'`);
    const activity = { ...(JSON.parse(data?.data ?? '{}') as Activity), extra: { kept: 'apart' } };
    db.run(
      `UPDATE messages SET hash = ? WHERE id = 'm2'`,
      hashOf({ ...mustFind('m2'), activities: [activity] }),
    );
    db.run('INSERT INTO unused_blobs VALUES (?)', putBlob(db, Buffer.from('held by nothing')));
    const growing: CommandPanel = { id: 'g', command: 'ls', output: '', status: 'running' };
    db.run(
      `INSERT INTO command_panels (message_id, id, n, data) VALUES ('m4', 'g', 1, ?)`,
      JSON.stringify(growing),
    );
    db.exec(`INSERT INTO part_pieces VALUES ('m4', 'command_panels', 'g', 1, 'piece')`);
  },
  11: (db) => {
    const content = Buffer.from('what was attached');
    const hash = putBlob(db, content);
    const attachment: Attachment = {
      id: 'f',
      kind: 'text',
      name: 'note.txt',
      mime: 'text/plain',
      size: content.length,
      hash,
    };
    const data = JSON.stringify(attachment);
    db.run(`INSERT INTO message_attachments VALUES ('m1', 'f', 1, ?, ?)`, data, hash);
    db.run(`INSERT INTO draft_attachments VALUES ('c2', 'f', 1, ?, ?)`, data, hash);
    db.run(
      `UPDATE messages SET hash = ? WHERE id = 'm1'`,
      hashOf({ ...mustFind('m1'), attachments: [attachment] }),
    );
  },
  14: (db) => db.exec(`UPDATE edits SET dropped = '["f"]'`),
  16: (db) => {
    db.exec(`INSERT INTO feeds VALUES ('account', 'e.1', 1)`);
    db.exec(`UPDATE conversations SET remote_count = 3, older_cursor = 'm.1' WHERE id = 'c1'`);
  },
  20: (db) => {
    db.exec(`UPDATE conversations SET clocks = '{"title":${AT * 1000}}' WHERE id = 'c1'`);
    db.exec(`INSERT INTO conflicts (conversation_id, field, kept, other, found_at)
      VALUES ('c1', 'title', '"First"', '"Another"', ${AT})`);
  },
  21: (db) => {
    db.exec(`INSERT INTO doubts VALUES ('c1', 'm1', ${AT}, 0)`);
    db.exec(`UPDATE conversations SET lost_ids = '["r0"]' WHERE id = 'c1'`);
    db.exec(`UPDATE messages SET is_own = 1, resent_at = ${AT * 1000 + 9} WHERE id = 'm2'`);
    db.exec(`UPDATE outbox SET held_until = 1 WHERE message_id = 'm3'`);
  },
  22: (db) => db.exec(`UPDATE conversations SET is_own = 1 WHERE id = 'c1'`),
};

/** A file of this schema, that its host left open when it died. */
export function makeOldFile(file: string, version: number): void {
  const db = new Connection(file, () => undefined);
  migrate(db, 1);
  db.write(() => fillFirst(db));
  for (const next of VERSIONS.filter((known) => known > 1 && known <= version)) {
    migrate(db, next);
    db.write(() => LATER[next]?.(db));
  }
  db.close();
}

function fillFirst(db: Connection): void {
  const fields = JSON.stringify({ title: 'First', status: 'active', isPinned: true, isStarred: false });
  db.exec(`INSERT INTO conversations (id, title, status, is_pinned, created_at, updated_at, workspace, message_count,
      last_hlc, account, remote_id, remote_updated_at, base) VALUES
    ('c1', 'First', 'active', 1, ${AT}, ${AT + 4}, '{"name":"folder","folders":["file:///folder"]}', 4, ${AT * 1000 + 9},
      'account', 'r1', 'u1', '${fields}'),
    ('c2', 'Second', 'archived', 0, ${AT}, ${AT + 5}, NULL, 1, ${AT * 1000 + 9}, NULL, NULL, NULL, NULL),
    ('c3', 'Third', 'deleted', 0, ${AT}, ${AT + 6}, NULL, 1, ${AT * 1000 + 9}, 'account', 'r3', 'u3', '${fields}')`);
  MESSAGES.forEach((message, n) => insert(db, message, n));
  db.exec(`INSERT INTO message_pieces VALUES ('m4', 1, 'half '), ('m4', 2, 'a reply');
    INSERT INTO outbox (kind, conversation_id, message_id, state, is_ready, attempts, sent_at, fence, reason) VALUES
      ('append', 'c1', 'm3', 'sending', 1, 1, ${AT}, 3, NULL), ('append', 'c1', 'm4', 'queued', 0, 0, NULL, NULL, NULL),
      ('create', 'c2', NULL, 'unknown', 1, 2, ${AT}, 2, 'No answer.'), ('append', 'c2', 'm5', 'queued', 1, 0, NULL, NULL, NULL),
      ('fields', 'c3', NULL, 'parked', 1, 1, ${AT}, 3, 'Refused.');
    INSERT INTO drafts VALUES ('c2', '${DRAFT.messageId}', '${DRAFT.text}', ${AT});
    INSERT INTO leases VALUES ('sync', 'old-host', 3, ${AT + 30_000}, 999999999, '${hostname()}');
    INSERT INTO sessions VALUES ('old-host', 999999999, '${hostname()}', ${AT});
    INSERT INTO accounts VALUES ('account', ${AT});
    INSERT INTO meta VALUES ('sync.link', '{"link":"up","detail":""}')`);
}

function insert(db: Connection, message: OldMessage, n: number): void {
  const { id, conversation, role, content, status = 'complete', isThere = false } = message;
  const isOpen = status === 'streaming';
  db.run(
    `INSERT INTO messages (id, conversation_id, role, content, status, created_at, hlc, server_order, hash, owner, remote_id,
       is_confirmed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    conversation,
    role,
    content,
    status,
    AT + n,
    AT * 1000 + n,
    isThere ? AT * 1000 + n : UNNUMBERED,
    isOpen ? null : hashOf(message),
    isOpen ? 'old-host' : null,
    isThere ? `r-${id}` : null,
    Number(isThere),
  );
  for (const [table, parts] of [
    ['activities', message.activities ?? []],
    ['command_panels', message.commands ?? []],
  ] as const)
    for (const part of parts)
      db.run(
        `INSERT INTO ${table} (message_id, id, n, data) VALUES (?, ?, 1, ?)`,
        id,
        part.id,
        JSON.stringify(part),
      );
}

function hashOf(message: OldMessage): string {
  const { role, content, status = 'complete', activities = [], commands = [], attachments = [] } = message;
  return contentHash({ role, content, status, activities, commands, attachments, metadata: {} });
}

function mustFind(id: string): OldMessage {
  const found = MESSAGES.find((message) => message.id === id);
  if (found === undefined) throw new Error('There is no such message.');
  return found;
}
