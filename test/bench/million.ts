/**
 * A store file with a long history, made quickly: straight into the tables of the newest schema, index included. Made
 * once for each size and copied after that. `node test/bench/million.ts FILE [MESSAGES [CONVERSATIONS]]` makes one.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { contentHash } from '../../src/model/hash.ts';
import { indexTerms } from '../../src/model/searchText.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate, NEWEST } from '../../src/store/sqlite/migrations/migrate.ts';
import { startIndex, writeRow } from '../../src/store/sqlite/search/table.ts';
import { uuidOf, Writer } from './words.ts';

export interface History {
  readonly messages: number;
  readonly conversations: number;
}

/** 2024-01-01, milliseconds. */
const START = 1_704_067_200_000;
const STEP_MS = 60_000;
const ROWS_A_TRANSACTION = 20_000;

/** Path of a file with that history, for this run of the benchmarks alone: change it as you like. */
export function historyFile(folder: string, history: History): string {
  const file = path.join(folder, `history-${history.messages}.db`);
  mkdirSync(folder, { recursive: true });
  copyFileSync(cachedHistory(history), file);
  return file;
}

/** Path of the shared copy, which nobody may change. */
export function cachedHistory(history: History): string {
  const cache = path.join(os.tmpdir(), 'navi-bench-history');
  const name = `v${NEWEST}-${history.messages}-${history.conversations}.db`;
  const file = path.join(cache, name);
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(path.join(cache, 'making-'));
  try {
    makeHistory(path.join(scratch, name), history);
    renameSync(path.join(scratch, name), file);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return file;
}

/** The same history gives the same words each time. Message `n` has the id `uuidOf(n)`. */
export function makeHistory(file: string, { messages, conversations }: History): void {
  const db = new Connection(file, () => undefined);
  try {
    migrate(db);
    db.exec('PRAGMA synchronous=OFF; PRAGMA cache_size=-200000');
    db.write(() => startIndex(db));
    db.write(() => addConversations(db, conversations));
    const writer = new Writer(20_260_101);
    for (let from = 1; from <= messages; from += ROWS_A_TRANSACTION) {
      const to = Math.min(messages, from + ROWS_A_TRANSACTION - 1);
      db.write(() => {
        for (let n = from; n <= to; n += 1) addMessage(db, n, conversations, writer);
      });
    }
    db.write(() => finish(db, messages));
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

function addConversations(db: Connection, count: number): void {
  const writer = new Writer(7);
  for (let n = 1; n <= count; n += 1) {
    const title = writer.words(4);
    const id = uuidOf(-n);
    db.run(
      `INSERT INTO conversations (n, id, title, status, is_starred, created_at, updated_at, account, remote_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'account', ?)`,
      n,
      id,
      title,
      n % 10 === 0 ? 'archived' : 'active',
      Number(n % 25 === 0),
      START + n,
      START + n,
      `remote-${n}`,
    );
    writeRow(db, -n, indexTerms([title]));
  }
}

/** Prompts and replies in turn; the conversations take theirs in turn as well, one piece of history after the other. */
function addMessage(db: Connection, n: number, conversations: number, writer: Writer): void {
  const content = n % 2 === 1 ? writer.words(12) : writer.text(70);
  const createdAt = START + n * STEP_MS;
  const message = {
    role: n % 2 === 1 ? 'user' : 'assistant',
    content,
    status: 'complete',
    activities: [],
    commands: [],
    metadata: {},
  } as const;
  db.run(
    `INSERT INTO messages (n, id, conversation_id, role, content, status, created_at, hlc, server_order, hash, remote_id,
       is_confirmed) VALUES (?, ?, ?, ?, ?, 'complete', ?, ?, ?, ?, ?, 1)`,
    n,
    uuidOf(n),
    uuidOf(-(1 + (Math.floor((n - 1) / 20) % conversations))),
    message.role,
    content,
    createdAt,
    createdAt * 1000,
    createdAt * 1000,
    contentHash(message),
    `remote-${n}`,
  );
  writeRow(db, n, indexTerms([content]));
}

function finish(db: Connection, messages: number): void {
  db.run('UPDATE search_state SET indexed_to = ?', messages);
  db.run('DELETE FROM search_dirty');
  db.run(
    `UPDATE conversations SET (message_count, last_hlc, updated_at) = (SELECT count(*), coalesce(max(hlc), 0),
       coalesce(max(m.created_at), conversations.created_at) FROM messages m WHERE m.conversation_id = conversations.id)`,
  );
}

const [file, messages = '1000000', conversations = '10000'] = process.argv.slice(2);
if (import.meta.main && file !== undefined)
  makeHistory(file, { messages: Number(messages), conversations: Number(conversations) });
