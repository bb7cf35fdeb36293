/** The sync engine with its real store and its real HTTP client against the memory server, on loopback. */
import path from 'node:path';
import { Pool } from 'undici';
import { spawnMemoryServer } from '../support/memoryServer.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext, Group } from './group.ts';
import { interleave } from './interleave.ts';
import { median, medianRatio } from './statistics.ts';
import { MESSAGES } from './queue.ts';
import { postBare } from './syncBare.ts';
import { drain } from './syncDrain.ts';
import { benchSaves } from './syncSaves.ts';
import { benchStartPull } from './syncStart.ts';

const ROUNDS = { rounds: 9, warmUp: 2 };
const BATCHED = 4_000;

export const syncGroup: Group = {
  name: 'sync',
  needsBuild: true,
  run: async (context) => {
    const server = await spawnMemoryServer(path.join(context.folder, 'server'));
    try {
      return [
        await benchDrain(context, server.address),
        await benchBatch(context, server.address),
        ...(await benchStartPull(context, server.address)),
        await benchSaves(context, server.address),
      ];
    } finally {
      await server.end('SIGTERM');
    }
  },
};

/** How fast a full outbox is sent and entered as sent by the plain contract, against the same requests from a bare loop. */
async function benchDrain({ folder, say }: BenchContext, address: string): Promise<Figure> {
  say(`an outbox of ${MESSAGES} messages, eleven times`);
  const pool = new Pool(address, { connections: 2 });
  const store = openBundledStore(path.join(folder, 'drain.db'));
  try {
    const pair = await interleave(
      ROUNDS,
      async () => rateOf(MESSAGES, await drain(address, store, { messages: MESSAGES, isPlain: true })),
      async () => rateOf(MESSAGES, await postBare(pool)),
    );
    return toFigure({
      id: 'sync.drain',
      unit: 'messages/s',
      value: median(pair.value),
      reference: median(pair.reference),
      ratio: medianRatio(pair),
      bar: 0.8,
      better: 'higher',
    });
  } finally {
    await store.close();
    await pool.close();
  }
}

async function benchBatch({ folder, say }: BenchContext, address: string): Promise<Figure> {
  say(`an outbox of ${BATCHED} messages in batches, eleven times`);
  const rates: number[] = [];
  const store = openBundledStore(path.join(folder, 'batch.db'));
  try {
    for (let round = 0; round < ROUNDS.warmUp + ROUNDS.rounds; round += 1) {
      const ms = await drain(address, store, { messages: BATCHED, isPlain: false });
      if (round >= ROUNDS.warmUp) rates.push(rateOf(BATCHED, ms));
    }
  } finally {
    await store.close();
  }
  return toFigure({
    id: 'sync.batch',
    unit: 'messages/s',
    value: median(rates),
    bar: 3_000,
    better: 'higher',
  });
}

function rateOf(messages: number, ms: number): number {
  return (messages * 1_000) / ms;
}
