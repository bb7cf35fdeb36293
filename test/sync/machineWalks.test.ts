import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { RequestOutcome } from '../../src/sync/failure.ts';
import { step } from '../../src/sync/machine.ts';
import { initialState, type SyncEvent, type SyncState } from '../../src/sync/state.ts';
import { RUNS, SEED } from '../model/runs.ts';
import {
  NOW,
  assertSound,
  events,
  fenced,
  gone,
  item,
  no,
  odd,
  ok,
  out,
  pulled,
  slow,
} from './machineCases.ts';

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
      ...[...state.busy].flatMap((conversationId): SyncEvent[] => [
        { type: 'answered', conversationId },
        { type: 'pushed', conversationId, outcome },
      ]),
      ...(state.isPulling ? [pulled(outcome), pulled(ok), events['pull-offers']] : []),
      ...(state.stream.kind === 'open' ? [events['stream-behind'], events['stream-broken']] : []),
    ];
  }
});
