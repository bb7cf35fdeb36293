import { appendFileSync, readFileSync } from 'node:fs';
import * as z from 'zod';

/** Names the file that test runs add their counts to: one JSON object a line. */
export const TALLY_VARIABLE = 'NAVI_TEST_TALLY';

const tallySchema = z.object({ passed: z.number(), failed: z.number(), pending: z.number() });
export type Tally = z.infer<typeof tallySchema>;

interface MochaStats {
  readonly passes: number;
  readonly failures: number;
  readonly pending: number;
}

/** Called at the end of a mocha run. Does nothing when nobody counts. */
export function reportTally(stats: MochaStats, file = process.env[TALLY_VARIABLE]): void {
  if (file === undefined) return;
  const tally: Tally = { passed: stats.passes, failed: stats.failures, pending: stats.pending };
  appendFileSync(file, `${JSON.stringify(tally)}\n`);
}

/** The sum over all runs that reported to `file`. @throws Error when a line is not a tally. */
export function readTally(file: string): Tally {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const tallies = lines.filter((line) => line !== '').map((line) => tallySchema.parse(JSON.parse(line)));
  return tallies.reduce(add, { passed: 0, failed: 0, pending: 0 });
}

export const add = (one: Tally, other: Tally): Tally => ({
  passed: one.passed + other.passed,
  failed: one.failed + other.failed,
  pending: one.pending + other.pending,
});
