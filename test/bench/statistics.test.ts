import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { median, medianRatio, percentile, slope } from './statistics.ts';

describe('the statistics of the benchmark', () => {
  it('take the middle sample, or the mean of the two in the middle, in whatever order they came', () => {
    assert.equal(median([10, 1, 2]), 2);
    assert.equal(median([10, 1, 2, 4]), 3);
    assert.equal(median([7]), 7);
  });

  it('sort by size, not by text, and leave the samples as they are', () => {
    const samples = [9, 10, 100];
    assert.equal(median(samples), 10);
    assert.deepEqual(samples, [9, 10, 100]);
  });

  it('compare round with round, so that what slows some of them does not count', () => {
    const pair = { value: [8, 4, 4, 8, 8], reference: [10, 5, 5, 10, 10] };
    assert.equal(medianRatio(pair), 0.8);
    const drifting = { value: [8, 8, 4, 4, 4], reference: [10, 10, 10, 5, 5] };
    assert.equal(medianRatio(drifting), 0.8);
    assert.equal(median(drifting.value) / median(drifting.reference), 0.4);
  });

  it('give a percentile that was measured', () => {
    const samples = Array.from({ length: 200 }, (_, n) => n + 1);
    assert.equal(percentile(samples, 99), 198);
    assert.equal(percentile(samples, 100), 200);
    assert.equal(percentile(samples, 0), 1);
    assert.equal(percentile([5, 6], 99), 6);
  });

  it('give the slope of the line that fits best', () => {
    assert.equal(slope([0, 1, 2, 3].map((x) => [x, 5 - 2 * x])), -2);
    assert.equal(
      slope([
        [0, 0],
        [1, 4],
        [2, 2],
      ]),
      1,
    );
    assert.throws(() => slope([[1, 2]]), RangeError);
    assert.throws(() => slope([]), RangeError);
  });

  it('say nothing about no samples', () => {
    assert.throws(() => median([]), RangeError);
    assert.throws(() => percentile([], 99), RangeError);
  });
});
