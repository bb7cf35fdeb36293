/** Long histories for a memory server, straight into the tables of a database that a server has made. */
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import pg from 'pg';
import type { BenchServer } from './serverHost.ts';

/** Of one user. The first conversation holds a tenth of the messages, the others the rest in turn. */
export interface ServerHistory {
  readonly messages: number;
  readonly conversations: number;
}

export const MILLION: ServerHistory = { messages: 1_000_000, conversations: 10_000 };
export const THOUSAND: ServerHistory = { messages: 1_000, conversations: 100 };

/** The organisation, which in development mode makes the user. */
export const ORG = 'history';
export const EPOCH = 'bench';

/** 2024-01-01, microseconds; a message a second. */
const START = 1_704_067_200_000_000;
const STEP = 1_000_000;
const TEXT = 'Words of a message that is neither short nor long. '.repeat(4);
/** As long as a real one. */
const HASH = '0'.repeat(64);
const OWNER = `'dev', '${ORG}'`;

/** Id of conversation `n`, from 1. */
export function conversationId(n: number): string {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
}

/** Time of message `n`, from 1: what leads to it in a conversation's pages. */
export function timeOf(n: number): number {
  return START + n * STEP;
}

/** Both databases understand each of these. */
function statements({ messages, conversations }: ServerHistory): string[] {
  const numbers = (count: number) =>
    `with recursive g(n) as (select 1 union all select n + 1 from g where n < ${count})`;
  const id = (n: string) => `'00000000-0000-4000-8000-' || substr(cast(1000000000000 + ${n} as text), 2)`;
  const place = `case when n % 10 = 0 then 1 else 2 + n % ${conversations - 1} end`;
  return [
    `insert into navi_users (user_id, org_id, epoch, seq) values (${OWNER}, '${EPOCH}', ${messages + conversations})`,
    `${numbers(conversations)}
     insert into navi_conversations (user_id, org_id, id, client_id, body_hash, title, status, is_pinned, is_starred,
       message_count, created_at, updated_at, seq)
     select ${OWNER}, ${id('n')}, ${id('n')}, '${HASH}', 'Conversation ' || n,
       case when n % 11 = 0 then 'deleted' else 'active' end, 0, 0, ${Math.floor(messages / conversations)},
       cast(${START} as bigint) + n, cast(${timeOf(messages)} as bigint) + n, n
     from g`,
    `${numbers(messages)}
     insert into navi_messages (user_id, org_id, conversation_id, created_at, id, client_id, body_hash, role, content, seq)
     select ${OWNER}, ${id(`(${place})`)}, cast(${START} as bigint) + cast(n as bigint) * ${STEP},
       ${id('n')}, ${id('(n + 500000000000)')}, '${HASH}', case when n % 2 = 1 then 'user' else 'assistant' end, n || ': ${TEXT}',
       ${conversations} + n
     from g`,
  ];
}

/** Adds it, and brings the planner's statistics up to date. */
export async function addHistory({ folder, url }: BenchServer, history: ServerHistory): Promise<void> {
  if (url === undefined) addToFile(path.join(folder, 'navi.db'), history);
  else await addToPostgres(url, history);
}

function addToFile(file: string, history: ServerHistory): void {
  const database = new DatabaseSync(file, { timeout: 10_000 });
  try {
    database.exec('PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; BEGIN');
    for (const statement of statements(history)) database.exec(statement);
    database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    database.close();
  }
}

async function addToPostgres(url: string, history: ServerHistory): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query('set synchronous_commit = off');
    for (const statement of statements(history)) await client.query(statement);
    await client.query('vacuum analyze');
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}
