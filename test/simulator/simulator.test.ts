import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { ABILITIES, type Ability } from '../../src/protocol/abilities.ts';
import { RUNS } from '../model/runs.ts';
import { FIRST_SEED as SEED, FRESH_SEED } from './first.ts';
import { AGREED_MS, simulate, UNATTENDED_MS, type Outcome } from './simulate.ts';
import { Tally } from './tally.ts';

/** Each ability of a backend alone, none of them, and all of them. */
const BACKENDS: readonly (readonly [name: string, abilities: readonly Ability[]])[] = [
  ['the plain contract', []],
  ...(['idempotent', 'batch', 'paging', 'changes', 'counts', 'clocks'] as const).map(
    (ability) => [`${ability} alone`, [ability]] as const,
  ),
  // What was removed for good is told by the feed.
  ['tombstones and the feed', ['tombstones', 'changes']],
  // What happens is told by the feed, from its place on.
  ['events and the feed', ['events', 'changes']],
  ['all of them', ABILITIES],
];
/** As many on the plain contract as on all others together. */
const seedsOf = (abilities: readonly Ability[]): number =>
  Math.max(1, Math.ceil(abilities.length === 0 ? RUNS : RUNS / (BACKENDS.length - 1)));
/** The same lives each time, and others that nobody has seen. */
function starts(lives: number): { readonly first: number; readonly lives: number }[] {
  const others = FRESH_SEED === undefined ? [] : [{ first: FRESH_SEED, lives: Math.ceil(lives * 1.5) }];
  return [{ first: SEED, lives }, ...others];
}

/** Seeds that once failed, with what they showed. */
const FOUND: readonly (readonly [seed: number, abilities: readonly Ability[], what: string])[] = [
  [20074, [], 'brought back by two machines, where every change of fields is refused'],
  [3_000_203, ABILITIES, 'brought back, as events tell, on a machine that came when it was deleted'],
  [920_080, ['events', 'changes'], 'an answer that was looked at after the stream had told what came since'],
  [692_231_179, ['events', 'changes'], 'stopped before it sent, and the clock was set back meanwhile'],
  [
    940_396,
    ABILITIES,
    'brought back where it was deleted when the machine came, and told with its newer messages',
  ],
  [
    723_352_275,
    ['tombstones', 'changes'],
    'sent again, on the word Retry, after it was deleted for good elsewhere',
  ],
  [736_341_384, ['events', 'changes'], 'a change whose answer came after the stream had told of a later one'],
  [50_113, ABILITIES, 'a change whose answer the store could not enter, beside a stream that is open'],
  [736_341_781, [], 'a change that was refused after another window had taken over, and its second door'],
  [950_326, ABILITIES, 'a tag on a machine that had met an announcement which only failed'],
];

describe('the sync engine in a simulated world', function () {
  this.timeout(0);
  const tally = new Tally();

  for (const [name, abilities] of BACKENDS)
    for (const { first, lives } of starts(seedsOf(abilities)))
      it(`I1 I2 I3 I4 I5 I7 I8 I10: ${name}: ${lives} lives of a few machines (seed ${first})`, async () => {
        let said = 0;
        for (let seed = first; seed < first + lives; seed += 1) {
          const outcome = await simulate(seed, abilities);
          assert.ok(outcome.failure === undefined, told(outcome));
          said += outcome.said;
          tally.add(outcome.agreement);
        }
        assert.ok(said > lives, `only ${said} messages were written`);
      });

  it('I5: all agree within 30 s of the end of faults, and of what they began, when users are back; each bound was met in its lives', () => {
    for (const line of tally.lines()) console.log(`      ${line}`);
    assert.ok(tally.count(({ isBack }) => isBack) > 0 && tally.count(({ isBack }) => !isBack) > 0);
    assert.ok(tally.count(({ waits }) => waits.includes('no answer')) > 0);
    assert.equal(
      tally.count(({ isBack, after }) => isBack && after > AGREED_MS),
      0,
    );
    assert.equal(
      tally.count(({ after }) => after > UNATTENDED_MS),
      0,
    );
  });

  it(`the same seed gives the same trace (seed ${SEED})`, async () => {
    const [first, second] = [await simulate(SEED), await simulate(SEED)];
    assert.ok(first.trace.length > 50, `only ${first.trace.length} things happened`);
    assert.deepEqual(second.trace, first.trace);
    assert.notDeepEqual((await simulate(SEED + 1)).trace, first.trace);
  });

  for (const [seed, abilities, what] of FOUND)
    it(`seed ${seed}: ${what}`, async () => {
      const outcome = await simulate(seed, abilities);
      assert.ok(outcome.failure === undefined, told(outcome));
    });
});

function told({ seed, failure, trace }: Outcome): string {
  return [
    `NAVI_TEST_SEED=${seed} NAVI_TEST_RUNS=0 npm run test:simulator`,
    ...trace.slice(-60),
    String(failure?.stack),
  ].join('\n');
}
