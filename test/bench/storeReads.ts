import path from 'node:path';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { addSynced, addUnsent } from './history.ts';
import { interleave, timed } from './interleave.ts';
import { median } from './statistics.ts';

const ROUNDS = { rounds: 300, warmUp: 50 };
const PAGE = 50;

/** A page of a large history against the same page of a small one: what lies behind it should cost nothing. */
export async function benchReads({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  const open = (name: string) => openBundledStore(path.join(folder, name));
  const [large, small, talk] = [open('large.db'), open('small.db'), open('talk.db')];
  try {
    say('2,000 conversations, a conversation of 10,000 messages, and 10,000 unsent messages');
    await addSynced(large, { conversations: 2_000, messages: 2 });
    await addSynced(small, { conversations: 100, messages: 2 });
    const [long] = await addSynced(talk, { conversations: 1, messages: 10_000 });
    const [short] = await addSynced(talk, { conversations: 1, messages: 100 });
    const unsent = { long: await addUnsent(talk, 10_000), short: await addUnsent(talk, 100) };
    const list = (store: SqliteStore) => () => timed(() => store.list({ status: 'active', limit: PAGE }));
    const read = (id: string | undefined) => () => timed(() => pageOf(talk, id));
    return [
      await compare('store.read.newest-page', read(long), read(short)),
      await compare('store.read.newest-page.unsent', read(unsent.long), read(unsent.short)),
      await compare('store.list.first-page', list(large), list(small)),
    ];
  } finally {
    await Promise.all([large, small, talk].map((store) => store.close()));
  }
}

async function pageOf(store: SqliteStore, id: string | undefined): Promise<void> {
  const page = id === undefined ? undefined : await store.read(id, { limit: PAGE });
  if (page?.messages.length !== PAGE) throw new Error('The conversation to read is not as it was made.');
}

async function compare(
  id: string,
  large: () => Promise<number>,
  small: () => Promise<number>,
): Promise<Figure> {
  const pair = await interleave(ROUNDS, large, small);
  return toFigure({ id, unit: 'ms', value: median(pair.value), reference: median(pair.reference) });
}
