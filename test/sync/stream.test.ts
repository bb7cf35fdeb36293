import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { step } from '../../src/sync/machine.ts';
import { initialState, type SyncEvent, type SyncState } from '../../src/sync/state.ts';

const NOW = 1_000_000;
const up: SyncState = {
  ...initialState,
  account: 'me',
  isLeader: true,
  link: { kind: 'up' },
  memory: 'read',
  pullAt: NOW + 10_000,
};
const broken: SyncEvent = { type: 'followed', outcome: { kind: 'broken', hasLived: true } };

describe('sync machine: the stream of events', () => {
  it('S7: a stream that breaks is opened again ever more rarely, and pulls go on meanwhile; one that lived was well', () => {
    let state: SyncState = { ...up, stream: { kind: 'open', failures: 0 }, pullAt: NOW + 300_000 };
    let now = NOW;
    const waits: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const ended = step(state, { type: 'followed', outcome: { kind: 'broken', hasLived: false } }, now, 0.5);
      assert.ok(ended.state.pullAt <= now + 30_000, 'polls as without a stream');
      const at = ended.state.stream.kind === 'wanted' ? ended.state.stream.at : 0;
      waits.push(at - now);
      now = at;
      const again = step({ ...ended.state, pullAt: now + 1 }, { type: 'woken' }, now, 0.5);
      assert.equal(
        again.effects.some(({ type }) => type === 'follow'),
        true,
      );
      state = { ...again.state, looking: 'no' };
      assert.equal(state.pullAt, now + 1, 'a stream that never tells anything puts no pull off');
    }
    assert.deepEqual(waits, [1_000, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500]);
    const pulled: SyncEvent = { type: 'pulled', outcome: { kind: 'ok' }, canFollow: true };
    const checked = step({ ...state, isPulling: true }, pulled, now, 0.5);
    assert.equal(checked.state.pullAt, now + 300_000, 'a check while it lives');
    const { stream } = step(state, broken, now, 0.5).state;
    assert.deepEqual(stream, { kind: 'wanted', failures: 1, at: now + 1_000 });
  });

  it('S7: a stream that is refused is not asked for again until the backend may be another', () => {
    const refused = step(
      { ...up, stream: { kind: 'open', failures: 0 } },
      { type: 'followed', outcome: { kind: 'refused' } },
      NOW,
      0.5,
    ).state;
    const after = step(
      { ...refused, isPulling: true },
      { type: 'pulled', outcome: { kind: 'ok' }, canFollow: true },
      NOW + 1,
      0.5,
    );
    assert.equal(
      after.effects.some(({ type }) => type === 'follow'),
      false,
    );
    const other = step(after.state, { type: 'configured', account: 'me' }, NOW + 2, 0.5).state;
    assert.equal(other.stream.kind, 'none');
  });
});
