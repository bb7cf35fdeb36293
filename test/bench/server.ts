/** The memory server with its embedded SQLite, in a process of its own. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Pool } from 'undici';
import { createdConversationSchema } from '../../src/protocol/api.ts';
import { spawnMemoryServer } from '../support/memoryServer.ts';
import { BareTable } from './bareTable.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext, Group } from './group.ts';
import { interleave, timed, timedSync } from './interleave.ts';
import { median } from './statistics.ts';

const ROUNDS = { rounds: 7, warmUp: 2 };
const APPENDS = 300;
const CLIENTS = 8;
const PATH = '/api/navi-memory/conversations';
const TEXT = 'A prompt of two hundred bytes. '.repeat(7).slice(0, 200);

export const serverGroup: Group = {
  name: 'server',
  needsBuild: false,
  run: async (context) => [await benchAppend(context)],
};

/** Eight clients that each post to a conversation of their own, against one INSERT a commit in a loop. */
async function benchAppend({ folder, say }: BenchContext): Promise<Figure> {
  say(`${APPENDS} appends of ${CLIENTS} clients, nine times`);
  const server = await spawnMemoryServer(path.join(folder, 'server'));
  const pool = new Pool(server.address, { connections: CLIENTS });
  const bare = new BareTable(path.join(folder, 'bare.db'));
  try {
    const paths = await Promise.all(Array.from({ length: CLIENTS }, () => newConversation(pool)));
    const perSecond = (ms: number) => (APPENDS / ms) * 1000;
    const pair = await interleave(
      ROUNDS,
      async () => perSecond(await timed(() => appendAll(pool, paths))),
      () =>
        perSecond(
          timedSync(() => {
            for (let n = 0; n < APPENDS; n += 1) bare.insert(randomUUID(), TEXT);
          }),
        ),
    );
    return toFigure({
      id: 'server.append',
      unit: '/s',
      value: median(pair.value),
      reference: median(pair.reference),
      better: 'higher',
    });
  } finally {
    bare.close();
    await pool.close();
    await server.end('SIGTERM');
  }
}

async function newConversation(pool: Pool): Promise<string> {
  const { id } = createdConversationSchema.parse(await post(pool, PATH, { title: 'Benchmark' }));
  return `${PATH}/${id}/messages`;
}

async function appendAll(pool: Pool, paths: readonly string[]): Promise<void> {
  let left = APPENDS;
  const clients = paths.map(async (target) => {
    while (left > 0) {
      left -= 1;
      await post(pool, target, { role: 'user', content: TEXT });
    }
  });
  await Promise.all(clients);
}

async function post(pool: Pool, target: string, body: unknown): Promise<unknown> {
  const answer = await pool.request({
    method: 'POST',
    path: target,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (answer.statusCode !== 200) throw new Error(`The memory server answered ${answer.statusCode}.`);
  return answer.body.json();
}
