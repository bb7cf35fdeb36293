/** The steps of `npm test` and what is said about them in the end. */
import { add, nothing, type Tally } from './tally.ts';

export interface Step {
  readonly name: string;
  /** Other names that choose it. */
  readonly group?: 'check';
  readonly what: string;
  readonly command: readonly string[];
  /** Longer means that it hangs. */
  readonly limitMinutes: number;
  /** Its runs report their counts. */
  readonly isTest?: true;
  readonly needsBuild?: true;
  /**
   * Runs beside those that come after it, one after another, and is told when all have ended: it computes in one thread, while
   * they wait half of their time, for processes, disks and an editor. They go first where both want the processor: they hold
   * processes and users to their time, and nothing that runs aside waits for anybody.
   */
  readonly isAside?: true;
}

// In a log file the codes for colours are noise; mocha writes them whenever CI is set.
const plain = process.stdout.isTTY ? [] : ['--no-color'];
const mocha = ['mocha', '--reporter', 'test/all/reporter.cjs', ...plain];

export const allSteps: readonly Step[] = [
  { name: 'build', what: 'esbuild', command: ['node', 'esbuild.mjs'], limitMinutes: 5 },
  {
    name: 'types',
    group: 'check',
    what: 'tsc',
    command: ['tsc', '-b'],
    limitMinutes: 15,
    isAside: true,
  },
  {
    name: 'lint',
    group: 'check',
    what: 'eslint',
    command: ['eslint', '--config', '.eslint.config.mjs', '--max-warnings', '0', '.'],
    limitMinutes: 15,
    isAside: true,
  },
  {
    name: 'format',
    group: 'check',
    what: 'prettier',
    command: ['prettier', '--check', '--log-level', 'warn', '.'],
    limitMinutes: 15,
    isAside: true,
  },
  {
    name: 'layers',
    group: 'check',
    what: 'which part may import which',
    command: ['depcruise', '--config', '.dependency-cruiser.mjs', 'src'],
    limitMinutes: 15,
    isAside: true,
  },
  {
    name: 'random',
    what: 'histories at random against a model of the store',
    command: [...mocha, '--config', 'test/random/.mocharc.json'],
    limitMinutes: 25,
    isTest: true,
    isAside: true,
  },
  {
    name: 'simulator',
    what: 'the sync engine in simulated worlds',
    command: [...mocha, '--config', 'test/simulator/.mocharc.json'],
    limitMinutes: 25,
    isTest: true,
    isAside: true,
  },
  {
    name: 'planted',
    what: 'bugs that a named test must catch',
    command: [...mocha, '--config', 'test/planted/.mocharc.json'],
    limitMinutes: 25,
    isTest: true,
    isAside: true,
  },
  {
    name: 'unit',
    what: 'all parts without an editor',
    command: mocha,
    limitMinutes: 20,
    isTest: true,
  },
  {
    name: 'host',
    what: 'inside the extension host of a real VS Code',
    command: ['node', 'test/vscode/runHost.ts'],
    limitMinutes: 6,
    isTest: true,
    needsBuild: true,
  },
  {
    name: 'e2e',
    what: 'the package in a real VS Code in a real browser',
    command: [...mocha, '--config', 'test/e2e/.mocharc.json'],
    limitMinutes: 20,
    isTest: true,
  },
];

/** The steps with these names, or all without a name; what needs the build brings it along. @throws Error */
export function chooseSteps(names: readonly string[]): readonly Step[] {
  const known = new Set(allSteps.flatMap((step) => [step.name, ...(step.group ? [step.group] : [])]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new Error(`There is no step ${unknown.join(', ')}. Steps: ${[...known].join(', ')}.`);
  if (names.length === 0) return allSteps;
  const isNamed = (step: Step) =>
    names.includes(step.name) || (step.group !== undefined && names.includes(step.group));
  const needsBuild = allSteps.some((step) => step.needsBuild === true && isNamed(step));
  return allSteps.filter((step) => isNamed(step) || (needsBuild && step.name === 'build'));
}

export interface Result {
  readonly step: Step;
  readonly ok: boolean;
  readonly seconds: number;
  /** Of a test step. */
  readonly tally: Tally | undefined;
  /** Why it is not ok. */
  readonly problem: string | undefined;
}

/**
 * What failed, one line for each step, and the sum, alone on the last line: whoever sees only the end of a long log sees why. A step that failed without a failed test counts as one
 * failure, so that "0 failed" is never said of a run that is not ok.
 */
export function summary(results: readonly Result[]): { lines: string[]; ok: boolean } {
  const lines = results.map(({ step, ok, seconds, tally, problem }) => {
    const counts = tally === undefined ? '' : `  ${tally.passed} passed, ${tally.failed} failed`;
    const reason = problem === undefined ? '' : `  ${problem}`;
    return `${ok ? '✔' : '✘'} ${step.name.padEnd(9)} ${seconds.toFixed(1).padStart(7)} s${counts}${reason}`;
  });
  const tests = results.flatMap(({ tally }) => tally ?? []).reduce(add, nothing);
  const others = results.filter(({ ok, tally }) => !ok && (tally?.failed ?? 0) === 0).length;
  const failed = tests.failed + others;
  const told = results.flatMap(({ step, tally }) =>
    (tally?.failures ?? []).map((failure) => `✘ ${step.name}: ${failure}`),
  );
  return { lines: ['', ...told, ...lines, '', `${tests.passed} passed, ${failed} failed`], ok: failed === 0 };
}
