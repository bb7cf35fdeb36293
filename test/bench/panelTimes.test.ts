import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { startTicks } from './panelTimes.ts';

describe('the start of a process', () => {
  const after = (name: string) => `4711 (${name}) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 98765 20 21`;

  it('is read from behind the name, whatever the name holds', () => {
    for (const name of ['node', 'a (b) c', 'node) S 1 2 (']) assert.equal(startTicks(after(name)), 98_765);
  });

  it('is not guessed from something else', () => {
    assert.throws(() => startTicks('not a stat'), /cannot be read/);
  });
});
