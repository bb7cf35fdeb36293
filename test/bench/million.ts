/**
 * A store file with a long history, made quickly: straight into the tables of the newest schema, index included. Made
 * once for each size and copied after that. `node test/bench/million.ts FILE [MESSAGES [CONVERSATIONS]]` makes one.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Activity, CommandPanel } from '../../src/model/activity.ts';
import type { ConversationStatus } from '../../src/model/conversation.ts';
import { contentHash, sha256 } from '../../src/model/hash.ts';
import { indexTerms } from '../../src/model/searchText.ts';
import { sizeOfMessage } from '../../src/model/size.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate } from '../../src/store/sqlite/migrations/migrate.ts';
import { writeActivities, writeCommands } from '../../src/store/sqlite/parts.ts';
import { searchedParts } from '../../src/store/sqlite/search/indexer.ts';
import { startIndex, writeMessage, writeTitle } from '../../src/store/sqlite/search/table.ts';
import { uuidOf, Writer } from './words.ts';

/**
 * Conversation `n` has the id `uuidOf(-n)`. The first one holds a tenth of the messages, the others the rest in equal
 * parts. Every eleventh is archived or in the trash; there are stars, tags, workspaces and unread marks.
 */
export interface History {
  readonly messages: number;
  readonly conversations: number;
}

/** 100,000 messages in one conversation, 10,000 active conversations. */
export const MILLION: History = { messages: 1_000_000, conversations: 11_000 };
/** 100 messages in one conversation, 100 active conversations. */
export const THOUSAND: History = { messages: 1_000, conversations: 110 };

/** 2024-01-01, milliseconds. */
const START = 1_704_067_200_000;
const STEP_MS = 60_000;
/** Raised when a history looks different from before. */
const SHAPE = 4;
const ROWS_A_TRANSACTION = 20_000;
const MOST_IN_A_ROW = 20;
const TAGS = ['bug', 'idea', 'later', 'review', 'release'];

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
  const name = `${schemaMark()}.${SHAPE}-${history.messages}-${history.conversations}.db`;
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

/** Differs for each schema: a migration of a lower number may come later than one of a higher. */
function schemaMark(): string {
  const db = new Connection('', () => undefined, { mode: 'empty' });
  try {
    migrate(db);
    const tables = db.all<{ sql: string }>(
      'SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY sql',
    );
    return sha256(tables.map(({ sql }) => sql).join('\n')).slice(0, 12);
  } finally {
    db.close();
  }
}

/** The same history gives the same words each time. Message `n` has the id `uuidOf(n)`. */
export function makeHistory(file: string, history: History): void {
  const { messages, conversations } = history;
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
        for (let n = from; n <= to; n += 1) addMessage(db, n, history, writer);
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
  for (let n = 1; n <= 8; n += 1)
    db.run(
      `INSERT INTO workspaces (id, name, evidence, first_seen_at) VALUES (?, ?, '{}', ?)`,
      `w${n}`,
      `folder ${n}`,
      START,
    );
  for (let n = 1; n <= count; n += 1) {
    const title = writer.words(4);
    const id = uuidOf(-n);
    db.run(
      `INSERT INTO conversations (n, id, title, status, deleted_at, is_starred, is_unread, tags, workspace_id, created_at,
         updated_at, account, remote_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'account', ?)`,
      n,
      id,
      title,
      statusOf(n),
      statusOf(n) === 'deleted' ? START + n : null,
      Number(n % 25 === 0),
      Number(n % 200 === 0),
      n % 20 === 0 ? JSON.stringify([TAGS[(n / 20) % TAGS.length]]) : '[]',
      n % 3 === 0 ? null : `w${1 + (n % 8)}`,
      START + n,
      START + n,
      `remote-${n}`,
    );
    writeTitle(db, n, indexTerms([title]));
  }
}

function statusOf(n: number): ConversationStatus {
  if (n % 11 !== 0) return 'active';
  return n % 22 === 0 ? 'deleted' : 'archived';
}

/** The first conversation takes every tenth run of messages, the others take theirs in turn. */
function conversationOf(n: number, { messages, conversations }: History): number {
  const inARow = Math.min(MOST_IN_A_ROW, Math.max(1, Math.floor((0.9 * messages) / conversations)));
  const run = Math.floor((n - 1) / inARow);
  if (run % 10 === 0 || conversations === 1) return 1;
  return 2 + ((run - Math.floor(run / 10) - 1) % (conversations - 1));
}

/** Prompts and replies in turn; every tenth reply has a step and a command. */
function addMessage(db: Connection, n: number, history: History, writer: Writer): void {
  const createdAt = START + n * STEP_MS;
  const conversation = conversationOf(n, history);
  const isPrompt = n % 2 === 1;
  const message = {
    role: isPrompt ? 'user' : 'assistant',
    content: isPrompt ? writer.words(12) : writer.text(70),
    status: 'complete',
    ...(n % 20 === 0 ? partsOf(writer) : { activities: [], commands: [] }),
    metadata: {},
  } as const;
  db.run(
    `INSERT INTO messages (n, id, conversation_id, role, content, status, created_at, hlc, server_order, hash, remote_id,
       is_confirmed, bytes) VALUES (?, ?, ?, ?, ?, 'complete', ?, ?, ?, ?, ?, 1, ?)`,
    n,
    uuidOf(n),
    uuidOf(-conversation),
    message.role,
    message.content,
    createdAt,
    createdAt * 1000,
    createdAt * 1000,
    contentHash(message),
    `remote-${n}`,
    sizeOfMessage(message),
  );
  writeActivities(db, uuidOf(n), message.activities);
  writeCommands(db, uuidOf(n), message.commands);
  const texts = [message.content, ...searchedParts(message.activities, message.commands)];
  writeMessage(db, n, conversation, indexTerms(texts));
}

function partsOf(writer: Writer): { activities: Activity[]; commands: CommandPanel[] } {
  return {
    activities: [{ id: 'a', kind: 'read', label: writer.words(3), status: 'done' }],
    commands: [{ id: 'c', command: `npm run ${writer.word()}`, output: writer.words(40), status: 'done' }],
  };
}

function finish(db: Connection, messages: number): void {
  db.run('UPDATE search_state SET indexed_to = ?', messages);
  db.run('DELETE FROM search_dirty');
  db.run(
    `UPDATE conversations SET (message_count, last_hlc, updated_at) = (SELECT count(*), coalesce(max(hlc), 0),
       coalesce(max(m.created_at), conversations.created_at) FROM messages m WHERE m.conversation_id = conversations.id)`,
  );
}

const [file, messages = '1000000', conversations = '11000'] = process.argv.slice(2);
if (import.meta.main && file !== undefined)
  makeHistory(file, { messages: Number(messages), conversations: Number(conversations) });
