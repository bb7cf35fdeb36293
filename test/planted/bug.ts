/** One wrong line, and the test that must go red for it. */
export interface Bug {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
  readonly test: string;
  /** Part of the name of the test; empty: any test of the file. */
  readonly grep: string;
}

/** Names the bug for the process that is to have it, as JSON. */
export const BUG_VARIABLE = 'NAVI_TEST_BUG';

/** The text of its file with the bug in it. @throws Error when the line is not there any more. */
export function plantIn(source: string, { name, file, from, to }: Bug): string {
  const parts = source.split(from);
  if (parts.length !== 2)
    throw new Error(
      `"${name}" no longer fits: what it replaces stands ${parts.length - 1} times in ${file}.`,
    );
  return parts.join(to);
}
