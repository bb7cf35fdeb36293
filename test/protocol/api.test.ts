import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { formatMicros, parseMicros } from '../../src/protocol/api.ts';
import { RUNS, SEED } from '../model/runs.ts';

describe('times of the backend', () => {
  it(`I4: keep all six digits on the way there and back (seed ${SEED})`, () => {
    const micros = fc.integer({ min: -2_208_988_800_000_000, max: 7_258_118_400_000_000 });
    fc.assert(
      fc.property(micros, (time) => assert.equal(parseMicros(formatMicros(time)), time)),
      { seed: SEED, numRuns: RUNS * 5 },
    );
  });

  const readable: readonly [string, number][] = [
    ['1970-01-01T00:00:00.000001+00:00', 1],
    ['1970-01-01T00:00:01Z', 1_000_000],
    ['1970-01-01 00:00:01.5', 1_500_000],
    ['1970-01-01T01:00:00.1234567+01:00', 123_456],
    ['1970-01-01T01:00:00+0100', 0],
    ['1969-12-31T23:59:59.999999Z', -1],
  ];
  for (const [text, micros] of readable) {
    it(`reads ${text}`, () => assert.equal(parseMicros(text), micros));
  }

  const nonsense = [
    '',
    'yesterday',
    '2026-13-01T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01',
    '1767225600',
  ];
  // Beyond what a number holds exactly: a row with such a time could be stored but never read again.
  const tooFar = ['9999-12-31T23:59:59.999999Z', '0000-01-01T00:00:00Z'];
  for (const text of [...nonsense, ...tooFar]) {
    it(`I9: takes "${text}" for no time`, () => assert.equal(parseMicros(text), undefined));
  }
});
