import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { assertNothingLost } from '../support/crash/aftermath.ts';
import { bundleChildren, Writer, type Bundles } from '../support/crash/children.ts';
import { CHORES } from '../support/crash/deed.ts';
import { POINTS, type Point } from '../support/crash/points.ts';
import { Random } from '../support/crash/random.ts';
import { readLog, type WriterLog } from '../support/crash/replay.ts';
import { KILLS, KILLS_EACH, SEED } from '../support/crash/runs.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** Writers that run at the same time on one file. */
const TOGETHER = 3;
const ROUNDS_A_FILE = 8;
const LONGEST_LIFE_MS = 160;
/** A point is reached long before. */
const CHORES_AT_MOST = 300;
const DIFFERENT = 5;
/** Some die while they open the file. */
const LONGEST_START_MS = 120;

describe('a host that is killed', () => {
  let folder: ReturnType<typeof tempFolder>;
  let bundles: Bundles;
  before(async function () {
    this.timeout(60_000);
    folder = tempFolder();
    bundles = await bundleChildren();
  });
  after(() => {
    bundles.dispose();
    folder.dispose();
  });

  const place = (name: string): string => {
    const path = join(folder.path, name);
    mkdirSync(path);
    return path;
  };

  it(`I1 I3 I4 I8 I9: ${KILLS} kills at random times, several writers on one file (seed ${SEED})`, async function () {
    this.timeout(KILLS * 2_000 + 60_000);
    const random = new Random(SEED);
    let [killed, deeds, words] = [0, 0, 0];
    while (killed < KILLS) {
      const path = place(`file ${killed}`);
      const shared = uuidv7();
      const logs: WriterLog[] = [];
      let total = { deeds: 0, words: 0 };
      for (let round = 0; round < ROUNDS_A_FILE && killed < KILLS; round += 1) {
        const writers = Array.from({ length: Math.min(TOGETHER, KILLS - killed) }, () =>
          liveAndDie(bundles, path, shared, random),
        );
        for (const writer of await Promise.all(writers)) logs.push(readLog(writer.entries));
        killed += writers.length;
        total = assertNothingLost(path, logs, shared);
      }
      deeds += total.deeds;
      words += total.words;
    }
    console.log(`      ${killed} kills, ${deeds} acknowledged deeds, ${words} of them words`);
  });

  for (const point of POINTS) {
    it(`${point.rules}: ${KILLS_EACH} kills ${point.name}`, async function () {
      this.timeout(KILLS_EACH * 30_000);
      for (let done = 0; done < KILLS_EACH; done += TOGETHER) {
        const some = Array.from({ length: Math.min(TOGETHER, KILLS_EACH - done) }, (_, n) => done + n);
        await Promise.all(some.map((n) => dieAt(bundles, place(`${point.name} ${n}`), point, n)));
      }
    });
  }
});

/** Lives for a time drawn by lot from its first acknowledged deed on, or does not live to see one. */
async function liveAndDie(bundles: Bundles, folder: string, shared: string, random: Random): Promise<Writer> {
  const writer = new Writer(bundles, { folder, shared, seed: random.below(2 ** 31), chores: CHORES });
  const isEarly = random.chance(0.15);
  const waits = random.below(isEarly ? LONGEST_START_MS : LONGEST_LIFE_MS);
  if (!isEarly) await writer.hasBegun();
  const timer = setTimeout(() => writer.signal('SIGKILL'), waits);
  const how = await writer.ended;
  clearTimeout(timer);
  writer.assertNotBroken();
  assert.equal(how, 'SIGKILL');
  return writer;
}

/** Each of the first few times that it comes to the point: a little later in its life. */
async function dieAt(bundles: Bundles, folder: string, point: Point, n: number): Promise<void> {
  const { match, when, chores } = point;
  const shared = uuidv7();
  const crash = { match, when, nth: 1 + (n % DIFFERENT) };
  const writer = new Writer(bundles, {
    folder,
    shared,
    seed: SEED + n,
    chores,
    crash,
    limit: CHORES_AT_MOST,
  });
  const how = await writer.ended;
  writer.assertNotBroken();
  assert.equal(how, 'SIGKILL', 'it came to the point');
  assertNothingLost(folder, [readLog(writer.entries)], shared);
}
