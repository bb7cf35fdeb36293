import { appendFileSync, readFileSync } from 'node:fs';
import type { Runner } from 'mocha';
import * as z from 'zod';

/** Names the file that test runs add their counts to: one JSON object a line. */
export const TALLY_VARIABLE = 'NAVI_TEST_TALLY';

const tallySchema = z.object({
  passed: z.number(),
  failed: z.number(),
  pending: z.number(),
  /** Of each test that failed: its full title, and why. */
  failures: z.array(z.string()),
});
export type Tally = z.infer<typeof tallySchema>;

export const nothing: Tally = { passed: 0, failed: 0, pending: 0, failures: [] };

/** Lines of an error that are kept; the rest stands in what the run itself printed. */
const LINES = 12;

/** Counts a mocha run, and adds it to `file` when the run ends. Does nothing when nobody counts. */
export function tallyRun(runner: Runner, file = process.env[TALLY_VARIABLE]): void {
  if (file === undefined) return;
  const failures: string[] = [];
  runner.on('fail', (test, error: unknown) => failures.push(failureOf(test.fullTitle(), error)));
  runner.once('end', () => {
    const { passes: passed = 0, failures: failed = 0, pending = 0 } = runner.stats ?? {};
    appendFileSync(file, `${JSON.stringify({ passed, failed, pending, failures } satisfies Tally)}\n`);
  });
}

/** From another process an error comes as a plain object. */
function failureOf(title: string, error: unknown): string {
  const isTold = typeof error === 'object' && error !== null && 'message' in error;
  const reason = String(isTold ? error.message : error);
  return [title, ...reason.split('\n').slice(0, LINES)].join('\n    ');
}

/** The sum over all runs that reported to `file`. @throws Error when a line is not a tally. */
export function readTally(file: string): Tally {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const tallies = lines.filter((line) => line !== '').map((line) => tallySchema.parse(JSON.parse(line)));
  return tallies.reduce(add, nothing);
}

export const add = (one: Tally, other: Tally): Tally => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  pending: one.pending + other.pending,
  failures: [...one.failures, ...other.failures],
});
