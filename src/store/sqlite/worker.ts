/**
 * The thread that owns the connection. Calls are answered in the order in which they arrive; waiting for another
 * window's write blocks this thread only.
 */
import { hostname } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { OPERATION_KINDS } from './operationKinds.ts';
import { createOperations, type Operations } from './operations.ts';
import { toFailure, type Answer, type Call, type WorkerSettings } from './protocol.ts';
import { openOrRecover, type Opened } from './recover.ts';
import { beat, type Context } from './session.ts';

const ORPHAN_CHECK_MS = 1_000;
const HEARTBEAT_MS = 10_000;
/** Checks that come further apart than this: the machine slept. */
const PAUSE_MS = 5_000;

export class StoreWorker {
  private opened: Opened;
  private operations: Operations;
  private context: Context;
  private seenVersion: number;
  private account: string | undefined;
  private awakeSince = Date.now();
  private checkedAt = Date.now();
  private readonly settings: WorkerSettings;
  private readonly post: (answer: Answer) => void;

  constructor(settings: WorkerSettings, post: (answer: Answer) => void) {
    this.settings = settings;
    this.post = post;
    this.opened = openOrRecover(settings.file, Date.now);
    this.context = this.makeContext();
    this.operations = createOperations(this.context);
    this.seenVersion = this.opened.connection.dataVersion();
    this.post({ type: 'opened', ...this.damage() });
  }

  answer(call: Call): void {
    try {
      const value = this.carryOut(call);
      this.post({ type: 'result', id: call.id, value });
      if (OPERATION_KINDS[call.name] === 'write') this.post({ type: 'changed' });
    } catch (error) {
      this.post({ type: 'error', id: call.id, failure: toFailure(error) });
    }
  }

  /** Another window's commits show as a changed data version. */
  poll(): void {
    if (!this.opened.connection.isStillInPlace()) {
      this.reopen();
      return;
    }
    const version = this.opened.connection.dataVersion();
    if (version === this.seenVersion) return;
    this.seenVersion = version;
    this.post({ type: 'changed' });
  }

  interruptOrphans(): void {
    const now = Date.now();
    if (now - this.checkedAt > PAUSE_MS) this.awakeSince = now;
    this.checkedAt = now;
    if (this.operations.interruptOrphans() > 0) this.post({ type: 'changed' });
  }

  beatWhileOpen(): void {
    const { db, session } = this.context;
    if (db.get('SELECT 1 FROM messages WHERE owner = ?', session.id) !== undefined) beat(this.context);
  }

  close(): void {
    this.opened.connection.close();
  }

  /**
   * A file that was replaced under us takes commits that nobody will ever read. So: look after each write, and when
   * the path names another file, do it again there. All writes are idempotent.
   */
  private carryOut(call: Call): unknown {
    if (call.name === 'useAccount') this.account = call.args[0] as string | undefined;
    const value = this.invoke(call);
    if (OPERATION_KINDS[call.name] === 'read' || this.opened.connection.isStillInPlace()) return value;
    this.reopen();
    return this.invoke(call);
  }

  private invoke({ name, args }: Call): unknown {
    const operations: Readonly<Record<string, unknown>> = this.operations;
    return (operations[name] as (...given: readonly unknown[]) => unknown)(...args);
  }

  private reopen(): void {
    this.opened.connection.close();
    this.opened = openOrRecover(this.settings.file, Date.now);
    this.context = this.makeContext();
    this.operations = createOperations(this.context);
    this.operations.useAccount(this.account);
    this.seenVersion = this.opened.connection.dataVersion();
    this.post({ type: 'opened', ...this.damage() });
    this.post({ type: 'changed' });
  }

  private damage(): { damagedKeptAt?: string } {
    return this.opened.damagedKeptAt === undefined ? {} : { damagedKeptAt: this.opened.damagedKeptAt };
  }

  private makeContext(): Context {
    return {
      db: this.opened.connection,
      session: { id: this.settings.sessionId, pid: process.pid, host: hostname() },
      now: Date.now,
      awakeSince: () => this.awakeSince,
      isAlive,
    };
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs as another user. Anything else: it is gone.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function main(settings: WorkerSettings): void {
  const port = parentPort;
  if (port === null) throw new Error('The store worker must run in a worker thread.');
  const post = (answer: Answer): void => port.postMessage(answer);
  try {
    const worker = new StoreWorker(settings, post);
    const guarded = (what: () => void) => (): void => {
      try {
        what();
      } catch (error) {
        post({ type: 'failed', failure: toFailure(error) });
      }
    };
    port.on('message', (call: Call | 'close') => {
      if (call === 'close') {
        worker.close();
        process.exit(0);
      }
      worker.answer(call);
    });
    worker.interruptOrphans();
    setInterval(
      guarded(() => worker.poll()),
      settings.pollMs,
    );
    setInterval(
      guarded(() => worker.interruptOrphans()),
      ORPHAN_CHECK_MS,
    );
    setInterval(
      guarded(() => worker.beatWhileOpen()),
      HEARTBEAT_MS,
    );
  } catch (error) {
    post({ type: 'failed', failure: toFailure(error) });
  }
}

if (parentPort !== null) main(workerData as WorkerSettings);
