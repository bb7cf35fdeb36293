import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { RUNS, SEED } from '../model/runs.ts';
import { inWords, playHistory, shortest, step } from './play.ts';

const HISTORIES = Math.ceil(RUNS * 6.5);
/** On average half as many. */
const MOST_STEPS = 119;

describe('the store against a model', () => {
  it(`I1 I3 I4 I6 I7 I8 I9: ${HISTORIES} histories of about 60 steps (seed ${SEED})`, function () {
    this.timeout(0);
    let played = 0;
    const histories = fc.noBias(fc.array(step, { minLength: 1, maxLength: MOST_STEPS, size: 'max' }));
    const property = fc.property(histories, (steps) => {
      playHistory(steps);
      played += steps.length;
    });
    const { failed, counterexample, numRuns, errorInstance } = fc.check(property, {
      seed: SEED,
      numRuns: HISTORIES,
      // Shrinking by itself tries each number of each step, for minutes.
      endOnFailure: true,
    });
    const told = failed ? shortest(counterexample?.[0] ?? []).map(inWords) : [];
    const report = [`seed ${SEED}, history ${numRuns}:`, ...told, String(errorInstance)].join('\n  ');
    assert.ok(!failed, report);
    assert.ok(played > HISTORIES * 40, `only ${played} steps were played`);
  });
});
