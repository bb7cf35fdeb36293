import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUNS, SEED } from '../model/runs.ts';
import { simulate, type Outcome } from './simulate.ts';

const SEEDS = Math.max(1, RUNS * 10);
/** Seeds that once failed, with what they showed. */
const FOUND: readonly (readonly [seed: number, what: string])[] = [];

describe('the sync engine in a simulated world', function () {
  this.timeout(0);

  it(`I1 I2 I3 I4 I5 I7 I8 I10: ${SEEDS} lives of a few machines (seed ${SEED})`, async () => {
    let said = 0;
    const agreedAfter: number[] = [];
    for (let seed = SEED; seed < SEED + SEEDS; seed += 1) {
      const outcome = await simulate(seed);
      assert.ok(outcome.failure === undefined, told(outcome));
      said += outcome.said;
      agreedAfter.push(outcome.agreedAfter);
    }
    assert.ok(said > SEEDS * 3, `only ${said} messages were written`);
  });

  it(`the same seed gives the same trace (seed ${SEED})`, async () => {
    const [first, second] = [await simulate(SEED), await simulate(SEED)];
    assert.ok(first.trace.length > 50, `only ${first.trace.length} things happened`);
    assert.deepEqual(second.trace, first.trace);
    assert.notDeepEqual((await simulate(SEED + 1)).trace, first.trace);
  });

  for (const [seed, what] of FOUND)
    it(`seed ${seed}: ${what}`, async () => {
      const outcome = await simulate(seed);
      assert.ok(outcome.failure === undefined, told(outcome));
    });
});

function told({ seed, failure, trace }: Outcome): string {
  return [
    `NAVI_TEST_SEED=${seed} NAVI_TEST_RUNS=0 npm run test:simulator`,
    ...trace.slice(-60),
    String(failure?.stack),
  ].join('\n');
}
