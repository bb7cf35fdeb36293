import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LATEST_MS, tooLate } from '../../src/sync/pushContext.ts';

describe('a window that goes on between noting a request and sending it', () => {
  it('I3 I8: sends nothing when it was stopped for long, or its clock does not say for how long', () => {
    const begunAt = 1_780_272_000_000;
    for (const passed of [0, LATEST_MS, -1_000]) assert.equal(tooLate(begunAt, begunAt + passed), undefined);
    for (const passed of [LATEST_MS + 1, -1_001, -3_600_000])
      assert.equal(tooLate(begunAt, begunAt + passed)?.problem, 'not-sent');
  });
});
