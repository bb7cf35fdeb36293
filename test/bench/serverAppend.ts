/** What the memory server stores a second, against the same database without a server before it. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import pg from 'pg';
import { createdConversationSchema } from '../../src/protocol/api.ts';
import { BareTable } from './bareTable.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed, timedSync, type Pair } from './interleave.ts';
import { RawClient } from './rawClient.ts';
import { analyze, withServers, type BenchServer, type DatabaseKind } from './serverHost.ts';
import { median } from './statistics.ts';

const ROUNDS = { rounds: 7, warmUp: 3 };
const APPENDS = 6_000;
/** Users at work, one request each at a time. */
const CLIENTS = 128;
/** As many connections as the server's pool has. */
const CONNECTIONS = 10;
const BATCH = 500;
const BATCHES = 12;
const BATCHING_CLIENTS = 4;
const PATH = '/api/navi-memory/conversations';
const TEXT = 'A prompt of two hundred bytes. '.repeat(7).slice(0, 200);

/** Appends of one message, each answered when it is durable, against one INSERT a commit of the same bytes. */
export async function benchAppend(kind: DatabaseKind, { folder, say }: BenchContext): Promise<Figure> {
  say(`${APPENDS} appends of ${CLIENTS} clients on ${kind}, ten times`);
  return await withServers(path.join(folder, `append-${kind}`), async (host) => {
    const server = await host.start(kind);
    const writers = await gather(server, CLIENTS);
    await appendAll(writers);
    await analyze(server);
    const pair =
      server.url === undefined
        ? await againstTable(path.join(folder, 'bare.db'), writers)
        : await againstPool(server.url, writers);
    for (const { client } of writers) client.close();
    return toFigure({
      id: kind === 'sqlite' ? 'server.append' : 'server.append.postgres',
      unit: '/s',
      value: median(pair.value),
      reference: median(pair.reference),
      bar: 0.6,
      better: 'higher',
    });
  });
}

/** Messages a second in batches of 500. */
export async function benchBatch(kind: DatabaseKind, { folder, say }: BenchContext): Promise<Figure> {
  say(`${BATCHES} batches of ${BATCH} messages of ${BATCHING_CLIENTS} clients on ${kind}, six times`);
  return await withServers(path.join(folder, `batch-${kind}`), async (host) => {
    const server = await host.start(kind);
    const writers = await gather(server, BATCHING_CLIENTS);
    const rates: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      const ms = await timed(() =>
        share(BATCHES, writers, async ({ client, messages }) => {
          const batch = Array.from({ length: BATCH }, () => message());
          await client.ask('POST', `${messages}/batch`, { messages: batch });
        }),
      );
      if (round === 0) await analyze(server);
      else rates.push(((BATCHES * BATCH) / ms) * 1000);
    }
    for (const { client } of writers) client.close();
    return toFigure({
      id: kind === 'sqlite' ? 'server.batch' : 'server.batch.postgres',
      unit: '/s',
      value: median(rates),
      bar: 10_000,
      better: 'higher',
    });
  });
}

interface Writer {
  readonly client: RawClient;
  /** Where its conversation takes messages. */
  readonly messages: string;
}

/** Each is a user of his own with one conversation. */
async function gather({ address }: BenchServer, count: number): Promise<Writer[]> {
  return await Promise.all(
    Array.from({ length: count }, async (): Promise<Writer> => {
      const client = await RawClient.connect(address, { 'x-org-id': randomUUID() });
      const made: unknown = JSON.parse(await client.ask('POST', PATH, { title: 'Benchmark' }));
      return { client, messages: `${PATH}/${createdConversationSchema.parse(made).id}/messages` };
    }),
  );
}

function message() {
  return { role: 'user', content: TEXT, client_id: randomUUID() };
}

/** `count` pieces of work, taken by whoever is free. */
async function share<T>(
  count: number,
  workers: readonly T[],
  work: (worker: T) => Promise<unknown>,
): Promise<void> {
  let left = count;
  await Promise.all(
    workers.map(async (worker) => {
      while (left > 0) {
        left -= 1;
        await work(worker);
      }
    }),
  );
}

function rate(ms: number): number {
  return (APPENDS / ms) * 1000;
}

function appendAll(writers: readonly Writer[]): Promise<void> {
  return share(APPENDS, writers, ({ client, messages }) => client.ask('POST', messages, message()));
}

async function againstTable(file: string, writers: readonly Writer[]): Promise<Pair> {
  const bare = new BareTable(file);
  try {
    return await interleave(
      ROUNDS,
      async () => rate(await timed(() => appendAll(writers))),
      () =>
        rate(
          timedSync(() => {
            for (let n = 0; n < APPENDS; n += 1) bare.insert(randomUUID(), TEXT);
          }),
        ),
    );
  } finally {
    bare.close();
  }
}

/** The same driver and pool: prepared once a connection, as many connections, one commit each. */
async function againstPool(connectionString: string, writers: readonly Writer[]): Promise<Pair> {
  const pool = new pg.Pool({ connectionString, max: CONNECTIONS });
  try {
    await pool.query(
      'create table bare (id text primary key, created_at bigint not null, content text not null)',
    );
    const text = 'insert into bare (id, created_at, content) values ($1, $2, $3)';
    const loops = Array.from({ length: CONNECTIONS }, (_, loop) => loop);
    return await interleave(
      ROUNDS,
      async () => rate(await timed(() => appendAll(writers))),
      async () =>
        rate(
          await timed(() =>
            share(APPENDS, loops, () =>
              pool.query({ name: 'bare', text, values: [randomUUID(), Date.now(), TEXT] }),
            ),
          ),
        ),
    );
  } finally {
    await pool.end();
  }
}
