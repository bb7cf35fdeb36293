import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed } from './interleave.ts';
import { median } from './statistics.ts';

const ROUNDS = { rounds: 300, warmUp: 50 };
const PAGE = 50;

/** The first page of a large history against that of a small one: neither may grow with what lies behind it. */
export async function benchReads({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  const large = openBundledStore(path.join(folder, 'large.db'));
  const small = openBundledStore(path.join(folder, 'small.db'));
  try {
    say('10,000 messages, 2,000 conversations');
    await Promise.all([list(large, 2_000), list(small, 100)]);
    const [long, short] = await Promise.all([conversation(large, 10_000), conversation(large, 100)]);
    const pages = await interleave(
      ROUNDS,
      () => timed(() => large.read(long, { limit: PAGE })),
      () => timed(() => large.read(short, { limit: PAGE })),
    );
    const lists = await interleave(
      ROUNDS,
      () => timed(() => large.list({ status: 'active', limit: PAGE })),
      () => timed(() => small.list({ status: 'active', limit: PAGE })),
    );
    return [
      toFigure({
        id: 'store.read.newest-page',
        unit: 'ms',
        value: median(pages.value),
        reference: median(pages.reference),
      }),
      toFigure({
        id: 'store.list.first-page',
        unit: 'ms',
        value: median(lists.value),
        reference: median(lists.reference),
      }),
    ];
  } finally {
    await Promise.all([large.close(), small.close()]);
  }
}

/** Makes `count` conversations of one message each. Asked for all at once: the worker's queue does not mind. */
async function list(store: SqliteStore, count: number): Promise<void> {
  const made = Array.from({ length: count }, async (_, n) => {
    const id = uuidv7();
    await store.create({ id, title: `Conversation ${n + 1}` });
    await store.append({
      id: uuidv7(),
      conversationId: id,
      role: 'user',
      content: `The prompt number ${n + 1}`,
    });
  });
  await Promise.all(made);
}

/** Its id. */
async function conversation(store: SqliteStore, messages: number): Promise<string> {
  const conversationId = uuidv7();
  await store.create({ id: conversationId });
  const said = Array.from({ length: messages }, (_, n) =>
    store.append({ id: uuidv7(), conversationId, role: 'user', content: `${n + 1}: ${'words '.repeat(30)}` }),
  );
  await Promise.all(said);
  return conversationId;
}
