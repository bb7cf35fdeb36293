import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { structureOf } from '../../../src/store/sqlite/maintenance/verify.ts';

describe('what a check of the structure means', () => {
  const judged = (found: readonly string[], orphans = 0) =>
    structureOf((sql) =>
      sql.includes('foreign_key_check')
        ? Array.from({ length: orphans }, () => ({ table: 'messages' }))
        : found.map((words) => ({ integrity_check: words })),
    );

  it('I9: the search index alone is made anew; whatever else is wrong is damage', () => {
    assert.equal(judged(['ok']), 'sound');
    assert.equal(judged(['fts5: corrupt structure record for table "search"']), 'index');
    assert.equal(judged(['malformed inverted index for FTS5 table main.search']), 'index');
    assert.equal(judged(['ok'], 1), 'damaged');
    assert.equal(judged(['row 3 missing from index messages_by_position']), 'damaged');
  });

  it('I9: a page that two trees claim is damage, also when one of them is the index’s', () => {
    const claimed = '*** in database main ***\nTree 40 page 40 cell 0: 2nd reference to page 134';
    assert.equal(judged([claimed]), 'damaged');
    assert.equal(judged(['malformed inverted index for FTS5 table main.search', claimed]), 'damaged');
  });
});
