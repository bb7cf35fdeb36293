import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { comparePositions, nextHlc, UNNUMBERED, type Position } from '../../src/model/order.ts';
import { RUNS, SEED } from './runs.ts';

/** Few different values, so that ties are common. */
const position: fc.Arbitrary<Position> = fc.record({
  serverOrder: fc.constantFrom(1, 2, UNNUMBERED),
  hlc: fc.integer({ min: 0, max: 2 }),
  id: fc.constantFrom('a', 'b', 'c'),
});

describe('order of messages', () => {
  it(`I4: is total: antisymmetric, transitive, and equal only for equals (seed ${SEED})`, () => {
    fc.assert(
      fc.property(position, position, position, (a, b, c) => {
        assert.equal(Math.sign(comparePositions(a, b)) + Math.sign(comparePositions(b, a)), 0);
        if (comparePositions(a, b) <= 0 && comparePositions(b, c) <= 0)
          assert.ok(comparePositions(a, c) <= 0);
        const isSame = a.serverOrder === b.serverOrder && a.hlc === b.hlc && a.id === b.id;
        assert.equal(comparePositions(a, b) === 0, isSame);
      }),
      { seed: SEED, numRuns: RUNS * 10 },
    );
  });

  it('I4: what no backend has numbered yet stands last', () => {
    const numbered = { serverOrder: Date.UTC(2200, 0) * 1000, hlc: 9, id: 'z' };
    assert.ok(comparePositions(numbered, { serverOrder: UNNUMBERED, hlc: 0, id: 'a' }) < 0);
  });
});

describe('hybrid clock', () => {
  it('I4: follows physical time in microseconds', () => {
    assert.equal(nextHlc(1_700_000_000_000.9, 0), 1_700_000_000_000_000);
  });

  it(`I4: always rises, also when the clock is set back (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2_000_000_000_000 }), { minLength: 2 }), (times) => {
        let last = 0;
        for (const time of times) {
          const next = nextHlc(time, last);
          assert.ok(next > last && Number.isSafeInteger(next));
          last = next;
        }
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
