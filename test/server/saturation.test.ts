import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import * as z from 'zod';
import { fullConversationSchema } from '../../src/protocol/abilities.ts';
import type { Environment } from '../../src/server/config.ts';
import { percentile, slope } from '../bench/statistics.ts';
import { SEED } from '../support/crash/runs.ts';
import type { Tally } from '../support/load/client.ts';
import { Crowd } from '../support/load/crowd.ts';
import { LOAD_CLIENTS, LOAD_SECONDS } from '../support/load/runs.ts';
import { spawnMemoryServer } from '../support/memoryServer.ts';
import { startPostgres, type PostgresCluster } from '../support/postgres.ts';
import { residentMemory } from '../support/residentMemory.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { Client } from './client.ts';

const USERS = 50;
/** Most appends, as users do; each client asks for the next as soon as it has its answer. */
const MIX = { creates: 1, batches: 10, patches: 10 };
const SAMPLE_MS = 1_000;
/** From so many samples on, the memory is judged: those of the first third are for warming up. */
const ENOUGH_SAMPLES = 60;
/** Of its mean, over the time that is judged. */
const MOST_GROWTH = 0.1;

/** A short run does not say it. */
const MEMORY = LOAD_SECONDS > ENOUGH_SAMPLES ? ', memory flat' : '';

/** Seconds since the start, and bytes. */
type Sample = readonly [seconds: number, bytes: number];

describe(`the server with ${LOAD_CLIENTS} clients at once`, () => {
  let folder: ReturnType<typeof tempFolder>;
  let cluster: PostgresCluster;
  before(async function () {
    this.timeout(60_000);
    folder = tempFolder();
    cluster = await startPostgres();
  });
  after(async () => {
    await cluster.stop();
    folder.dispose();
  });

  const saturate = async (settings: Environment): Promise<void> => {
    const server = await spawnMemoryServer(folder.path, settings);
    try {
      const clientsEach = LOAD_CLIENTS / USERS;
      const crowd = await Crowd.gather(server.address, {
        seed: SEED,
        users: USERS,
        clientsEach,
        mix: MIX,
        keepsLog: false,
      });
      const samples: Sample[] = [];
      const startedAt = performance.now();
      const seconds = (): number => (performance.now() - startedAt) / 1000;
      const sampling = setInterval(() => {
        void residentMemory(server.pid).then((bytes) => samples.push([seconds(), bytes]));
      }, SAMPLE_MS);
      try {
        await crowd.work(() => [server.address], AbortSignal.timeout(LOAD_SECONDS * 1000));
      } finally {
        clearInterval(sampling);
      }
      console.log(`      ${describeLoad(crowd.tally(), seconds())}`);
      assert.equal(crowd.tally().lost, 0, 'no connection was lost');
      await assertCounted(server.address, crowd);
      judgeMemory(samples);
      assert.equal(await server.end('SIGTERM'), 0);
    } finally {
      await server.end('SIGKILL');
    }
  };

  for (const [name, settings] of [
    ['embedded SQLite', async () => ({})],
    ['PostgreSQL', async () => ({ DATABASE_URL: await cluster.createDatabase() })],
  ] as const)
    it(`I1 I3 I12: for ${LOAD_SECONDS} s on ${name}: no error but an announced "later", all stored once${MEMORY}`, async function () {
      this.timeout(60_000 + LOAD_SECONDS * 2_000);
      await saturate(await settings());
    });
});

/** As many conversations and messages as were acknowledged: no client had to leave anything open. */
async function assertCounted(address: string, crowd: Crowd): Promise<void> {
  let [conversations, messages] = [0, 0];
  for (const { headers } of crowd.users)
    for (let offset = 0; ; offset += 200) {
      const answer = await new Client(address, headers).conversations(
        'GET',
        `?view=full&limit=200&offset=${offset}`,
      );
      const some = z.array(fullConversationSchema).parse(answer.body);
      conversations += some.length;
      messages += some.reduce((total, { message_count: count }) => total + count, 0);
      if (some.length < 200) break;
    }
  const { creates, messages: acknowledged } = crowd.tally();
  assert.deepEqual({ conversations, messages }, { conversations: creates + USERS, messages: acknowledged });
}

function judgeMemory(samples: readonly Sample[]): void {
  if (samples.length < ENOUGH_SAMPLES) return;
  const judged = samples.slice(Math.ceil(samples.length / 3));
  const mean = judged.reduce((sum, [, bytes]) => sum + bytes, 0) / judged.length;
  const seconds = (judged.at(-1)?.[0] ?? 0) - (judged[0]?.[0] ?? 0);
  const growth = slope(judged) * seconds;
  const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(1);
  const told = `${megabytes(mean)} MB on average, ${megabytes(growth)} MB more after ${seconds.toFixed(0)} s`;
  console.log(`      ${told}`);
  assert.ok(growth <= MOST_GROWTH * mean, told);
}

function describeLoad({ acknowledged, messages, busy, latencies }: Tally, seconds: number): string {
  const [middle, p95, p99] = [50, 95, 99].map((percent) => percentile(latencies, percent).toFixed(0));
  const rate = (count: number): string => (count / seconds).toFixed(0);
  return `${rate(acknowledged)} requests and ${rate(messages)} messages a second, ${busy} asked to come later; median ${middle} ms, p95 ${p95} ms, p99 ${p99} ms`;
}
