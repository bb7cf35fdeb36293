import { Worker } from 'node:worker_threads';
import { StoreError, type ConversationStore, type Subscription } from '../store.ts';
import type { HealthStore } from '../check/health.ts';
import type { AttachmentStore } from '../attachments.ts';
import type { ConflictStore } from '../conflicts.ts';
import type { OrganiseStore } from '../organise.ts';
import type { SyncStore } from '../outbox.ts';
import type { ReplyStore } from '../replies.ts';
import type { StorageStore } from '../storage.ts';
import type { TrashStore } from '../trash.ts';
import type { WatchStore } from '../watching.ts';
import { OPERATION_KINDS } from './operationKinds.ts';
import type { OperationName, Operations } from './operations.ts';
import type { Recovery } from './recover.ts';
import { fromFailure, type Answer, type Condition, type Order, type WorkerSettings } from './protocol.ts';

export interface StoreOptions extends WorkerSettings {
  /** The bundled (or, in tests, the source) worker. */
  readonly script: string | URL;
}

/** What the store has to say to the user about itself. */
export interface StoreEvents {
  /** The file is damaged and is rebuilt now; calls wait. */
  onRecovering(): void;
  /** A damaged, missing or empty file was replaced by what could be read of it and of the backups. */
  onRecovered(recovery: Recovery): void;
  /** Messages whose words are not those that were saved; they are shown as such and not sent. */
  onDamagedMessages(count: number): void;
  /** How the file is: after it was opened or could not be, and with each change. */
  onCondition(condition: Condition): void;
  /** The worker has ended, or a background look at the file failed. */
  onFailure(error: StoreError): void;
}

type Remote<T> = T extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
type AsyncOperations = { readonly [K in OperationName]: Remote<Operations[K]> };

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** The SQLite store behind a worker thread. Calls made before the file is open wait for it. */
export class WorkerStore {
  private readonly worker: Worker;
  private readonly events: StoreEvents;
  private readonly pending = new Map<number, Pending>();
  private readonly listeners = new Set<() => void>();
  private nextId = 1;
  private broken: StoreError | undefined;
  private isClosing = false;

  constructor({ script, ...settings }: StoreOptions, events: StoreEvents) {
    this.events = events;
    this.worker = new Worker(script, { workerData: settings satisfies WorkerSettings, name: 'navi-store' });
    this.worker.on('message', (answer: Answer) => this.receive(answer));
    this.worker.on('error', (error) =>
      this.fail(
        new StoreError('unavailable', isTooOld(error) ? editorTooOld : storeStopped, { cause: error }),
      ),
    );
    this.worker.on('exit', () => this.fail(new StoreError('unavailable', storeStopped)));
  }

  call<K extends OperationName>(
    name: K,
    ...args: Parameters<Operations[K]>
  ): Promise<Awaited<ReturnType<Operations[K]>>> {
    if (this.broken !== undefined) return Promise.reject(this.broken);
    const id = this.nextId;
    this.nextId += 1;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ id, name, args });
    });
  }

  onDidChange(listener: () => void): Subscription {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  /** Looks whether a file that could not be written can be written now. */
  tryAgain(): void {
    if (this.broken === undefined) this.order('tryAgain');
  }

  /** Rebuilds the file, unless another than that of this identity has taken its place. */
  repair(identity: string): void {
    if (this.broken === undefined) this.order({ repair: identity });
  }

  /** Finishes what was asked, then closes the file. */
  async close(): Promise<void> {
    this.isClosing = true;
    this.listeners.clear();
    if (this.broken !== undefined) return;
    const ended = new Promise<void>((resolve) => this.worker.once('exit', () => resolve()));
    this.order('close');
    await ended;
  }

  private order(order: Order): void {
    this.worker.postMessage(order);
  }

  private receive(answer: Answer): void {
    switch (answer.type) {
      case 'opened':
        if (answer.recovery !== undefined) this.events.onRecovered(answer.recovery);
        break;
      case 'recovering':
        this.events.onRecovering();
        break;
      case 'damagedMessages':
        this.events.onDamagedMessages(answer.count);
        break;
      case 'condition':
        this.events.onCondition(answer.condition);
        break;
      case 'failed':
        this.events.onFailure(fromFailure(answer.failure));
        break;
      case 'changed':
        for (const listener of this.listeners) listener();
        break;
      case 'result':
        this.take(answer.id)?.resolve(answer.value as never);
        break;
      case 'error':
        this.take(answer.id)?.reject(fromFailure(answer.failure));
        break;
    }
  }

  private take(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private fail(error: StoreError): void {
    if (this.broken !== undefined) return;
    this.broken = error;
    if (!this.isClosing) this.events.onFailure(error);
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

const storeStopped =
  'The conversation store has stopped. What was saved is safe; reload the window to go on.';

const editorTooOld =
  'This editor has no SQLite, so no conversation can be opened; nothing was changed. Update VS Code.';

/** `node:sqlite` came with VS Code 1.101; forks may be older than they say. */
function isTooOld(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_BUILTIN_MODULE';
}

/** Every store interface over the worker. */
export interface SqliteStore
  extends
    AttachmentStore,
    ConflictStore,
    ConversationStore,
    HealthStore,
    OrganiseStore,
    ReplyStore,
    StorageStore,
    SyncStore,
    TrashStore,
    WatchStore {
  useAccount(account: string | undefined): Promise<void>;
  /** Looks at once whether a file that could not be written can be written now; it does so by itself, later. */
  tryAgain(): void;
  /** Rebuilds a file that was found damaged; `onRecovered` tells when it is done. */
  repair(identity: string): void;
  close(): Promise<void>;
}

/** Starts the worker; never blocks. What the file does not allow rejects with `StoreError`, as `onCondition` tells. */
export function openSqliteStore(options: StoreOptions, events: StoreEvents): SqliteStore {
  const store = new WorkerStore(options, events);
  const names = Object.keys(OPERATION_KINDS) as OperationName[];
  const calls = names.map((name) => [
    name,
    (...args: Parameters<Operations[typeof name]>) => store.call(name, ...args),
  ]);
  return {
    ...(Object.fromEntries(calls) as AsyncOperations),
    onDidChange: (listener) => store.onDidChange(listener),
    tryAgain: () => store.tryAgain(),
    repair: (identity) => store.repair(identity),
    close: () => store.close(),
  };
}
