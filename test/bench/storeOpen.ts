import path from 'node:path';
import { BenchPanel } from './benchPanel.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave } from './interleave.ts';
import { historyFile, MILLION, THOUSAND } from './million.ts';
import { median } from './statistics.ts';
import { uuidOf } from './words.ts';

const ROUNDS = { rounds: 25, warmUp: 5 };

/**
 * A window that opens: from `openSqliteStore`, with a worker of its own each time, to the snapshot that shows the list
 * and the newest page of the conversation that was open.
 */
export async function benchOpen({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  say('opening 1,000,000 messages');
  const large = historyFile(path.join(folder, 'open'), MILLION);
  const small = historyFile(path.join(folder, 'open'), THOUSAND);
  const pair = await interleave(
    ROUNDS,
    () => openToSnapshot(large),
    () => openToSnapshot(small),
  );
  return [
    toFigure({
      id: 'store.open.first-snapshot',
      unit: 'ms',
      value: median(pair.value),
      reference: median(pair.reference),
      bar: 1.3,
    }),
  ];
}

async function openToSnapshot(file: string): Promise<number> {
  const startedAt = performance.now();
  const store = openBundledStore(file);
  const bench = new BenchPanel(store, uuidOf(-1));
  try {
    const snapshot = await bench.shows(({ isLoading }) => !isLoading);
    const took = performance.now() - startedAt;
    if (snapshot.list.items.length !== 50 || snapshot.open?.messages.length !== 50)
      throw new Error('The first snapshot does not show what is there.');
    return took;
  } finally {
    bench.dispose();
    await store.close();
  }
}
