import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { interleave } from './interleave.ts';

describe('interleaved measurements', () => {
  it('take value and reference in turn and do not count the warm-up', async () => {
    const order: string[] = [];
    const pair = await interleave(
      { rounds: 2, warmUp: 1 },
      async (round) => order.push(`a${round}`),
      (round) => order.push(`b${round}`),
    );
    assert.deepEqual(order, ['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
    assert.deepEqual(pair, { value: [3, 5], reference: [4, 6] });
  });

  it('take blocks of each in turn when asked, the last one as long as it is', async () => {
    const order: string[] = [];
    const pair = await interleave(
      { rounds: 3, warmUp: 2, block: 2 },
      (round) => order.push(`a${round}`),
      (round) => order.push(`b${round}`),
    );
    assert.deepEqual(order, ['a0', 'a1', 'b0', 'b1', 'a2', 'a3', 'b2', 'b3', 'a4', 'b4']);
    assert.deepEqual(pair, { value: [5, 6, 9], reference: [7, 8, 10] });
  });

  it('end with the first that fails', async () => {
    const order: string[] = [];
    const failing = interleave(
      { rounds: 2, warmUp: 0 },
      async () => Promise.reject(new Error('no disk')),
      () => order.push('b'),
    );
    await assert.rejects(failing, /no disk/);
    assert.deepEqual(order, []);
  });
});
