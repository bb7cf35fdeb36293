/**
 * `node test/bench/memoryProcess.ts FILE`: a window on that file that lists, reads, pages and searches, in a process of
 * its own. Prints its resident memory in bytes as JSON, at the end and at its highest.
 */
import { openBundledStore } from './bundledStore.ts';
import { searchQueries } from './searchQueries.ts';

export interface Memory {
  readonly end: number;
  readonly highest: number;
}

const PAGE = 50;
const CONVERSATIONS = 100;
const PAGES_UP = 20;

const store = openBundledStore(process.argv[2] ?? '');
const list = await store.list({ status: 'active', limit: CONVERSATIONS });
for (const query of [{ starredOnly: true }, { unreadOnly: true }, { tag: 'bug' }, { workspaceIds: ['w1'] }])
  await store.list({ status: 'active', limit: PAGE, ...query });
await store.tagCounts();
await store.unreadCount();
for (const { id } of list.items) await store.read(id, { limit: PAGE });
const [longest] = list.items.toSorted((a, b) => b.messageCount - a.messageCount);
let before = undefined;
for (let page = 0; longest !== undefined && page < PAGES_UP; page += 1) {
  const read: Awaited<ReturnType<typeof store.read>> = await store.read(longest.id, {
    limit: PAGE,
    ...(before && { before }),
  });
  before = read?.older;
}
for (const text of searchQueries()) await store.search({ text, limit: 30 });
const memory: Memory = { end: process.memoryUsage.rss(), highest: process.resourceUsage().maxRSS * 1024 };
console.log(JSON.stringify(memory));
await store.close();
