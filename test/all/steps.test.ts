import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import Mocha, { describe, it } from 'mocha';
import { tempFolder } from '../support/tempFolder.ts';
import { allSteps, chooseSteps, summary, type Result } from './steps.ts';
import { nothing, readTally, tallyRun } from './tally.ts';

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
      result('unit', { tally: { ...nothing, passed: 40 } }),
      result('host', { tally: { ...nothing, passed: 2 } }),
    ]);
    assert.equal(lines.at(-1), '42 passed, 0 failed');
    assert.equal(ok, true);
  });

  it('never says "0 failed" of a run that is not ok', () => {
    const tests = result('unit', {
      ok: false,
      tally: { ...nothing, passed: 4, failed: 2 },
      problem: 'ended with 2',
    });
    assert.deepEqual(summary([tests]).lines.at(-1), '4 passed, 2 failed');
    const lint = result('lint', { ok: false, problem: 'ended with 1' });
    assert.deepEqual(summary([lint, tests]).lines.at(-1), '4 passed, 3 failed');
    const empty = result('e2e', {
      ok: false,
      tally: nothing,
      problem: 'no test ran',
    });
    assert.deepEqual(summary([empty]), {
      lines: ['', '✘ e2e           1.0 s  0 passed, 0 failed  no test ran', '', '0 passed, 1 failed'],
      ok: false,
    });
  });

  it('tells what failed at the end of it all', () => {
    const failures = ['a test of the host\n    two is not three'];
    const { lines } = summary([
      result('unit', { tally: { ...nothing, passed: 3 } }),
      result('host', { ok: false, tally: { ...nothing, failed: 1, failures }, problem: 'ended with 1' }),
    ]);
    assert.deepEqual(lines.slice(0, 3), ['', '✘ host: a test of the host\n    two is not three', lines[2]]);
    assert.match(lines[2] ?? '', /^✔ unit/);
  });

  it('adds up what several runs report to one file', async () => {
    const temp = tempFolder();
    const file = path.join(temp.path, 'tally');
    writeFileSync(file, '');
    assert.deepEqual(readTally(file), nothing);
    const pass = () => undefined;
    const fail = () => {
      // As mocha's workers hand it on.
      throw Object.assign(Object.create(null) as Error, { message: 'two is not three' });
    };
    await runTests(file, { one: pass, two: fail, three: pass });
    await runTests(file, { four: pass });
    const failures = ['numbers two\n    two is not three'];
    assert.deepEqual(readTally(file), { passed: 3, failed: 1, pending: 0, failures });
    temp.dispose();
  });
});

async function runTests(file: string, tests: Readonly<Record<string, () => void>>): Promise<void> {
  const mocha = new Mocha({
    reporter: class extends Mocha.reporters.Base {
      constructor(runner: Mocha.Runner) {
        super(runner);
        tallyRun(runner, file);
      }
    },
  });
  const suite = Mocha.Suite.create(mocha.suite, 'numbers');
  for (const [name, body] of Object.entries(tests)) suite.addTest(new Mocha.Test(name, body));
  await new Promise((resolve) => mocha.run(resolve));
}
