import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { cleanTag, cleanTags, MAX_TAG, MAX_TAGS, tagKey } from '../../src/model/tags.ts';
import { RUNS, SEED } from './runs.ts';

describe('tags', () => {
  const table: readonly [string, string | undefined][] = [
    ['  release  ', 'release'],
    ['two\n words', 'two words'],
    ['e\u0301te\u0301', 'été'],
    ['a\u0000b', 'a b'],
    [' \t\n', undefined],
    ['😀'.repeat(50), '😀'.repeat(40)],
  ];
  for (const [text, tag] of table)
    it(`O1: ${JSON.stringify(text).slice(0, 30)} is ${String(tag).slice(0, 30)}`, () =>
      assert.equal(cleanTag(text), tag));

  it('O1: a tag is known by its letters, whatever their case; the spelling in use stays', () => {
    assert.deepEqual(cleanTags(['Ops', 'ops', 'OPS', 'E\u0301TE\u0301'], ['été', 'oPS']), ['oPS', 'été']);
  });

  it(`O1: cleaning again changes nothing, and no list is too long (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 40 }), (texts) => {
        const tags = cleanTags(texts);
        assert.deepEqual(cleanTags(tags), tags);
        assert.ok(tags.length <= MAX_TAGS);
        assert.equal(new Set(tags.map(tagKey)).size, tags.length);
        for (const tag of tags) assert.ok(tag !== '' && Array.from(tag).length <= MAX_TAG);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
