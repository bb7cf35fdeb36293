import { StoreError, type StoreProblem } from '../store.ts';
import type { OperationName } from './operations.ts';
import type { Recovery } from './recover.ts';
import { inWords } from './trouble.ts';

/** What the worker is started with. */
export interface WorkerSettings {
  readonly file: string;
  readonly sessionId: string;
  /** How often the worker looks for other windows' commits, milliseconds. */
  readonly pollMs: number;
}

/**
 * What the host says to the worker beside calls: to close, to look whether the file can be written again, or to rebuild
 * the file of this identity, which was found damaged.
 */
export type Order = 'close' | 'tryAgain' | { readonly repair: string };

export interface Call {
  readonly id: number;
  readonly name: OperationName;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly type: 'opened'; readonly recovery?: Recovery }
  /** The file is damaged and is rebuilt now, which may take a while. */
  | { readonly type: 'recovering' }
  /** So many messages were found damaged just now. */
  | { readonly type: 'damagedMessages'; readonly count: number }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'condition'; readonly condition: Condition }
  | { readonly type: 'changed' }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'error'; readonly id: number; readonly failure: Failure };

/** How the file is now. Said once at the start, and with each change. */
export interface Condition {
  /** Why nothing can be written now, in words, and what to do; absent while the file takes what it is given. */
  readonly trouble?: string;
  /** False when what is stored cannot be shown either. */
  readonly isReadable: boolean;
  /** The shared file system that the file lies on: windows take turns there, and other machines must not write. */
  readonly sharedPlace?: string;
  /** The version of this editor's SQLite, when its write-ahead log is not safe and not used. */
  readonly unsafeVersion?: string;
}

/** An error in a form that survives the thread border. */
export interface Failure {
  readonly problem: StoreProblem;
  readonly message: string;
}

export function toFailure(error: unknown): Failure {
  if (error instanceof StoreError) return { problem: error.problem, message: error.message };
  return { problem: 'unavailable', message: `The conversation file cannot be used. ${inWords(error)}` };
}

export function fromFailure({ problem, message }: Failure): StoreError {
  return new StoreError(problem, message);
}
