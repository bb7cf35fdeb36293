import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed, timedSync } from './interleave.ts';
import { median, percentile } from './statistics.ts';

const PROMPT = 'A prompt of two hundred bytes. '.repeat(7).slice(0, 200);
const ROUNDS = { rounds: 1_000, warmUp: 200 };

/** From the call to the durable answer, against the same bytes appended to a bare file and synced. */
export async function benchAppend({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  say(`${ROUNDS.rounds} appends`);
  const store = openBundledStore(path.join(folder, 'append.db'));
  const bare = openSync(path.join(folder, 'append.bare'), 'a', 0o600);
  try {
    const conversationId = uuidv7();
    await store.create({ id: conversationId });
    const bytes = Buffer.from(PROMPT);
    const pair = await interleave(
      ROUNDS,
      () => timed(() => store.append({ id: uuidv7(), conversationId, role: 'user', content: PROMPT })),
      () =>
        timedSync(() => {
          writeSync(bare, bytes);
          fdatasyncSync(bare);
        }),
    );
    return [
      toFigure({
        id: 'store.append',
        unit: 'ms',
        value: median(pair.value),
        reference: median(pair.reference),
        bar: 1.5,
      }),
      toFigure({
        id: 'store.append.p99',
        unit: 'ms',
        value: percentile(pair.value, 99),
        reference: percentile(pair.reference, 99),
      }),
    ];
  } finally {
    closeSync(bare);
    await store.close();
  }
}
