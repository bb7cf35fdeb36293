export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

/** One mistake, and the test that must go red for it. */
export interface Bug extends Edit {
  readonly name: string;
  /** Where more than one line keeps to the rule, each of which would do: the others. */
  readonly also?: readonly Edit[];
  readonly test: string;
  /** Part of the name of the test; empty: any test of the file. */
  readonly grep: string;
  /** Lives, orders or histories that the test plays, where 30 do not meet it. */
  readonly runs?: number;
}

/** Names the bug for the process that is to have it, as JSON. */
export const BUG_VARIABLE = 'NAVI_TEST_BUG';

/** The text of this file with the bug in it. @throws Error when a line is not there any more. */
export function plantIn(source: string, file: string, bug: Bug): string {
  return [bug, ...(bug.also ?? [])]
    .filter((edit) => edit.file === file)
    .reduce((text, edit) => edited(text, edit, bug.name), source);
}

export function filesOf({ file, also = [] }: Bug): readonly string[] {
  return [...new Set([file, ...also.map((edit) => edit.file)])];
}

function edited(source: string, { file, from, to }: Edit, name: string): string {
  const parts = source.split(from);
  if (parts.length !== 2)
    throw new Error(
      `"${name}" no longer fits: what it replaces stands ${parts.length - 1} times in ${file}.`,
    );
  return parts.join(to);
}
