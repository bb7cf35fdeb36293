import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { indexSome } from '../../src/store/sqlite/search/indexer.ts';
import { startIndex } from '../../src/store/sqlite/search/table.ts';
import { RUNS, SEED } from '../model/runs.ts';
import { ACCOUNT, DirectStore, remoteFields, remoteMessage, type World } from '../support/directStore.ts';
import { SEARCH_LABELS } from '../support/searchLabels.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** Short numbers are places in the lists of what is there, counted round. */
type Step =
  | { readonly kind: 'write' | 'merge' | 'begin' | 'edit'; readonly at: number; readonly words: number }
  | {
      readonly kind: 'extend' | 'settle' | 'settleEmpty' | 'rename' | 'trash' | 'restore' | 'purge';
      readonly at: number;
    }
  | { readonly kind: 'index'; readonly rows: number }
  | { readonly kind: 'flicker' | 'search' | 'switch' };

const at = fc.nat({ max: 20 });
const words = fc.nat({ max: 100 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('write', 'merge', 'begin', 'edit'), at, words }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('extend', 'settle', 'settleEmpty', 'rename', 'trash', 'restore', 'purge'),
      at,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('index'), rows: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('flicker', 'search', 'switch') }) },
);

/** Two windows on one file that do what they are told. */
class Windows {
  private readonly world: World = { now: 1_800_000_000_000, dead: new Set() };
  private readonly windows: readonly DirectStore[];
  private current = 0;
  private readonly conversations: string[] = [];
  private readonly open: string[] = [];

  constructor(folder: string) {
    this.windows = [1, 2].map((pid) => new DirectStore(folder, this.world, { id: `w${pid}`, pid }));
  }

  get window(): DirectStore {
    const window = this.windows[this.current];
    assert.ok(window);
    return window;
  }

  take(step: Step): void {
    this.world.now += 1_000;
    const { store } = this.window;
    switch (step.kind) {
      case 'write':
        this.conversations.push(this.window.write(textOf(step.words), textOf(step.words + 1)));
        break;
      case 'merge':
        this.merge(step.words);
        break;
      case 'begin':
        this.begin(step.at);
        break;
      case 'edit':
        this.edit(step.at, step.words);
        break;
      case 'extend':
        this.onOpen(step.at, (id) => store.extend(id, { text: textOf(step.at) }));
        break;
      case 'settle':
        this.onOpen(step.at, (id) => store.extend(id, { text: 'end' }));
        this.settle(step.at);
        break;
      case 'settleEmpty':
        this.settle(step.at);
        break;
      case 'rename':
        this.onConversation(step.at, (id) => store.change(id, { title: textOf(step.at + 7) }));
        break;
      case 'trash':
        this.onConversation(step.at, (id) => store.trash({ ids: [id] }, 'act'));
        break;
      case 'restore':
        store.restore({ actId: 'act' });
        break;
      case 'purge':
        this.purge();
        break;
      case 'index':
        indexSome(this.window.db, { rows: step.rows, until: Infinity, now: () => 0 });
        break;
      case 'flicker':
        this.flicker();
        break;
      case 'search':
        store.search({ text: 'connection', limit: 10 });
        break;
      case 'switch':
        this.current = 1 - this.current;
    }
  }

  private merge(n: number): void {
    const { store } = this.window;
    const lease = store.takeLease(this.world.now, 30_000);
    if (lease === undefined) return;
    const fields = remoteFields(`r${n}`, { title: textOf(n + 3), remoteUpdatedAt: String(this.world.now) });
    const messages = [
      remoteMessage(uuidv7(), uuidv7(), { content: textOf(n), serverOrder: this.world.now * 1000 }),
    ];
    store.mergeConversation(lease, ACCOUNT, { id: uuidv7(), fields, messages });
    store.releaseLease(lease);
  }

  private begin(place: number): void {
    this.onConversation(place, (conversationId) => {
      const id = uuidv7();
      this.window.store.append({ id, conversationId, role: 'assistant', content: '', status: 'streaming' });
      this.open.push(id);
    });
  }

  private edit(place: number, words: number): void {
    this.onConversation(place, (conversationId) => {
      const page = this.window.store.read(conversationId, { limit: 10 });
      const replaces = page?.messages.find(({ role }) => role === 'user')?.id;
      if (replaces === undefined) return;
      const metadata = { navi: { replaces } };
      const content = textOf(words);
      this.window.store.append({ id: uuidv7(), conversationId, role: 'user', content, metadata });
    });
  }

  /** A reply of which nothing came: its number is given again. */
  private flicker(): void {
    while (this.window.store.indexSome());
    this.begin(0);
    while (this.window.store.indexSome());
    this.settle(this.open.length - 1);
    while (this.window.store.indexSome());
  }

  private settle(place: number): void {
    this.onOpen(place, (id) => {
      this.window.store.settle(id, 'complete');
      this.open.splice(this.open.indexOf(id), 1);
    });
  }

  /** Also what still has an open reply. */
  private purge(): void {
    const { store } = this.window;
    const { entries } = store.trashPreview({ all: true });
    store.purge(entries, 'user');
    const isGone = (id: string) => store.read(id, { limit: 1 }) === undefined;
    for (const id of this.conversations.filter(isGone))
      this.conversations.splice(this.conversations.indexOf(id), 1);
    for (const id of this.open.filter((open) => store.readMessage(open) === undefined))
      this.open.splice(this.open.indexOf(id), 1);
  }

  private onConversation(place: number, act: (id: string) => unknown): void {
    const id = this.conversations[place % this.conversations.length];
    if (id !== undefined) act(id);
  }

  private onOpen(place: number, act: (id: string) => unknown): void {
    const id = this.open[Math.max(0, place) % this.open.length];
    if (id !== undefined) act(id);
  }

  close(): void {
    for (const window of this.windows) window.close();
  }
}

function textOf(n: number): string {
  return `${SEARCH_LABELS[n % SEARCH_LABELS.length]?.text ?? ''} number${n}`;
}

interface Content {
  readonly messages: unknown;
  readonly titles: unknown;
  readonly places: unknown;
}

/** Every term of every row, once all is indexed; FTS5 looks the tables over as well. */
function contentOf({ db, store }: DirectStore): Content {
  while (store.indexSome());
  for (const table of ['search', 'search_titles'])
    db.run(`INSERT INTO ${table} (${table}) VALUES ('integrity-check')`);
  const terms = (table: string) => {
    db.exec(`CREATE VIRTUAL TABLE temp.${table}_terms USING fts5vocab('main', '${table}', 'instance')`);
    const rows = db.all(`SELECT doc, term FROM ${table}_terms ORDER BY doc, term`);
    db.exec(`DROP TABLE temp.${table}_terms`);
    return rows;
  };
  const places = db.all(
    'SELECT p.n, p.conversation FROM search_places p JOIN messages m ON m.n = p.n ORDER BY p.n',
  );
  const stale = db.all('SELECT n FROM search_places WHERE n NOT IN (SELECT n FROM messages)');
  assert.deepEqual(stale, []);
  return { messages: terms('search'), titles: terms('search_titles'), places };
}

describe('the index under random changes', () => {
  it(`I9 Q14: is sound, and what a new one would be (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const folder = tempFolder();
        const windows = new Windows(folder.path);
        try {
          for (const next of steps) windows.take(next);
          const grown = contentOf(windows.window);
          windows.window.db.write(() => startIndex(windows.window.db));
          assert.deepEqual(grown, contentOf(windows.window));
        } finally {
          windows.close();
          folder.dispose();
        }
      }),
      { seed: SEED, numRuns: Math.ceil(RUNS / 10) },
    );
  });
});
