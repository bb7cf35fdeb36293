import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { openMaintenance } from '../../src/store/sqlite/maintenance/host.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { repository } from '../vscode/paths.ts';
import { BenchPanel } from './benchPanel.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { addPulled } from './history.ts';
import { LoopWatch, type Stall } from './loopWatch.ts';
import { historyFile, MILLION } from './million.ts';
import { searchQueries } from './searchQueries.ts';
import { median } from './statistics.ts';
import { uuidOf } from './words.ts';

const RUNS = 3;
const BAR_MS = 16;
const IDLE_MS = 1_000;
const BACKED_UP = { messages: 50_000, conversations: 550 };

/**
 * The longest time for which the extension host can do nothing else, while the store works and the panel shows it: the
 * longest of each run, and of the runs the one in the middle. Once by the clock, once in processor time of the host's
 * thread, which other programs do not lengthen; `idle` is the same loop while nothing is done.
 */
export async function benchStall({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  const store = openBundledStore(historyFile(path.join(folder, 'stall'), MILLION));
  const panel = new BenchPanel(store, uuidOf(-1));
  const backedUp = historyFile(path.join(folder, 'backup'), BACKED_UP);
  try {
    await panel.shows(({ isLoading }) => !isLoading);
    const works: readonly [string, () => Promise<unknown>][] = [
      ['idle', () => new Promise((resolve) => setTimeout(resolve, IDLE_MS))],
      ['search', () => searchAll(store)],
      ['import', () => addInTurn(store, 3)],
      ['pages', () => readBigPages(store)],
      ['checkpoint', () => fillLog(store)],
      ['backup', () => backUp(backedUp)],
    ];
    const figures: Figure[] = [];
    for (const [name, work] of works) {
      say(`${name}: longest stall of the host`);
      figures.push(...(await measure(name, work)));
    }
    return figures;
  } finally {
    panel.dispose();
    await store.close();
  }
}

async function measure(name: string, work: () => Promise<unknown>): Promise<readonly Figure[]> {
  const stalls: Stall[] = [];
  // The first one compiles.
  for (let run = 0; run <= RUNS; run += 1) {
    const watch = new LoopWatch();
    await work();
    const stall = watch.stop();
    if (run > 0) stalls.push(stall);
  }
  const longest = (kind: keyof Stall) => median(stalls.map((stall) => stall[kind]));
  return [
    toFigure({ id: `store.stall.${name}`, unit: 'ms', value: longest('wall') }),
    toFigure({
      id: `store.stall.${name}.cpu`,
      unit: 'ms',
      value: longest('cpu'),
      ...(name !== 'idle' && { bar: BAR_MS }),
    }),
  ];
}

async function searchAll(store: SqliteStore): Promise<void> {
  for (const text of searchQueries()) await store.search({ text, limit: 200 });
}

/** As sync does: the next conversation once the one before it is stored. */
async function addInTurn(store: SqliteStore, conversations: number): Promise<void> {
  for (let n = 0; n < conversations; n += 1) await addPulled(store, 1_000);
}

/** The largest answers there are. */
async function readBigPages(store: SqliteStore): Promise<void> {
  await store.read(uuidOf(-1), { limit: 1_000 });
  await store.list({ status: 'active', limit: 1_000 });
  await store.conversationIds();
  await store.trashPreview({ all: true });
}

/** Enough for several checkpoints. */
async function fillLog(store: SqliteStore): Promise<void> {
  const conversationId = uuidv7();
  await store.create({ id: conversationId });
  const content = 'word '.repeat(12_000);
  for (let n = 0; n < 60; n += 1) await store.append({ id: uuidv7(), conversationId, role: 'user', content });
}

async function backUp(file: string): Promise<void> {
  const maintenance = openMaintenance({ script: path.join(repository, 'dist/storeWorker.cjs'), file });
  try {
    await maintenance.backUp('daily');
  } finally {
    await maintenance.close();
  }
}
