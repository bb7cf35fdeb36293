import type { OperationName, Operations } from '../../../src/store/sqlite/operations.ts';

/** One call of a host to its store. */
export type Deed = {
  readonly [K in OperationName]: { readonly name: K; readonly args: Parameters<Operations[K]> };
}[OperationName];

/** What a writer says of itself, one JSON object a line: what it asks for, then that it was done. */
export type Entry =
  | { readonly says: 'asks'; readonly deed: Deed }
  /** `token` of a lease that was taken. */
  | { readonly says: 'done'; readonly token?: number }
  /** Another window held the file for too long: nothing was changed, it asks again. */
  | { readonly says: 'busy' }
  | { readonly says: 'broken'; readonly message: string }
  | { readonly says: 'left'; readonly report: WriterReport };

/** What a writer that was not killed tells at its end. */
export interface WriterReport {
  readonly deeds: number;
  readonly stall: Stall;
  /** Longest wait for an answer, milliseconds. */
  readonly longestMs: number;
}

/** Longest time in which the thread that would be the extension host's did not get to its next task, milliseconds. */
export interface Stall {
  readonly ms: number;
  /** Of it, time in which the thread could have run and the machine ran others; undefined where nobody tells. */
  readonly machineMs?: number;
  /** Most processor time that the thread took from one of its tasks to the next: other programs do not lengthen it. */
  readonly cpuMs?: number;
}

export const CHORES = [
  'talk',
  'share',
  'organise',
  'edit',
  'trash',
  'sync',
  'search',
  'tend',
  'backUp',
] as const;
export type Chore = (typeof CHORES)[number];

export interface WriterSettings {
  readonly folder: string;
  /** The store's worker. */
  readonly script: string;
  readonly seed: number;
  /** A conversation into which all writers write. */
  readonly shared: string;
  readonly chores: readonly Chore[];
  /** Leaves after so many chores. Default: lives until it is told to leave. */
  readonly limit?: number;
}
