import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { tempFolder } from '../support/tempFolder.ts';
import { allSteps, chooseSteps, summary, type Result } from './steps.ts';
import { readTally, reportTally } from './tally.ts';

const names = (...chosen: string[]) => chooseSteps(chosen).map((step) => step.name);

function result(name: string, more: Partial<Result> = {}): Result {
  const step = allSteps.find((one) => one.name === name);
  assert.ok(step);
  return { step, ok: true, seconds: 1, tally: undefined, problem: undefined, ...more };
}

describe('npm test', () => {
  it('takes all steps, or the named ones with the build that they need', () => {
    assert.deepEqual(chooseSteps([]), allSteps);
    assert.deepEqual(names('unit'), ['unit']);
    assert.deepEqual(names('check'), ['types', 'lint', 'format', 'layers']);
    assert.deepEqual(names('host', 'unit'), ['build', 'unit', 'host']);
    assert.throws(() => chooseSteps(['units']), /There is no step units/);
  });

  it('ends with the sum over all test runs, alone on the last line', () => {
    const { lines, ok } = summary([
      result('lint'),
      result('unit', { tally: { passed: 40, failed: 0, pending: 0 } }),
      result('host', { tally: { passed: 2, failed: 0, pending: 0 } }),
    ]);
    assert.equal(lines.at(-1), '42 passed, 0 failed');
    assert.equal(ok, true);
  });

  it('never says "0 failed" of a run that is not ok', () => {
    const tests = result('unit', {
      ok: false,
      tally: { passed: 4, failed: 2, pending: 0 },
      problem: 'ended with 2',
    });
    assert.deepEqual(summary([tests]).lines.at(-1), '4 passed, 2 failed');
    const lint = result('lint', { ok: false, problem: 'ended with 1' });
    assert.deepEqual(summary([lint, tests]).lines.at(-1), '4 passed, 3 failed');
    const empty = result('e2e', {
      ok: false,
      tally: { passed: 0, failed: 0, pending: 0 },
      problem: 'no test ran',
    });
    assert.deepEqual(summary([empty]), {
      lines: ['', '✘ e2e           1.0 s  0 passed, 0 failed  no test ran', '', '0 passed, 1 failed'],
      ok: false,
    });
  });

  it('adds up what several runs report to one file', () => {
    const temp = tempFolder();
    const file = path.join(temp.path, 'tally');
    writeFileSync(file, '');
    assert.deepEqual(readTally(file), { passed: 0, failed: 0, pending: 0 });
    reportTally({ passes: 3, failures: 1, pending: 0 }, file);
    reportTally({ passes: 2, failures: 0, pending: 1 }, file);
    assert.deepEqual(readTally(file), { passed: 5, failed: 1, pending: 1 });
    temp.dispose();
  });
});
