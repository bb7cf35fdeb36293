import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { step } from '../../src/sync/machine.ts';
import { initialState, type SyncEvent, type SyncState } from '../../src/sync/state.ts';
import {
  LATER,
  NOW,
  assertSound,
  events,
  gone,
  leading,
  left,
  no,
  ok,
  outcomeOf,
  pulled,
  pushed,
  slow,
  states,
  up,
  waiting,
} from './machineCases.ts';

/** Rows: events. Columns: states. */
const TABLE = `
                   off        standby    recalling  unknown    asked      probing    up         up-looking up-pulling up-full    up-ready   up-due     up-live    down       down-due   down-asked denied     signedOut
  configured       unknown+AR standby+A  unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR
  switched-off     off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A
  lease-taken      off        unknown+AR unknown    unknown+P  unknown    unknown    up         up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  lease-lost       off+A      standby    standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A
  recalled-none    off        standby    unknown+P  unknown+P  unknown    unknown    up         up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  recalled-down    off        standby    down       unknown+P  unknown    unknown    up         up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  recalled-asked   off        standby    down       unknown+P  unknown    unknown    up         up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  changed          off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up         up         up+FL      up+L       down       down+P     down       denied     signedOut
  answered         off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up+P       up+S       up+F       up         down       down+P     down       denied     signedOut
  found-work       off        standby    unknown    unknown+P  unknown    unknown    up+SS      up+SS      up+S       up         up         up+SSF     up+SS      down       down+P     down       denied     signedOut
  found-none       off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  push-ok          off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up+P       up+S       up+FL      up+L       down       down+P     down       denied     signedOut
  push-nothing     off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up+P       up+S       up+FL      up+L       down       down+P     down       denied     signedOut
  push-doubtful    off        standby    unknown    unknown+P  unknown    unknown    up+PL      up+P       up+L       up+P       up+P       up+PL      up+PL      down       down+P     down       denied     signedOut
  push-unreachable off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  push-slow-down   off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  push-signed-out  off        standby    signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut
  push-denied      off        standby    denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied
  push-fenced      off        standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby
  pull-ok          off        standby    up+L       up+L       up+L       up+L       up+L       up         up+L       up         up         up+L       up+L       up+L       up+L       down       up+L       up+L
  pull-offers      off        standby    up+FL      up+FL      up+FL      up+FL      up+FL      up+F       up+FL      up+F       up+F       up+FL      up+L       up+FL      up+FL      down       up+FL      up+FL
  pull-doubtful    off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  pull-unreachable off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  pull-slow-down   off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  pull-signed-out  off        standby    signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut
  pull-denied      off        standby    denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied
  pull-fenced      off        standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby
  stream-behind    off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up         up+F       up+P       down       down+P     down       denied     signedOut
  stream-refused   off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  stream-broken    off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  stream-fenced    off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up         up+F       standby    down       down+P     down       denied     signedOut
  woken            off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up         up         up+FL      up+L       down       down+P     down       denied     signedOut
  network-changed  off        standby    unknown    unknown+P  unknown    unknown    up+P       up+P       up         up         up         up+P       up+P       down+P     down+P     down       denied     signedOut
  syncNow          off        standby    unknown+WP unknown+WP unknown+W  unknown+W  up+WPL     up+WP      up+WL      up+W       up+W       up+WPL     up+WPL     unknown+WP unknown+WP unknown+WP unknown+WP unknown+WP
`;

const rows = TABLE.split('\n')
  .map((line) => line.trim().split(/ +/))
  .filter((cells) => cells.length > 1);

describe('sync machine: every event in every state', () => {
  it('the table is total', () => {
    assert.deepEqual(rows[0], Object.keys(states));
    assert.deepEqual(
      rows.slice(1).map(([name]) => name),
      Object.keys(events),
    );
  });

  for (const [eventName, event] of Object.entries<SyncEvent>(events)) {
    const cells = rows.find(([name]) => name === eventName)?.slice(1) ?? [];
    for (const [column, [stateName, state]] of Object.entries<SyncState>(states).entries()) {
      it(`S1: ${stateName} + ${eventName} -> ${cells[column]}`, () => {
        const next = step(state, event, NOW, 0.5);
        assert.equal(outcomeOf(next), cells[column]);
        assertSound(state, next, NOW);
      });
    }
  }
});

describe('sync machine: rules', () => {
  it('I12: a pull that is due waits for a free request without waking for it', () => {
    const full = { ...up, busy: new Set(['a', 'b']), pullAt: NOW - 1 };
    const { effects } = step(full, { type: 'woken' }, NOW, 0.5);
    assert.deepEqual(effects.at(-1), { type: 'wakeAt', at: Infinity });
  });

  it('I12: changes while a look is under way make one more look, when it ends', () => {
    let state: SyncState = up;
    let looks = 0;
    const hand = (event: SyncEvent) => {
      const next = step(state, event, NOW, 0.5);
      looks += next.effects.filter(({ type }) => type === 'look').length;
      state = next.state;
    };
    for (let n = 0; n < 5; n += 1) hand({ type: 'changed' });
    assert.equal(looks, 1);
    hand(events['found-none']);
    assert.equal(looks, 2);
    hand(events['found-none']);
    assert.equal(looks, 2);
  });

  it('I12: a pull that began before the backend asked to wait does not end the wait', () => {
    const asked = step({ ...up, isPulling: true, busy: new Set(['a']) }, pushed(slow), NOW, 0.5).state;
    const answered = step(asked, pulled(ok), NOW + 10, 0.5);
    assert.equal(outcomeOf(answered), 'down');
    assert.deepEqual(answered.effects.at(-1), { type: 'wakeAt', at: NOW + 7_000 });
    assert.equal(outcomeOf(step(answered.state, { type: 'woken' }, NOW + 7_000, 0.5)), 'down+P');
  });

  it('S2: failures in a row wait longer each time, 30 s at most, and a success forgets them', () => {
    let state: SyncState = { ...leading, isPulling: true };
    let now = NOW;
    const waits: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      state = step(state, pulled(gone), now, 0.5).state;
      const at = 'retryAt' in state.link ? state.link.retryAt : 0;
      waits.push(at - now);
      now = at;
      state = step(state, { type: 'woken' }, now, 0.5).state;
      assert.equal(state.isPulling, true);
    }
    assert.deepEqual(waits, [1_000, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
    state = step(state, pulled(ok), now, 0.5).state;
    state = step({ ...state, isPulling: true }, pulled(gone), now, 0.5).state;
    assert.equal('retryAt' in state.link ? state.link.retryAt - now : 0, 1_000);
  });

  it('S2: the wait that a backend names is at least 1 s, holds for other windows and starts, and ends by the user', () => {
    const hasty = step(up, pushed({ ...slow, retryAfterMs: 0 }), NOW, 0.5);
    assert.deepEqual(hasty.effects.at(-1), { type: 'wakeAt', at: NOW + 1_000 });
    const asked = step(up, pushed({ ...slow, retryAfterMs: 600_000 }), NOW, 0.5);
    const reported = asked.effects.find((effect) => effect.type === 'report');
    assert.ok(reported?.type === 'report');
    assert.equal(reported.status.isAsked, true);
    const begin = { ...initialState, account: 'me', isLeader: false };
    const taken = step(begin, events['lease-taken'], NOW + 60_000, 0.5);
    assert.equal(outcomeOf(taken), 'unknown+AR');
    assert.ok(
      !taken.effects.some(({ type }) => type === 'report'),
      'it would forget what it has not read yet',
    );
    const recalled = step(taken.state, { type: 'recalled', status: reported.status }, NOW + 60_000, 0.5);
    assert.deepEqual(recalled.effects.at(-1), { type: 'wakeAt', at: NOW + 600_000 });
    assert.equal(outcomeOf(step(recalled.state, events.syncNow, NOW + 61_000, 0.5)), 'unknown+WP');
    assert.equal(outcomeOf(step(taken.state, events.syncNow, NOW + 61_000, 0.5)), 'unknown+WP');
  });

  it('S2: a request that fails in another way does not shorten the wait that the backend asked for', () => {
    for (const other of [gone, no, { ...slow, retryAfterMs: 5 }]) {
      const { state, effects } = step(states['down-asked'], pushed(other), NOW, 0.5);
      assert.ok('isAsked' in state.link && state.link.isAsked);
      const at = other === no ? NOW + 30_000 : LATER;
      assert.deepEqual(effects.at(-1), { type: 'wakeAt', at });
    }
  });

  it('S2: what was left by another account, a clock that ran ahead, or long ago holds nobody up', () => {
    const from = { ...leading, memory: 'reading' } as const;
    for (const status of [
      left({ retryAt: LATER, isAsked: true, account: 'you' }),
      left({ retryAt: NOW + 86_400_000, isAsked: true }),
      left({ retryAt: NOW - 1, isAsked: true }),
      left({}),
      left({ link: 'up', retryAt: LATER }),
    ]) {
      assert.equal(outcomeOf(step(from, { type: 'recalled', status }, NOW, 0.5)), 'unknown+P');
    }
    // A wait of its own goes on for a second at most, so that many windows that come and go do not ask each.
    const { state, effects } = step(from, events['recalled-down'], NOW, 0.5);
    assert.deepEqual(effects.at(-1), { type: 'wakeAt', at: NOW + 1_000 });
    const failed = step({ ...state, isPulling: true }, pulled(gone), NOW + 1_000, 0.5).state;
    assert.equal('failures' in failed.link && failed.link.failures, 4);
  });

  it('I12: a clock that was set back ends every wait', () => {
    for (const state of [
      { ...leading, link: waiting('down', LATER) },
      { ...leading, link: { ...waiting('down', LATER), isAsked: true as const } },
      { ...up, pulledAt: NOW },
    ]) {
      assert.match(outcomeOf(step(state, { type: 'woken' }, NOW - 86_400_000, 0.5)), /P/);
    }
  });

  it('S3: a user that has to do something is waited for ever longer, 15 min at most', () => {
    let state: SyncState = { ...leading, isPulling: true };
    const waits: number[] = [];
    for (let n = 0; n < 8; n += 1) {
      state = step(state, pulled(no), NOW, 0.5).state;
      waits.push(('retryAt' in state.link ? state.link.retryAt - NOW : 0) / 1_000);
      state = { ...state, isPulling: true };
    }
    assert.deepEqual(waits, [30, 60, 120, 240, 480, 900, 900, 900]);
  });

  it('S2: a refusal waits 30 s, whatever failed before it, and longer each time it comes again', () => {
    const denied = pulled({ kind: 'denied', detail: 'no' });
    let state: SyncState = { ...leading, isPulling: true };
    for (let n = 0; n < 5; n += 1) state = { ...step(state, pulled(gone), NOW, 0.5).state, isPulling: true };
    const waits: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      state = { ...step(state, denied, NOW, 0.5).state, isPulling: true };
      waits.push('retryAt' in state.link ? state.link.retryAt - NOW : 0);
    }
    assert.deepEqual(waits, [30_000, 60_000, 120_000]);
  });

  it('S2: a clock that was set back puts off no pull by more than its period', () => {
    const { state } = step({ ...leading, isPulling: true }, pulled(ok), NOW, 0.5);
    assert.equal(outcomeOf(step(state, { type: 'woken' }, NOW + 1_000, 0.5)), 'up');
    assert.equal(outcomeOf(step(state, { type: 'woken' }, NOW - 60_000, 0.5)), 'up+P');
  });

  it('S3: the link is reported once for each change, and by the leading window only', () => {
    const { state, effects } = step(up, pulled(gone), NOW, 0.5);
    assert.deepEqual(effects[0], {
      type: 'report',
      status: { link: 'down', detail: 'gone', account: 'me', retryAt: NOW + 1_000, failures: 1 },
    });
    const again = step(state, { type: 'changed' }, NOW, 0.5);
    assert.deepEqual(
      again.effects.filter(({ type }) => type === 'report'),
      [],
    );
    const failed = step({ ...state, isPulling: true }, pulled(gone), NOW, 0.5);
    assert.equal(failed.effects.filter(({ type }) => type === 'report').length, 1, 'the next try has moved');
    const standby = step({ ...initialState, account: 'me' }, pulled(gone), NOW, 0.5);
    assert.deepEqual(
      standby.effects.filter(({ type }) => type === 'report'),
      [],
    );
  });
});
