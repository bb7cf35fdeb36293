/**
 * `npm test`: all checks and tests, one step after the other, but for those that run aside. `npm test -- unit host` runs
 * these steps only.
 * The last line is the sum over all test runs. Ends with 1 when a step failed or no test ran.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readTally, TALLY_VARIABLE } from './all/tally.ts';
import { chooseSteps, summary, type Result, type Step } from './all/steps.ts';
import { repository } from './vscode/paths.ts';

/** Of what runs aside, as `nice` counts: a third of the processor that the others get, where both want it. */
const ASIDE_PRIORITY = 5;
/** For a step that is stopped to stop what it started. */
const GRACE_MS = 15_000;

let steps: readonly Step[];
try {
  steps = chooseSteps(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
}
/** What steps wrote that ran aside. */
const told: string[] = [];
const scratch = mkdtempSync(path.join(os.tmpdir(), 'navi-all-'));
try {
  const results: Result[] = [];
  let aside = Promise.resolve();
  for (const step of steps) {
    const brokenBuild = results.some((result) => result.step.name === 'build' && !result.ok);
    if (step.isAside === true) aside = aside.then(async () => void results.push(await runAside(step)));
    else results.push(brokenBuild && step.needsBuild === true ? skipped(step) : await run(step));
  }
  await aside;
  for (const text of told) console.log(text);
  const inOrder = results.toSorted((one, other) => steps.indexOf(one.step) - steps.indexOf(other.step));
  const { lines, ok } = summary(inOrder);
  console.log(lines.join('\n'));
  process.exitCode = ok ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function skipped(step: Step): Result {
  return { step, ok: false, seconds: 0, tally: undefined, problem: 'not run: the build failed' };
}

function headingOf({ name, what }: Step): string {
  return `\n━━ ${name}: ${what}`;
}

/** As `run`, with what it writes kept for the end. */
async function runAside(step: Step): Promise<Result> {
  const written: Buffer[] = [];
  const result = await run(step, written);
  told.push(`${headingOf(step)}\n${Buffer.concat(written).toString()}`);
  return result;
}

/** `written` takes what the step writes; without it, that is shown at once. */
async function run(step: Step, written?: Buffer[]): Promise<Result> {
  if (written === undefined) console.log(headingOf(step));
  const startedAt = performance.now();
  const tallyFile = path.join(scratch, step.name);
  writeFileSync(tallyFile, '');
  const problem = await runCommand(step, tallyFile, written);
  const seconds = (performance.now() - startedAt) / 1000;
  const tally = step.isTest === true ? readTally(tallyFile) : undefined;
  const missing = tally !== undefined && tally.passed + tally.failed === 0 ? 'no test ran' : undefined;
  const reason = problem ?? missing;
  return { step, ok: reason === undefined, seconds, tally, problem: reason };
}

/** What went wrong, or undefined. */
async function runCommand(step: Step, tallyFile: string, written?: Buffer[]): Promise<string | undefined> {
  const [command = '', ...args] = step.command;
  const bin = path.join(repository, 'node_modules/.bin');
  const child = spawn(command, args, {
    cwd: repository,
    stdio: written === undefined ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
    env: {
      ...process.env,
      PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`,
      [TALLY_VARIABLE]: tallyFile,
      // Hundreds of processes load the same modules: this halves the processor time that each start takes.
      NODE_COMPILE_CACHE: path.join(repository, '.cache/compiled'),
    },
  });
  if (step.isAside === true && child.pid !== undefined) os.setPriority(child.pid, ASIDE_PRIORITY);
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (piece: Buffer) => written?.push(piece));
  const late = new AbortController();
  const limit = setTimeout(() => {
    late.abort();
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
  }, step.limitMinutes * 60_000);
  const [code, signal] = (await once(child, 'close')) as unknown[];
  clearTimeout(limit);
  if (late.signal.aborted) return `stopped after ${step.limitMinutes} minutes`;
  return code === 0 ? undefined : `ended with ${String(signal ?? code)}`;
}
