/** States and events of the sync machine, what one step does in words, and what must hold after each. */
import assert from 'node:assert/strict';
import type { RequestOutcome } from '../../src/sync/failure.ts';
import { initialState, type Step, type SyncEvent, type SyncState } from '../../src/sync/state.ts';
import { MAX_REQUESTS } from '../../src/sync/times.ts';
import type { LinkStatus, OutboxItem } from '../../src/store/outbox.ts';

export const NOW = 1_000_000;
export const LATER = NOW + 10_000;

export const item = (conversationId: string, seq = 1): OutboxItem => ({
  seq,
  kind: 'append',
  conversationId,
  state: 'queued',
  attempts: 0,
});

export const leading: SyncState = { ...initialState, account: 'me', isLeader: true, memory: 'read' };
export const up: SyncState = { ...leading, link: { kind: 'up' }, pullAt: LATER };
export const waiting = (kind: 'down' | 'denied', retryAt: number) => ({
  kind,
  failures: 1,
  retryAt,
  detail: 'why',
});

/** Every state that differs in what may happen next. */
export const states = {
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
  'up-ready': { ...up, busy: new Set(['a', 'b']), ready: [item('c'), item('d')] },
  'up-due': { ...up, stream: { kind: 'wanted', failures: 1, at: NOW } },
  'up-live': { ...up, stream: { kind: 'open', failures: 1 } },
  down: { ...leading, link: waiting('down', LATER) },
  'down-due': { ...leading, link: waiting('down', NOW) },
  'down-asked': { ...leading, link: { ...waiting('down', LATER), isAsked: true } },
  denied: { ...leading, link: waiting('denied', LATER) },
  signedOut: { ...leading, link: { kind: 'signedOut', detail: 'why' } },
} as const satisfies Record<string, SyncState>;

export const pushed = (outcome: RequestOutcome): SyncEvent => ({
  type: 'pushed',
  conversationId: 'a',
  outcome,
});
export const pulled = (outcome: RequestOutcome): SyncEvent => ({ type: 'pulled', outcome });
export const ok = { kind: 'ok' } as const;
export const gone = { kind: 'unreachable', detail: 'gone' } as const;
export const odd = { kind: 'doubtful', detail: 'odd' } as const;
export const slow = { kind: 'slow-down', detail: 'slow', retryAfterMs: 7_000 } as const;
export const out = { kind: 'signed-out', detail: 'who' } as const;
export const no = { kind: 'denied', detail: 'no' } as const;
export const fenced = { kind: 'fenced' } as const;

/** What a window that synced before has left. */
export function left(status: Partial<LinkStatus>): LinkStatus {
  return { link: 'down', detail: 'why', account: 'me', failures: 3, ...status };
}

export const events = {
  configured: { type: 'configured', account: 'you' },
  'switched-off': { type: 'configured', account: undefined },
  'lease-taken': { type: 'lease', isHeld: true },
  'lease-lost': { type: 'lease', isHeld: false },
  'recalled-none': { type: 'recalled', status: undefined },
  'recalled-down': { type: 'recalled', status: left({ retryAt: LATER }) },
  'recalled-asked': { type: 'recalled', status: left({ retryAt: LATER, isAsked: true }) },
  changed: { type: 'changed' },
  answered: { type: 'answered', conversationId: 'a' },
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
export function outcomeOf({ state, effects }: Step): string {
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
export function assertSound(before: SyncState, { state, effects }: Step, now: number): void {
  for (const id of state.answered) assert.ok(state.busy.has(id), 'answered, and nothing of it was sent');
  const requests = state.busy.size - state.answered.size + Number(state.isPulling);
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
