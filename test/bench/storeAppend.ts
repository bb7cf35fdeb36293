import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { BareWorker } from './bareWorker.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed, timedSync } from './interleave.ts';
import { median, percentile } from './statistics.ts';

const PROMPT = 'A prompt of two hundred bytes. '.repeat(7).slice(0, 200);
const ROUNDS = { rounds: 1_000, warmUp: 200, block: 20 };

/**
 * From the call to the durable answer, against the same bytes appended to a bare file and synced; and what of that a
 * thread costs that does nothing else.
 */
export async function benchAppend({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  say(`${ROUNDS.rounds} appends`);
  const store = openBundledStore(path.join(folder, 'append.db'));
  const bare = openSync(path.join(folder, 'append.bare'), 'a', 0o600);
  const thread = new BareWorker(path.join(folder, 'append.thread'));
  try {
    const conversationId = uuidv7();
    await store.create({ id: conversationId });
    const bytes = Buffer.from(PROMPT);
    const appendBare = () =>
      timedSync(() => {
        writeSync(bare, bytes);
        fdatasyncSync(bare);
      });
    const pair = await interleave(
      ROUNDS,
      () => timed(() => store.append({ id: uuidv7(), conversationId, role: 'user', content: PROMPT })),
      appendBare,
    );
    const hop = await interleave(ROUNDS, () => timed(() => thread.append(bytes)), appendBare);
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
      toFigure({
        id: 'store.append.bare-thread',
        unit: 'ms',
        value: median(hop.value),
        reference: median(hop.reference),
      }),
    ];
  } finally {
    closeSync(bare);
    await thread.close();
    await store.close();
  }
}
