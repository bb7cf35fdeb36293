import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { BareWorker } from './bareWorker.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed, timedSync } from './interleave.ts';
import { historyFile, MILLION, THOUSAND, type History } from './million.ts';
import { median, percentile } from './statistics.ts';
import { uuidOf } from './words.ts';

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

/** An append to the longest conversation of a large history against the same of a small one. */
export async function benchAppendMillion({ folder, say }: BenchContext): Promise<Figure> {
  say('1,000,000 messages (made once, which takes minutes)');
  const open = (history: History) => openBundledStore(settledCopy(path.join(folder, 'append'), history));
  const [large, small] = [open(MILLION), open(THOUSAND)];
  try {
    const append = (store: SqliteStore) =>
      timed(() => store.append({ id: uuidv7(), conversationId: uuidOf(-1), role: 'user', content: PROMPT }));
    const pair = await interleave(
      ROUNDS,
      () => append(large),
      () => append(small),
    );
    return toFigure({
      id: 'store.append.million',
      unit: 'ms',
      value: median(pair.value),
      reference: median(pair.reference),
      bar: 1.2,
    });
  } finally {
    await Promise.all([large, small].map((store) => store.close()));
  }
}

/** The disk has all of it: no append waits for the copying. */
function settledCopy(folder: string, history: History): string {
  const file = historyFile(folder, history);
  const descriptor = openSync(file, 'r+');
  fsyncSync(descriptor);
  closeSync(descriptor);
  return file;
}
