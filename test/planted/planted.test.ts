import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'mocha';
import * as z from 'zod';
import { BUG_VARIABLE, filesOf, plantIn, type Bug } from './bug.ts';
import { engineBugs } from './engineBugs.ts';
import { storeBugs } from './storeBugs.ts';
import { worldBugs } from './worldBugs.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PLANT = new URL('./plant.ts', import.meta.url).href;
/** The random test meets each of its bugs within a few histories. */
const SEEDS = { NAVI_TEST_SEED: '1', NAVI_TEST_RUNS: '30', NAVI_TEST_SHRINK_SECONDS: '0' };
const LIMIT_MS = 10 * 60_000;

const reportSchema = z.object({
  stats: z.object({ tests: z.number(), failures: z.number() }),
  failures: z.array(z.object({ fullTitle: z.string() })),
});

describe('planted bugs', function () {
  this.timeout(LIMIT_MS);
  for (const bug of [...storeBugs, ...engineBugs, ...worldBugs])
    it(`${bug.name}: ${bug.test}${bug.grep === '' ? '' : `, "${bug.grep}"`} goes red`, () => {
      for (const file of filesOf(bug)) plantIn(readFileSync(`${ROOT}${file}`, 'utf8'), file, bug);
      const { stats } = run(bug);
      assert.ok(stats.tests > 0, 'no test has this name');
      assert.ok(stats.failures > 0, 'the bug was not caught');
    });
});

/** The named tests, with the bug in every thread and process of theirs. */
function run(bug: Bug): z.infer<typeof reportSchema> {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      `${ROOT}node_modules/mocha/bin/mocha.js`,
      ...['--no-config', '--timeout', '20000', '--reporter', 'json', '--exit', '--grep', bug.grep, bug.test],
    ],
    {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        ...SEEDS,
        ...(bug.runs !== undefined && { NAVI_TEST_RUNS: String(bug.runs) }),
        [BUG_VARIABLE]: JSON.stringify(bug),
        NODE_OPTIONS: `--import=${PLANT}`,
        NAVI_TEST_TALLY: undefined,
      },
    },
  );
  const begin = stdout.indexOf('{\n  "stats"');
  if (begin === -1) assert.fail(`The tests did not run: ${stderr.slice(0, 2_000)}`);
  return reportSchema.parse(JSON.parse(stdout.slice(begin)));
}
