import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { RequestOutcome } from '../../src/sync/failure.ts';
import { step } from '../../src/sync/machine.ts';
import { initialState, type Step, type SyncEvent, type SyncState } from '../../src/sync/state.ts';
import { MAX_REQUESTS } from '../../src/sync/times.ts';
import type { LinkStatus, OutboxItem } from '../../src/store/outbox.ts';
import { RUNS, SEED } from '../model/runs.ts';

const NOW = 1_000_000;
const LATER = NOW + 10_000;

const item = (conversationId: string, seq = 1): OutboxItem => ({
  seq,
  kind: 'append',
  conversationId,
  state: 'queued',
  attempts: 0,
});

const leading: SyncState = { ...initialState, account: 'me', isLeader: true, memory: 'read' };
const up: SyncState = { ...leading, link: { kind: 'up' }, pullAt: LATER };
const waiting = (kind: 'down' | 'denied', retryAt: number) => ({
  kind,
  failures: 1,
  retryAt,
  detail: 'why',
});

/** Every state that differs in what may happen next. */
const states = {
  off: { ...initialState, isLeader: true },
  standby: { ...initialState, account: 'me' },
  recalling: { ...leading, memory: 'reading' },
  unknown: leading,
  asked: { ...leading, pulledAt: NOW - 500 },
  probing: { ...leading, isPulling: true },
  up,
  'up-looking': { ...up, looking: 'yes' },
  'up-pulling': { ...up, isPulling: true },
  'up-full': { ...up, busy: new Set(['a', 'b']), pullAt: NOW - 1 },
  'up-due': { ...up, stream: { kind: 'wanted', failures: 1, at: NOW } },
  'up-live': { ...up, stream: { kind: 'open', failures: 1 } },
  down: { ...leading, link: waiting('down', LATER) },
  'down-due': { ...leading, link: waiting('down', NOW) },
  'down-asked': { ...leading, link: { ...waiting('down', LATER), isAsked: true } },
  denied: { ...leading, link: waiting('denied', LATER) },
  signedOut: { ...leading, link: { kind: 'signedOut', detail: 'why' } },
} as const satisfies Record<string, SyncState>;

const pushed = (outcome: RequestOutcome): SyncEvent => ({ type: 'pushed', conversationId: 'a', outcome });
const pulled = (outcome: RequestOutcome): SyncEvent => ({ type: 'pulled', outcome });
const ok = { kind: 'ok' } as const;
const gone = { kind: 'unreachable', detail: 'gone' } as const;
const odd = { kind: 'doubtful', detail: 'odd' } as const;
const slow = { kind: 'slow-down', detail: 'slow', retryAfterMs: 7_000 } as const;
const out = { kind: 'signed-out', detail: 'who' } as const;
const no = { kind: 'denied', detail: 'no' } as const;
const fenced = { kind: 'fenced' } as const;

/** What a window that synced before has left. */
function left(status: Partial<LinkStatus>): LinkStatus {
  return { link: 'down', detail: 'why', account: 'me', failures: 3, ...status };
}

const events = {
  configured: { type: 'configured', account: 'you' },
  'switched-off': { type: 'configured', account: undefined },
  'lease-taken': { type: 'lease', isHeld: true },
  'lease-lost': { type: 'lease', isHeld: false },
  'recalled-none': { type: 'recalled', status: undefined },
  'recalled-down': { type: 'recalled', status: left({ retryAt: LATER }) },
  'recalled-asked': { type: 'recalled', status: left({ retryAt: LATER, isAsked: true }) },
  changed: { type: 'changed' },
  'found-work': { type: 'found', items: [item('a'), item('b'), item('c')], nextDueAt: undefined },
  'found-none': { type: 'found', items: [], nextDueAt: NOW + 500 },
  'push-ok': pushed(ok),
  'push-nothing': pushed({ kind: 'nothing' }),
  'push-doubtful': pushed(odd),
  'push-unreachable': pushed(gone),
  'push-slow-down': pushed(slow),
  'push-signed-out': pushed(out),
  'push-denied': pushed(no),
  'push-fenced': pushed(fenced),
  'pull-ok': pulled(ok),
  'pull-offers': { type: 'pulled', outcome: ok, canFollow: true },
  'pull-doubtful': pulled(odd),
  'pull-unreachable': pulled(gone),
  'pull-slow-down': pulled(slow),
  'pull-signed-out': pulled(out),
  'pull-denied': pulled(no),
  'pull-fenced': pulled(fenced),
  'stream-behind': { type: 'followed', outcome: { kind: 'behind' } },
  'stream-refused': { type: 'followed', outcome: { kind: 'refused' } },
  'stream-broken': { type: 'followed', outcome: { kind: 'broken', hasLived: true } },
  'stream-fenced': { type: 'followed', outcome: { kind: 'fenced' } },
  woken: { type: 'woken' },
  'network-changed': { type: 'networkChanged' },
  syncNow: { type: 'syncNow' },
} satisfies Record<string, SyncEvent>;

/** The link afterwards, then what was started: A abort, R recall, W end waits, P pull, F follow, L look, S push. */
function outcomeOf({ state, effects }: Step): string {
  const letters = {
    abort: 'A',
    recall: 'R',
    endWaits: 'W',
    pull: 'P',
    follow: 'F',
    look: 'L',
    push: 'S',
    wakeAt: '',
    report: '',
  };
  const started = effects.map(({ type }) => letters[type]).join('');
  const idle = state.account === undefined ? 'off' : 'standby';
  return `${canWork(state) ? state.link.kind : idle}${started === '' ? '' : `+${started}`}`;
}

function canWork(state: SyncState): boolean {
  return state.account !== undefined && state.isLeader;
}

/** What must hold after every step, whatever brought us here. */
function assertSound(before: SyncState, { state, effects }: Step, now: number): void {
  const requests = state.busy.size + Number(state.isPulling);
  assert.ok(requests <= MAX_REQUESTS, `I12: ${requests} requests at once`);
  const started = effects.filter(({ type }) => ['push', 'pull', 'look', 'follow'].includes(type));
  if (!canWork(state)) {
    assert.deepEqual(started, [], 'I8 I10: started without an account or a lease');
    assert.equal(requests, 0);
  }
  const pushes = effects.flatMap((effect) => (effect.type === 'push' ? [effect.item.conversationId] : []));
  if (pushes.length > 0) assert.equal(before.link.kind, 'up', 'pushed while the link is not up');
  for (const id of pushes) assert.ok(!before.busy.has(id), 'I4: two requests for one conversation');
  assert.equal(new Set(pushes).size, pushes.length, 'I4: two requests for one conversation');
  assert.equal(effects.filter(({ type }) => type === 'look').length <= 1, true);
  if (effects.some(({ type }) => type === 'follow')) {
    assert.equal(state.link.kind, 'up', 'follows while the link is not up');
    assert.notEqual(before.stream.kind, 'open', 'I12: two streams');
  }
  const wakes = effects.filter((effect) => effect.type === 'wakeAt');
  assert.equal(wakes.length, 1, 'one timer');
  const at = wakes[0]?.at;
  if (at !== undefined) assert.ok(at > now, `I12: would wake at once, for ever (${at - now} ms)`);
  if (effects.some(({ type }) => type === 'pull'))
    assert.ok(
      !(now - before.pulledAt >= 0 && now - before.pulledAt < 1_000),
      'I12: two pulls within a second',
    );
  // Nothing under way, nothing to wake it: it would sleep for ever.
  if (canWork(state) && state.link.kind !== 'signedOut' && requests === 0 && state.memory === 'read')
    assert.ok(at !== undefined && at !== Infinity, 'I2: sleeps for ever');
}

/** Rows: events. Columns: states. */
const TABLE = `
                   off        standby    recalling  unknown    asked      probing    up         up-looking up-pulling up-full    up-due     up-live    down       down-due   down-asked denied     signedOut
  configured       unknown+AR standby+A  unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR unknown+AR
  switched-off     off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A      off+A
  lease-taken      off        unknown+AR unknown    unknown+P  unknown    unknown    up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  lease-lost       off+A      standby    standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A  standby+A
  recalled-none    off        standby    unknown+P  unknown+P  unknown    unknown    up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  recalled-down    off        standby    down       unknown+P  unknown    unknown    up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  recalled-asked   off        standby    down       unknown+P  unknown    unknown    up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  changed          off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up         up+FL      up+L       down       down+P     down       denied     signedOut
  found-work       off        standby    unknown    unknown+P  unknown    unknown    up+SS      up+SS      up+S       up         up+SSF     up+SS      down       down+P     down       denied     signedOut
  found-none       off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  push-ok          off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up+P       up+FL      up+L       down       down+P     down       denied     signedOut
  push-nothing     off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up+P       up+FL      up+L       down       down+P     down       denied     signedOut
  push-doubtful    off        standby    unknown    unknown+P  unknown    unknown    up+PL      up+P       up+L       up+P       up+PL      up+PL      down       down+P     down       denied     signedOut
  push-unreachable off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  push-slow-down   off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  push-signed-out  off        standby    signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut
  push-denied      off        standby    denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied
  push-fenced      off        standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby
  pull-ok          off        standby    up+L       up+L       up+L       up+L       up+L       up         up+L       up         up+L       up+L       up+L       up+L       down       up+L       up+L
  pull-offers      off        standby    up+FL      up+FL      up+FL      up+FL      up+FL      up+F       up+FL      up+F       up+FL      up+L       up+FL      up+FL      down       up+FL      up+FL
  pull-doubtful    off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  pull-unreachable off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  pull-slow-down   off        standby    down       down       down       down       down       down       down       down       down       down       down       down       down       down       down
  pull-signed-out  off        standby    signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut  signedOut
  pull-denied      off        standby    denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied     denied
  pull-fenced      off        standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby    standby
  stream-behind    off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up+F       up+P       down       down+P     down       denied     signedOut
  stream-refused   off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  stream-broken    off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up+F       up         down       down+P     down       denied     signedOut
  stream-fenced    off        standby    unknown    unknown+P  unknown    unknown    up         up         up         up         up+F       standby    down       down+P     down       denied     signedOut
  woken            off        standby    unknown    unknown+P  unknown    unknown    up+L       up         up+L       up         up+FL      up+L       down       down+P     down       denied     signedOut
  network-changed  off        standby    unknown    unknown+P  unknown    unknown    up+P       up+P       up         up         up+P       up+P       down+P     down+P     down       denied     signedOut
  syncNow          off        standby    unknown+WP unknown+WP unknown+W  unknown+W  up+WPL     up+WP      up+WL      up+W       up+WPL     up+WPL     unknown+WP unknown+WP unknown+WP unknown+WP unknown+WP
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

describe('sync machine: random walks', () => {
  const steps = fc.array(
    fc.record({
      pick: fc.nat(),
      which: fc.nat({ max: 9 }),
      // A storm, the usual, and a clock that is set back or a night of sleep.
      pass: fc.oneof(
        fc.nat({ max: 300 }),
        fc.nat({ max: 40_000 }),
        fc.integer({ min: -90_000, max: 9_000_000 }),
      ),
      random: fc.double({ min: 0, max: 0.999, noNaN: true }),
    }),
    { maxLength: 80, size: 'max' },
  );

  it(`S1 I12: requests end as they may, time passes: every step is sound (seed ${SEED})`, () => {
    fc.assert(
      fc.property(steps, (walk) => {
        let state: SyncState = initialState;
        let now = NOW;
        for (const { pick, which, pass, random } of walk) {
          now += pass;
          const possible = possibleEvents(state, which, now);
          const event = possible[pick % possible.length] ?? events.woken;
          const next = step(state, event, now, random);
          assertSound(state, next, now);
          state = next.state;
        }
      }),
      { seed: SEED, numRuns: RUNS * 5 },
    );
  });

  /** What may come now: only a request that was started ends. */
  function possibleEvents(state: SyncState, which: number, now: number): SyncEvent[] {
    const outcomes: RequestOutcome[] = [ok, gone, odd, slow, out, no, fenced, { kind: 'nothing' }];
    const outcome = outcomes[which % outcomes.length] ?? ok;
    const ids = ['a', 'b', 'c', 'd'].slice(which % 3);
    return [
      { type: 'configured', account: which === 0 ? undefined : 'me' },
      { type: 'lease', isHeld: which > 1 },
      events.changed,
      events.woken,
      events.syncNow,
      events['network-changed'],
      ...(state.memory === 'reading' ? [events['recalled-asked'], events['recalled-down']] : []),
      {
        type: 'found',
        items: ids.map((id) => item(id)),
        nextDueAt: which < 5 ? undefined : now + 1_000 - which * 150,
      },
      ...[...state.busy].map((conversationId): SyncEvent => ({ type: 'pushed', conversationId, outcome })),
      ...(state.isPulling ? [pulled(outcome), pulled(ok), events['pull-offers']] : []),
      ...(state.stream.kind === 'open' ? [events['stream-behind'], events['stream-broken']] : []),
    ];
  }
});
