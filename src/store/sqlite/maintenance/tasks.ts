/** The thread that looks after the file: one task, then it ends. */
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { CheckDepth } from '../../check/facts.ts';
import type { BackupInfo, BackupReason, Maintenance } from '../../maintenance.ts';
import { toFailure, type Failure } from '../protocol.ts';
import { backupFolder, findBackups, makeBackup } from './backup.ts';
import { checkHistory } from './check.ts';
import { mendHistory } from './mend.ts';
import { previewRestore, restoreBackup } from './restore.ts';
import { Source } from './source.ts';

export type Task =
  | { readonly kind: 'backUp'; readonly reason: BackupReason }
  | { readonly kind: 'backups' }
  | { readonly kind: 'previewRestore'; readonly name: string }
  | { readonly kind: 'restore'; readonly name: string }
  | { readonly kind: 'mend'; readonly depth: 'noted' | 'all' }
  | { readonly kind: 'check'; readonly depth: CheckDepth };

export interface TaskSettings {
  readonly task: Task;
  readonly file: string;
  /** One 32-bit number; not 0 once the task is to end. */
  readonly cancelled: SharedArrayBuffer;
}

export type TaskAnswer =
  | { readonly type: 'progress'; readonly done: number; readonly total: number }
  | { readonly type: 'done'; readonly value: unknown }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly failure: Failure };

/** What the steps of a task are told by, and what ends them. */
export interface Watch {
  /** Throws `Cancelled`. */
  step(done: number, total: number): void;
}

export class Cancelled extends Error {}

export function isTaskSettings(value: unknown): value is TaskSettings {
  return typeof value === 'object' && value !== null && 'task' in value;
}

export function runTask({ task, file, cancelled }: TaskSettings, port: MessagePort): void {
  const flag = new Int32Array(cancelled);
  const post = (answer: TaskAnswer): void => port.postMessage(answer);
  const watch: Watch = {
    step(done, total) {
      if (Atomics.load(flag, 0) !== 0) throw new Cancelled();
      post({ type: 'progress', done, total });
    },
  };
  try {
    post({ type: 'done', value: carryOut(task, file, watch) });
  } catch (error) {
    post(error instanceof Cancelled ? { type: 'cancelled' } : { type: 'failed', failure: toFailure(error) });
  }
}

function carryOut(task: Task, file: string, watch: Watch): Awaited<ReturnType<Maintenance[Task['kind']]>> {
  const onProgress = (done: number, total: number): void => watch.step(done, total);
  switch (task.kind) {
    case 'backUp':
      return makeBackup({ file, reason: task.reason, now: Date.now(), onStep: () => watch.step(0, 0) });
    case 'backups':
      return describeBackups(file);
    case 'previewRestore':
      return previewRestore({ file, name: task.name, now: Date.now, onProgress });
    case 'restore':
      return restoreBackup({ file, name: task.name, now: Date.now, onProgress });
    case 'mend':
      return mendHistory({ file, depth: task.depth, now: Date.now, onProgress });
    case 'check':
      return checkHistory({
        file,
        depth: task.depth,
        backups: describeBackups(file),
        now: Date.now,
        onProgress: (done) => watch.step(done, 100),
      });
  }
}

/** Newest first, each opened and counted. */
export function describeBackups(file: string): BackupInfo[] {
  return findBackups(file).map((backup) => {
    const source = Source.open(join(backupFolder(file), backup.name), 'frozen');
    const counts = {
      conversations: source?.count('conversations') ?? 0,
      messages: source?.count('messages') ?? 0,
      isReadable: source !== undefined,
    };
    source?.close();
    return { ...backup, ...counts };
  });
}
