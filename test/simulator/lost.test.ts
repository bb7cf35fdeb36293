import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ABILITIES, type Ability } from '../../src/protocol/abilities.ts';
import { RUNS } from '../model/runs.ts';
import { FIRST_SEED as SEED } from './first.ts';
import { simulate } from './simulate.ts';

const BACKENDS: readonly (readonly [name: string, abilities: readonly Ability[], share: number])[] = [
  ['the plain contract', [], 0.3],
  ['client ids, a feed and counts', ['idempotent', 'batch', 'changes', 'counts'], 0.1],
  ['all abilities but events', ABILITIES.filter((ability) => ability !== 'events'), 0.1],
  ['all abilities', ABILITIES, 0.1],
];

/** Seeds that once failed, with what they showed. */
const FOUND: readonly (readonly [seed: number, abilities: readonly Ability[], what: string])[] = [
  [728_494_369, [], 'made again by one machine, deleted by another, and made once more by a third'],
  [
    770_000_107,
    ['idempotent', 'batch', 'changes', 'counts'],
    'a batch of a window that was stopped before it sent',
  ],
  [760_000_997, [], 'purged, which the server refused once'],
  [749_113_204, [], 'deleted, which the server lost, beside a title that it refuses'],
  [940_785, [], 'purged by one machine when it was lost there, and made again by another'],
];

describe('a simulated world whose server goes back to a backup', function () {
  this.timeout(0);

  for (const [name, abilities, share] of BACKENDS) {
    const runs = Math.max(1, Math.ceil(RUNS * share));
    it(`I1 I2 I3 I4 I5 I7 I10 T35 T36: ${name}: ${runs} lives of a few machines (seed ${SEED})`, async () => {
      let back = 0;
      for (let seed = SEED; seed < SEED + runs; seed += 1) {
        const { failure, trace } = await simulate(seed, abilities, true);
        const how = `simulate(${seed}, ${JSON.stringify(abilities)}, true)`;
        assert.ok(failure === undefined, [how, ...trace.slice(-80), String(failure?.stack)].join('\n'));
        if (trace.some((line) => line.includes('has lost'))) back += 1;
      }
      assert.ok(runs < 20 || back > 0, `only ${back} found a loss`);
    });
  }

  for (const [seed, abilities, what] of FOUND)
    it(`I3 I7 I8 T38: ${what} (seed ${seed})`, async () => {
      assert.equal((await simulate(seed, abilities, true)).failure, undefined);
    });
});
