/** Where a child process ends itself, as by a power cut between two of its own instructions. */
export interface Crash {
  /** Regular expression on a step's text: an SQL statement, or `file:` with the name of a call and its first argument. */
  readonly match: string;
  readonly when: 'before' | 'after';
  /** Which match of all its threads, from 1. */
  readonly nth: number;
}

/** Holds the `Crash` as JSON. */
export const CRASH_VARIABLE = 'NAVI_TEST_CRASH';
