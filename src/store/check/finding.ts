import type { HistoryFacts } from './facts.ts';

/** `restore`: from a backup. `repair`: derived data is put right from what is there, without risk. */
export type Remedy = 'restore' | 'repair';

export interface Finding {
  /** False for a note: no fault, and worth knowing all the same. */
  readonly isProblem: boolean;
  /** Stays the same while the cause does: one that was told is not told again. */
  readonly id: string;
  readonly what: string;
  readonly safe: string;
  readonly next: string;
  readonly remedy?: Remedy;
}

/** Undefined when there is nothing to say. */
export type Rule = (facts: HistoryFacts) => Finding | undefined;

export const RESTORE = {
  next: 'Run NAVI: Restore from Backup. What the memory server holds also comes back by itself.',
  remedy: 'restore',
} as const;

/** A rule about one number: says nothing when it is 0. */
export function rule(
  isProblem: boolean,
  measure: (facts: HistoryFacts) => number,
  say: (n: number, facts: HistoryFacts) => Omit<Finding, 'isProblem'>,
): Rule {
  return (facts) => {
    const n = measure(facts);
    return n === 0 ? undefined : { isProblem, ...say(n, facts) };
  };
}

/** 1,234: reports are in English. */
export function number(n: number): string {
  return n.toLocaleString('en');
}

export function counted(n: number, one: string, many: string): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** Decimal units, as file managers show them. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} KB`;
  return bytes < 1_000_000_000
    ? `${(bytes / 1_000_000).toFixed(1)} MB`
    : `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}
