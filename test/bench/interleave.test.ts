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
