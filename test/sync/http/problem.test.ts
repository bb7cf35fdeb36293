import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { problemOf, refusalError } from '../../../src/sync/http/problem.ts';
import type { RemoteProblem } from '../../../src/sync/remote.ts';

const NOW = Date.UTC(2026, 0, 5, 12, 0, 0);
const METHODS = ['GET', 'POST', 'PATCH', 'DELETE'] as const;

describe('problemOf', () => {
  const same: [number, RemoteProblem][] = [
    [300, 'unknown'],
    [301, 'unknown'],
    [302, 'unknown'],
    [304, 'unknown'],
    [307, 'unknown'],
    [308, 'unknown'],
    [400, 'refused'],
    [401, 'signed-out'],
    [402, 'refused'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [405, 'refused'],
    [407, 'unknown'],
    [409, 'refused'],
    [410, 'refused'],
    [413, 'refused'],
    [415, 'refused'],
    [422, 'refused'],
    [429, 'slow-down'],
    [499, 'refused'],
    [500, 'unknown'],
    [501, 'unknown'],
    [502, 'unknown'],
    [504, 'unknown'],
    [507, 'unknown'],
    [520, 'unknown'],
    [599, 'unknown'],
    [999, 'unknown'],
  ];
  for (const [status, problem] of same) {
    it(`${status} is ${problem} for every method`, () => {
      for (const method of METHODS) assert.equal(problemOf({ method, status }), problem, method);
    });
  }

  it('I3: 503 and 408 are unknown for a POST, which stores twice when sent twice; others wait and repeat', () => {
    for (const status of [408, 503]) {
      assert.equal(problemOf({ method: 'POST', status }), 'unknown');
      for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
        assert.equal(problemOf({ method, status }), 'slow-down');
      }
    }
  });

  it('I2: no status is without a meaning, and only 429 lets a POST be sent again without looking', () => {
    for (let status = 300; status < 1000; status++) {
      const again = problemOf({ method: 'POST', status }) === 'slow-down';
      assert.equal(again, status === 429, String(status));
    }
  });
});

describe('refusalError', () => {
  it('says the status in words and carries the wait, also when the outcome is unknown', () => {
    const limited = refusalError({ method: 'POST', status: 429, retryAfter: '7' }, NOW);
    assert.deepEqual([limited.problem, limited.status, limited.retryAfterMs], ['slow-down', 429, 7_000]);
    assert.equal(limited.message, 'The server asks for fewer requests (status 429)');
    const down = refusalError(
      { method: 'POST', status: 503, retryAfter: 'Mon, 05 Jan 2026 12:00:30 GMT' },
      NOW,
    );
    assert.deepEqual([down.problem, down.retryAfterMs], ['unknown', 30_000]);
    assert.equal(refusalError({ method: 'GET', status: 503 }, NOW).retryAfterMs, undefined);
  });
});
