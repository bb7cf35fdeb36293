import type { Bug } from './bug.ts';

const FAILURE = 'src/sync/failure.ts';
const OUTBOX = 'src/store/sqlite/outbox.ts';
const FIELD_ORDERS = 'src/store/sqlite/orders.ts';
const LEASES = 'src/store/sqlite/leases.ts';
const LIVES = 'test/simulator/simulator.test.ts';
const ORDERS = 'test/simulator/interleavings.test.ts';

/** Rows are looked at when they are offered, when they are begun and when they are sent: each alone would do. */
const UNASKED = {
  file: OUTBOX,
  from: 'WHERE (c.account IS NULL OR c.account = ?2)',
  to: 'WHERE (c.account IS NULL OR c.account IS NOT ?2 OR 1)',
  also: [
    {
      file: FIELD_ORDERS,
      from: '    if (conversation.account !== null && conversation.account !== account) return undefined;\n',
      to: '',
    },
    {
      file: 'src/store/sqlite/appends.ts',
      from: 'if (remoteId === undefined || (conversation?.account ?? terms.account) !== terms.account) return [];',
      to: 'if (remoteId === undefined) return [];',
    },
  ],
};

/** Mistakes that take several accidents at once: simulated worlds, and any order of the calls, must meet them by themselves. */
export const worldBugs: readonly Bug[] = [
  {
    name: 'a window that was stopped for long writes what it knew',
    file: LEASES,
    from: 'if (row?.holder !== lease.holder || row.token !== lease.token) {',
    to: 'if (row === undefined) {',
    test: LIVES,
    grep: 'the plain contract',
  },
  {
    name: 'the same, in any order of the calls',
    file: LEASES,
    from: 'if (row?.holder !== lease.holder || row.token !== lease.token) {',
    to: 'if (row === undefined) {',
    test: ORDERS,
    grep: 'the plain contract',
    runs: 200,
  },
  {
    name: 'who takes the lease over does not doubt what was being sent',
    file: LEASES,
    from: "WHERE state = 'sending' AND fence < ?`",
    to: "WHERE state = 'sending' AND fence < ? - 1000000`",
    test: LIVES,
    grep: 'the plain contract',
  },
  {
    name: 'nobody asks whose conversation it is that is sent',
    ...UNASKED,
    test: LIVES,
    grep: 'the plain contract',
    runs: 60,
  },
  {
    name: 'the same, in any order of the calls, while the account changes',
    ...UNASKED,
    test: ORDERS,
    grep: 'the plain contract',
    runs: 200,
  },
  {
    name: 'what was not found at the first look is sent again at once',
    file: FAILURE,
    from: 'if (readStartedAt < deadAt) {',
    to: 'if (readStartedAt < deadAt - requestLifeMs) {',
    test: LIVES,
    grep: 'the plain contract',
    runs: 60,
  },
  {
    name: 'nobody looks for what had no answer',
    file: 'src/sync/push.ts',
    from: '(await canResend(context, item))) return await readBack(context, item);',
    to: "(await canResend(context, item))) return { kind: 'ok' };",
    test: LIVES,
    grep: 'the plain contract',
  },
  {
    name: 'after Sync Now pulls come no closer together',
    file: 'src/sync/times.ts',
    from: 'alertUntil <= now + ALERT_MS ? PULL_ALERT_EVERY_MS',
    to: 'alertUntil <= now ? PULL_ALERT_EVERY_MS',
    test: LIVES,
    grep: 'the plain contract',
    runs: 100,
  },
  {
    name: 'an answer from before undoes what the stream of events has told since',
    file: 'src/sync/told.ts',
    from: '(this.#seen.get(id) ?? 0) <= moment',
    to: '(this.#seen.get(id) ?? 0) <= Infinity',
    test: 'test/sync/told.test.ts',
    grep: 'an answer from before',
  },
  {
    name: 'Sync Now leaves what waits for its time',
    file: 'src/sync/machine.ts',
    from: "effects: canWork(state) ? [{ type: 'endWaits' }] : [],",
    to: 'effects: [],',
    test: 'test/sync/probes.test.ts',
    grep: 'was forbidden',
  },
];
