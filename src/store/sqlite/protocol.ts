import type { OperationName } from './operations.ts';
import { StoreError, type StoreProblem } from '../store.ts';

/** What the worker is started with. */
export interface WorkerSettings {
  readonly file: string;
  readonly sessionId: string;
  /** How often the worker looks for other windows' commits, milliseconds. */
  readonly pollMs: number;
}

export interface Call {
  readonly id: number;
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly type: 'opened'; readonly damagedKeptAt?: string }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'changed' }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly failure: Failure };

/** An error in a form that survives the thread border. */
export interface Failure {
  readonly problem: StoreProblem;
  readonly message: string;
}

export function toFailure(error: unknown): Failure {
  if (error instanceof StoreError) return { problem: error.problem, message: error.message };
  const why = error instanceof Error ? error.message : String(error);
  return { problem: 'unavailable', message: `The conversation file cannot be used: ${why}` };
}

export function fromFailure({ problem, message }: Failure): StoreError {
  return new StoreError(problem, message);
}
