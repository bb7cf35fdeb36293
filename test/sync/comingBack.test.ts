import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { step } from '../../src/sync/machine.ts';
import { initialState, type Step, type SyncState } from '../../src/sync/state.ts';

const NOW = 1_000_000;
const up: SyncState = {
  ...initialState,
  account: 'me',
  isLeader: true,
  memory: 'read',
  link: { kind: 'up' },
  pullAt: NOW + 10_000,
};
const pulls = ({ effects }: Step): boolean => effects.some(({ type }) => type === 'pull');

describe('a clock that is set back by a minute', () => {
  it('S2: ends a back-off, and leaves a wait that was asked for', () => {
    const waiting = { kind: 'down', failures: 5, retryAt: NOW + 29_000, detail: 'why' } as const;
    const woken = (link: SyncState['link']) => step({ ...up, link }, { type: 'woken' }, NOW - 60_000, 0.5);
    assert.ok(pulls(woken(waiting)));
    assert.ok(!pulls(woken({ ...waiting, isAsked: true })));
    assert.ok(!pulls(woken({ ...waiting, kind: 'denied' })));
  });
});

describe('a user who comes back', () => {
  it('S15: on the word of the user pulls come each 10 s for a minute and a half, then each 30 s', () => {
    const periods: number[] = [];
    let now = NOW;
    let state = step(up, { type: 'syncNow' }, now, 0.5).state;
    for (let n = 0; n < 12; n += 1) {
      state = step(state, { type: 'pulled', outcome: { kind: 'ok' } }, now, 0.5).state;
      periods.push((state.pullAt - now) / 1_000);
      now = state.pullAt;
      state = step(state, { type: 'woken' }, now, 0.5).state;
      assert.equal(state.isPulling, true);
    }
    assert.deepEqual(periods, [10, 10, 10, 10, 10, 10, 10, 10, 10, 30, 30, 30]);
  });

  it('S15: whoever comes back sees what others wrote meanwhile, and asks for it each 10 s at most', () => {
    const back = (pulledAt: number) =>
      step({ ...up, pullAt: NOW + 30_000, pulledAt }, { type: 'networkChanged' }, NOW, 0.5);
    assert.ok(pulls(back(NOW - 10_000)));
    assert.ok(!pulls(back(NOW - 9_000)));
    assert.deepEqual(back(NOW - 9_000).effects.at(-1), { type: 'wakeAt', at: NOW + 1_000 });
    // The clock was set back since.
    assert.ok(pulls(back(NOW + 60_000)));
  });
});
