import fc from 'fast-check';
import { describe, it } from 'mocha';
import type { Ability } from '../../src/protocol/abilities.ts';
import { RUNS } from '../model/runs.ts';
import { FIRST_SEED, FRESH_SEED } from './first.ts';
import type { ActName } from './chaos.ts';
import { interleave } from './interleave.ts';

/** What meets a request under way. Nobody stops, loses the network or sets a clock: every call may be late anyway. */
const DEEDS: readonly ActName[] = [
  'say',
  'say',
  'begin',
  'burst',
  'answer',
  'rename',
  'star',
  'delete',
  'restore',
  'purge',
  'retry',
  'open a window',
  'kill a window',
  'kill while sending',
  'change the account',
  'close a window',
  'switch sync off',
  'sync now',
  'sign in',
  'write elsewhere',
];

const deed = fc.record({ name: fc.constantFrom(...DEEDS), pause: fc.nat(12) });
const deeds = fc.array(deed, { minLength: 2, maxLength: 10, size: 'max' });

const ORDERS = Math.ceil(RUNS * 2.5);

const BACKENDS: readonly (readonly [string, readonly Ability[]])[] = [
  ['the plain contract', []],
  [
    'client ids, batches, the feed, pages and tombstones',
    ['idempotent', 'batch', 'changes', 'paging', 'tombstones'],
  ],
];

describe('interleavings of two engines on one file', function () {
  this.timeout(0);
  for (const [name, abilities] of BACKENDS)
    for (const seed of [FIRST_SEED, ...(FRESH_SEED === undefined ? [] : [FRESH_SEED])])
      it(`I1 I2 I3 I4 I5 I8 I10 I12: ${ORDERS} orders of all calls, ${name} (seed ${seed})`, () =>
        fc.assert(
          fc.asyncProperty(fc.scheduler(), fc.nat(), deeds, (scheduler, drawn, played) =>
            interleave(scheduler, drawn, played, abilities),
          ),
          { seed, numRuns: ORDERS, interruptAfterTimeLimit: 600_000, markInterruptAsFailure: true },
        ));
});
