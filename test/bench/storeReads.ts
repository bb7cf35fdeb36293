import path from 'node:path';
import type { Position } from '../../src/model/order.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import type { ListQuery } from '../../src/store/store.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { addUnsent } from './history.ts';
import { interleave, timed } from './interleave.ts';
import { historyFile, MILLION, THOUSAND } from './million.ts';
import { median } from './statistics.ts';
import { uuidOf } from './words.ts';

const ROUNDS = { rounds: 200, warmUp: 40, block: 10 };
const PAGE = 50;
const BAR = 1.5;
const LONGEST = uuidOf(-1);

/** A page of a large history against the same page of a small one: what lies behind it should cost nothing. */
export async function benchReads({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  const large = openBundledStore(historyFile(path.join(folder, 'reads'), MILLION));
  const small = openBundledStore(historyFile(path.join(folder, 'reads'), THOUSAND));
  const talk = openBundledStore(path.join(folder, 'talk.db'));
  try {
    say('pages and lists of 1,000,000 messages');
    const list = (store: SqliteStore, query: Omit<ListQuery, 'limit'>) => () =>
      timed(() => store.list({ ...query, limit: PAGE }));
    const lists = (id: string, query: Omit<ListQuery, 'limit'>) =>
      compare(`store.list.${id}`, list(large, query), list(small, query), BAR);
    const [deep, shallow] = [await positionOf(large, 500_001), await positionOf(small, 561)];
    const unsent = { long: await addUnsent(talk, 5_000), short: await addUnsent(talk, 100) };
    return [
      await compare('store.read.newest-page', read(large, LONGEST), read(small, LONGEST), BAR),
      await compare('store.read.middle-page', read(large, LONGEST, deep), read(small, LONGEST, shallow), BAR),
      await compare('store.read.newest-page.unsent', read(talk, unsent.long), read(talk, unsent.short)),
      await lists('first-page', { status: 'active' }),
      await compare(
        'store.list.unread-count',
        () => timed(() => large.unreadCount()),
        () => timed(() => small.unreadCount()),
      ),
      await compare(
        'store.list.tag-counts',
        () => timed(() => large.tagCounts()),
        () => timed(() => small.tagCounts()),
      ),
    ];
  } finally {
    await Promise.all([large, small, talk].map((store) => store.close()));
  }
}

function read(store: SqliteStore, id: string, before?: Position): () => Promise<number> {
  return () =>
    timed(async () => {
      const page = await store.read(id, { limit: PAGE, ...(before && { before }) });
      if (page?.messages.length !== PAGE) throw new Error('The conversation to read is not as it was made.');
    });
}

async function positionOf(store: SqliteStore, n: number): Promise<Position> {
  const message = await store.readMessage(uuidOf(n));
  if (message?.conversationId !== LONGEST) throw new Error('The history is not as it was made.');
  return { serverOrder: message.hlc, hlc: message.hlc, id: message.id };
}

async function compare(
  id: string,
  large: () => Promise<number>,
  small: () => Promise<number>,
  bar?: number,
): Promise<Figure> {
  const pair = await interleave(ROUNDS, large, small);
  const figure = { id, unit: 'ms', value: median(pair.value), reference: median(pair.reference) };
  return toFigure({ ...figure, ...(bar !== undefined && { bar }) });
}
