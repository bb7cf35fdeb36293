import { Worker } from 'node:worker_threads';
import type { Maintenance, Progress } from '../../maintenance.ts';
import { StoreError } from '../../store.ts';
import { fromFailure } from '../protocol.ts';
import type { Task, TaskAnswer, TaskSettings } from './tasks.ts';

export interface MaintenanceOptions {
  /** The script of the store's worker, which is that of this thread too. */
  readonly script: string | URL;
  readonly file: string;
}

type Done<K extends Task['kind']> = Awaited<ReturnType<Maintenance[K]>>;

/** A thread for each task, one task at a time: two of them would only wait for each other's disk. */
export function openMaintenance({
  script,
  file,
}: MaintenanceOptions): Maintenance & { close(): Promise<void> } {
  const closing = new AbortController();
  let last: Promise<unknown> = Promise.resolve();

  function run<K extends Task['kind']>(
    task: Extract<Task, { kind: K }>,
    onProgress: Progress,
    signal?: AbortSignal,
  ): Promise<Done<K>> {
    const ends = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    const result = last.then(() => runInThread(script, { task, file }, onProgress, ends) as Promise<Done<K>>);
    last = result.catch(() => undefined);
    return result;
  }

  return {
    backUp: (reason, signal) => run({ kind: 'backUp', reason }, ignore, signal),
    backups: () => run({ kind: 'backups' }, ignore),
    previewRestore: (name, onProgress = ignore, signal) =>
      run({ kind: 'previewRestore', name }, onProgress, signal),
    restore: (name, onProgress = ignore, signal) => run({ kind: 'restore', name }, onProgress, signal),
    mend: (depth, signal) => run({ kind: 'mend', depth }, ignore, signal),
    check: (depth, onProgress = ignore, signal) => run({ kind: 'check', depth }, onProgress, signal),
    close: async () => {
      closing.abort(new StoreError('unavailable', 'The window closes.'));
      await last;
    },
  };
}

const ignore: Progress = () => undefined;

/** Rejects with the signal's reason once the thread has ended its step. */
function runInThread(
  script: string | URL,
  task: Omit<TaskSettings, 'cancelled'>,
  onProgress: Progress,
  signal: AbortSignal,
): Promise<unknown> {
  signal.throwIfAborted();
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const cancel = (): void => {
    Atomics.store(flag, 0, 1);
  };
  signal.addEventListener('abort', cancel);
  return new Promise<unknown>((resolve, reject) => {
    const settings: TaskSettings = { ...task, cancelled: flag.buffer };
    const worker = new Worker(script, { workerData: settings, name: 'navi-maintenance' });
    worker.on('message', (answer: TaskAnswer) => {
      if (answer.type === 'progress') onProgress(answer.done, answer.total);
      else if (answer.type === 'done') resolve(answer.value);
      else reject(answer.type === 'failed' ? fromFailure(answer.failure) : reasonOf(signal));
    });
    const stopped = 'Looking after the conversation file was cut short. The file is safe; try again.';
    worker.on('error', (error) => reject(new StoreError('unavailable', stopped, { cause: error })));
    worker.on('exit', () => reject(new StoreError('unavailable', stopped)));
  }).finally(() => signal.removeEventListener('abort', cancel));
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('Cancelled.');
}
