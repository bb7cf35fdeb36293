import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { escapeJson, isPoisoned, mendText, restoreText, unescapeJson } from '../../src/sync/mend.ts';
import { RUNS, SEED } from '../model/runs.ts';

/** Texts of what hurts and of what looks like a mended one. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\0',
        '\ud800',
        '\udc00',
        '🙂',
        '<|endoftext|>',
        '<|',
        '|>',
        '<',
        '\u200b',
        '\u2400',
        '\ufffd',
      ),
      fc.constantFrom('\\', '\\u0000', '\\\\', 'u0000', '{"', ' '),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

/** What the plain backend answers with 500 for ever. */
const hurts = (text: string): boolean =>
  text.includes('\0') || !text.isWellFormed() || /<\|[^\s|<>]{1,64}\|>/.test(text);

describe('what the plain backend cannot store', () => {
  it(`I1 I5: any text is sent as one that it can store, and comes back the same (seed ${SEED})`, () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { text: mended, mends } = mendText(text);
        assert.equal(hurts(mended), false);
        assert.equal(restoreText(mended, mends), text);
        assert.equal(mends.length > 0, hurts(text));
      }),
      { seed: SEED, numRuns: RUNS * 10 },
    );
  });

  it(`I1 I5: so does any JSON, its keys too (seed ${SEED})`, () => {
    const object = fc.dictionary(
      hostile,
      fc.oneof(hostile, fc.array(hostile), fc.dictionary(hostile, hostile), fc.constant(null), fc.integer()),
    );
    fc.assert(
      fc.property(object, (value) => {
        const escaped = escapeJson(value);
        assert.equal(isPoisoned(escaped), false);
        assert.equal(JSON.stringify(unescapeJson(escaped)), JSON.stringify(value));
      }),
      { seed: SEED, numRuns: RUNS * 10 },
    );
  });

  it('reads well without NAVI: a token is only broken where nobody sees it', () => {
    assert.deepEqual(mendText('a <|im_start|> b\0'), {
      text: 'a <\u200b|im_start|> b\u2400',
      mends: [
        [3, -1],
        [17, 0],
      ],
    });
    assert.deepEqual(mendText('x <| y |> z'), { text: 'x <| y |> z', mends: [] });
  });

  it('I11: mends that are not those of the text change nothing of it', () => {
    for (const mends of [
      [[0, 0]],
      [[9, -1]],
      [
        [1, 0],
        [1, 0],
      ],
      [
        [1, 0],
        [0, 0],
      ],
    ] as const)
      assert.equal(restoreText('a\u2400b', mends), 'a\u2400b', JSON.stringify(mends));
  });
});
