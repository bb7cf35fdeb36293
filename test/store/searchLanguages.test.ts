import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { DirectStore, type World } from '../support/directStore.ts';
import { SEARCH_LABELS } from '../support/searchLabels.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('search in every language', () => {
  const world: World = { now: 1_800_000_000_000, dead: new Set() };
  let folder: ReturnType<typeof tempFolder>;
  let window: DirectStore;
  const ids = new Map<string, string>();
  before(() => {
    folder = tempFolder();
    window = new DirectStore(folder.path, world, { id: 'one', pid: 1 });
    for (const { text } of SEARCH_LABELS) ids.set(text, window.write(text));
  });
  after(() => {
    window.close();
    folder.dispose();
  });

  const search = (text: string) => window.store.search({ text, limit: 50 });

  for (const { group, text, finds, misses = [] } of SEARCH_LABELS) {
    const hitOf = (query: string) =>
      search(query).hits.find(({ conversation }) => conversation.id === ids.get(text));

    it(`Q12: ${group}: ${finds[0] ?? ''} and ${finds.length - 1} more are found, and shown where they are`, () => {
      for (const query of finds) {
        const pieces = hitOf(query)?.match?.snippet;
        assert.ok(
          pieces?.some(({ isMatch }) => isMatch),
          query,
        );
      }
      for (const query of misses) assert.equal(hitOf(query), undefined, query);
    });
  }

  it('Q13: anything may be looked for: no text is an operator, none is an error', () => {
    const words = [
      '"',
      '""',
      "'",
      '*',
      'a*',
      '"a',
      'a"b',
      'NOT',
      'AND OR NOT',
      'NEAR(a b, 2)',
      'terms: a',
      '^a',
      '-a',
      'a + b',
    ];
    const odd = [
      '\0',
      'a\0b',
      '\ud800',
      'a\udc00b',
      '\ufffe\uffff',
      '%',
      '_',
      '__',
      '\\',
      '--',
      ';',
      "'; DROP TABLE search; --",
    ];
    const long = [
      'x'.repeat(100_000),
      'word '.repeat(50_000),
      '語'.repeat(10_000),
      '('.repeat(5_000),
      '🚀'.repeat(3_000),
    ];
    const blank = ['', ' ', '\n\t', '\u200b', '…'];
    for (const text of [...words, ...odd, ...long, ...blank]) {
      const page = search(text);
      assert.ok(page.hits.length <= SEARCH_LABELS.length, JSON.stringify(text.slice(0, 20)));
    }
    for (const text of blank) assert.deepEqual(search(text).hits, []);
    assert.equal(search('the').hits.length > 0, true);
  });

  it('Q13: a quote or an operator next to a word takes nothing from it', () => {
    const expected = search('connection pool').hits.map(({ conversation }) => conversation.id);
    assert.equal(expected.length, 1);
    for (const text of [
      '"connection" "pool"',
      '(connection) pool',
      'connection + pool',
      'connection:pool',
      'connection\0pool',
    ])
      assert.deepEqual(
        search(text).hits.map(({ conversation }) => conversation.id),
        expected,
        text,
      );
  });
});
