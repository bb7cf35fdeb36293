/** The sync engine with its real store and its real HTTP client against the memory server, on loopback. */
import path from 'node:path';
import { Pool } from 'undici';
import { spawnMemoryServer } from '../support/memoryServer.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext, Group } from './group.ts';
import { interleave } from './interleave.ts';
import { median } from './statistics.ts';
import { drain } from './syncDrain.ts';
import { postBare } from './syncBare.ts';

const ROUNDS = { rounds: 5, warmUp: 1 };

export const syncGroup: Group = {
  name: 'sync',
  needsBuild: true,
  run: async (context) => [await benchDrain(context)],
};

/** How long a full outbox takes to be sent and entered as sent, against the same requests from a bare loop. */
async function benchDrain({ folder, say }: BenchContext): Promise<Figure> {
  say('an outbox of 200 messages, six times');
  const server = await spawnMemoryServer(path.join(folder, 'server'));
  const pool = new Pool(server.address, { connections: 2 });
  try {
    const pair = await interleave(
      ROUNDS,
      (round) => drain(server.address, path.join(folder, `drain-${round}.db`)),
      () => postBare(pool),
    );
    return toFigure({
      id: 'sync.drain',
      unit: 'ms',
      value: median(pair.value),
      reference: median(pair.reference),
    });
  } finally {
    await pool.close();
    await server.end('SIGTERM');
  }
}
