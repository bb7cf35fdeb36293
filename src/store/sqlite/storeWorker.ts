/** The open file and what is done with it: calls that are answered, and what nobody asks for; see worker.ts for when. */
import { hostname } from 'node:os';
import { isAlive } from '../processes.ts';
import { StoreError } from '../store.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Connection } from './connection.ts';
import { DamageError, hasSchemaDamage, isDamage, isIndexDamage, mayBeSchemaDamage } from './damage.ts';
import { LogWatch } from './logWatch.ts';
import { NEWEST, versionOf } from './migrations/migrate.ts';
import { assertShowable, guardWrites, openStore, type OpenedStore } from './open.ts';
import { OPERATION_KINDS } from './operationKinds.ts';
import { createOperations, type Operations } from './operations.ts';
import { toFailure, type Answer, type Call, type Condition, type WorkerSettings } from './protocol.ts';
import { recoverOpened, type RecoveryOptions } from './recover.ts';
import { beat, type Context } from './session.ts';

/** How often to look all the same while the watch can be trusted. */
const TRUSTING_POLL_MS = 1_000;
/** Checks that come further apart than this: the machine slept. */
const PAUSE_MS = 5_000;
const PROBE_BYTES = 32 * 1024;
/** A write that comes while the file cannot be written looks again, at most this often. */
const RETRY_BY_WRITE_MS = 1_000;
/** A file that is damaged again and again lies on a disk, or passes through memory, that is broken. */
const MOST_RECOVERIES = 3;

/** The open file and everything that is bound to it. */
interface Desk {
  readonly opened: OpenedStore;
  readonly context: Context;
  readonly operations: Operations;
  readonly checkpoints: Checkpoints;
  readonly watch: LogWatch;
}

export class StoreWorker {
  private desk: Desk | undefined;
  private condition: Condition | undefined;
  private triedAt = 0;
  /** The index was seen to lack something after a turn. */
  private isBehind = false;
  private seenVersion = 0;
  private lastTidyProblem = '';
  private isWatchTrusted = false;
  private polledAt = 0;
  private onHint: () => void = () => undefined;
  private account: string | undefined;
  private acknowledgedAt: number | undefined;
  private recoveries = 0;
  /** Damaged messages that were read and are not noted yet, and those that are. */
  private readonly seenDamage = new Set<string>();
  private readonly notedDamage = new Set<string>();
  private awakeSince = Date.now();
  private checkedAt = Date.now();
  private readonly settings: WorkerSettings;
  private readonly post: (answer: Answer) => void;

  constructor(settings: WorkerSettings, post: (answer: Answer) => void) {
    this.settings = settings;
    this.post = post;
    this.open();
  }

  answer(call: Call): void {
    const commits = this.desk?.opened.connection.commits;
    try {
      const value = this.carryOut(call);
      this.post({ type: 'result', id: call.id, value });
      if (this.desk?.opened.connection.commits !== commits) this.acknowledgedAt = Date.now();
      if (OPERATION_KINDS[call.name] === 'write') this.noteWritten();
    } catch (error) {
      if (OPERATION_KINDS[call.name] !== 'read') this.noteFailure(error);
      this.post({ type: 'error', id: call.id, failure: toFailure(error) });
    }
    if (OPERATION_KINDS[call.name] !== 'read') this.tidyLog();
  }

  /** The regular look: a rare one while the watch tells of commits in time. */
  pollRegularly(): void {
    if (this.isWatchTrusted && Date.now() - this.polledAt < TRUSTING_POLL_MS) return;
    // What it finds, the watch has missed.
    if (this.poll()) this.isWatchTrusted = false;
  }

  /** Calls back when somebody wrote to the file, as far as the system tells. */
  listen(onHint: () => void): void {
    this.onHint = onHint;
  }

  /** On a word of the watch. */
  pollOnHint(): void {
    if (this.poll()) this.isWatchTrusted = true;
  }

  /** Another window's commits show as a changed data version: true when there were any. */
  private poll(): boolean {
    this.polledAt = Date.now();
    if (this.desk === undefined) return false;
    const { connection, cannotWrite } = this.desk.opened;
    if (!connection.isStillInPlace()) {
      this.open();
      return true;
    }
    const version = connection.dataVersion();
    if (version === this.seenVersion) return false;
    this.seenVersion = version;
    if (cannotWrite === undefined && versionOf(connection) > NEWEST) this.open();
    this.post({ type: 'changed' });
    return true;
  }

  interruptOrphans(): void {
    const now = Date.now();
    if (now - this.checkedAt > PAUSE_MS) this.awakeSince = now;
    this.checkedAt = now;
    if (this.desk === undefined || this.condition?.trouble !== undefined) return;
    const ended = this.attend(this.desk, ({ operations }) => operations.interruptOrphans());
    if (ended > 0) this.post({ type: 'changed' });
  }

  /** After a write was answered. */
  private tidyLog(): void {
    if (this.desk?.opened.cannotWrite !== undefined) return;
    try {
      this.desk?.checkpoints.afterWrite();
      this.lastTidyProblem = '';
    } catch (error) {
      // What was answered is safe in the log. Said once, not after every write.
      const failure = toFailure(error);
      if (failure.message !== this.lastTidyProblem) this.post({ type: 'failed', failure });
      this.lastTidyProblem = failure.message;
    }
  }

  shrinkLog(): void {
    if (this.desk?.opened.cannotWrite === undefined) this.desk?.checkpoints.whenIdle();
  }

  beatWhileOpen(): void {
    if (this.desk === undefined || this.condition?.trouble !== undefined) return;
    const { db, session } = this.desk.context;
    if (db.get('SELECT 1 FROM messages WHERE owner = ?', session.id) !== undefined) beat(this.desk.context);
  }

  /** True when more is to be indexed. What cannot be indexed now is, by a later turn or the next search. */
  indexSome(): boolean {
    if (this.desk === undefined || this.condition?.trouble !== undefined) return false;
    try {
      const isMore = this.attend(this.desk, ({ operations }) => operations.indexSome());
      // A search that was shown as incomplete is complete now.
      if (this.isBehind && !isMore) this.post({ type: 'changed' });
      this.isBehind = isMore;
      return isMore;
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
  }

  /** True when the file needs more looking after. What cannot be done now is, by a later turn. */
  tendSome(): boolean {
    if (this.desk === undefined || this.condition?.trouble !== undefined) return false;
    try {
      return this.desk.operations.tendSome();
    } catch (error) {
      if (error instanceof StoreError) return false;
      throw error;
    }
  }

  /** Looks whether the file takes writes again. Does nothing while it does. */
  tryAgain(): void {
    if (this.condition?.trouble === undefined) return;
    this.triedAt = Date.now();
    if (this.desk === undefined || this.desk.opened.cannotWrite !== undefined) {
      this.open();
      return;
    }
    try {
      probeWriting(this.desk.context);
      this.say(this.desk, undefined);
    } catch (error) {
      this.noteFailure(error);
    }
  }

  close(): void {
    this.desk?.watch.close();
    this.desk?.opened.connection.close();
  }

  /**
   * A file that was replaced under us takes commits that nobody will ever read. So: look after each write, and when
   * the path names another file, do it again there. All writes are idempotent.
   */
  private carryOut(call: Call): unknown {
    if (call.name === 'useAccount') this.account = call.args[0] as string | undefined;
    const isRead = OPERATION_KINDS[call.name] === 'read';
    if (!isRead) this.retryBeforeWrite();
    const value = this.attend(this.require(isRead), (desk) => invoke(desk, call));
    if (isRead || this.require(isRead).opened.connection.isStillInPlace()) return value;
    this.open();
    return invoke(this.require(isRead), call);
  }

  private require(isRead: boolean): Desk {
    const desk = this.desk;
    if (desk !== undefined && (isRead || desk.opened.cannotWrite === undefined)) return desk;
    throw new StoreError('unavailable', this.condition?.trouble ?? 'The conversation file is not open.');
  }

  private retryBeforeWrite(): void {
    const isOpen = this.desk !== undefined && this.desk.opened.cannotWrite === undefined;
    if (!isOpen && Date.now() - this.triedAt >= RETRY_BY_WRITE_MS) this.tryAgain();
  }

  /** Opens the file as far as it can be. The one that was open stays in use when nothing better is to be had. */
  private open(): void {
    const before = this.desk;
    this.triedAt = Date.now();
    try {
      this.settle(
        openStore(this.settings.file, this.recovering(), (connection) =>
          assertShowable(createOperations(this.contextFor(connection))),
        ),
      );
    } catch (error) {
      this.desk = undefined;
      this.say(undefined, toFailure(error).message);
    }
    this.leave(before);
  }

  private settle(opened: OpenedStore): void {
    this.desk = this.deskOf(opened);
    this.say(this.desk, opened.cannotWrite);
  }

  private leave(before: Desk | undefined): void {
    before?.watch.close();
    before?.opened.connection.close();
    if (before !== undefined) this.post({ type: 'changed' });
  }

  private deskOf(opened: OpenedStore): Desk {
    const context = this.contextFor(opened.connection);
    const operations = createOperations(context);
    operations.useAccount(this.account);
    this.seenVersion = opened.connection.dataVersion();
    const { recovery } = opened;
    this.post({ type: 'opened', ...(recovery === undefined ? {} : { recovery }) });
    const checkpoints = new Checkpoints(opened.connection, Date.now);
    const watch = new LogWatch(this.settings.file, () => this.onHint());
    return { opened, context, operations, checkpoints, watch };
  }

  private noteWritten(): void {
    this.post({ type: 'changed' });
    if (this.condition?.trouble !== undefined && this.desk !== undefined) this.say(this.desk, undefined);
  }

  /** Tells a file that takes nothing from a call that asked for nonsense. */
  private noteFailure(error: unknown): void {
    if (!(error instanceof StoreError) || error.problem !== 'unavailable' || this.desk === undefined) return;
    const { connection, cannotWrite } = this.desk.opened;
    if (cannotWrite !== undefined) return;
    if (versionOf(connection) > NEWEST) this.open();
    else this.say(this.desk, error.message);
  }

  private say(desk: Desk | undefined, trouble: string | undefined): void {
    const { sharedPlace, unsafeVersion } = desk?.opened.connection ?? {};
    const condition: Condition = {
      isReadable: desk !== undefined,
      ...(trouble === undefined ? {} : { trouble }),
      ...(sharedPlace === undefined ? {} : { sharedPlace }),
      ...(unsafeVersion === undefined ? {} : { unsafeVersion }),
    };
    if (JSON.stringify(condition) === JSON.stringify(this.condition)) return;
    this.condition = condition;
    this.post({ type: 'condition', condition });
  }

  private contextFor(db: Connection): Context {
    return {
      db,
      session: { id: this.settings.sessionId, pid: process.pid, host: hostname() },
      now: Date.now,
      awakeSince: () => this.awakeSince,
      acknowledgedAt: () => this.acknowledgedAt,
      isAlive,
      onDamaged: (id) => {
        if (!this.notedDamage.has(id)) this.seenDamage.add(id);
      },
    };
  }

  private recovering(): RecoveryOptions {
    return { now: Date.now, onBegin: () => this.post({ type: 'recovering' }) };
  }

  /**
   * Runs what works with the file. When that finds the file damaged, it is rebuilt and what failed is done there; when
   * only the index is, that is made anew.
   */
  private attend<T>(desk: Desk, body: (desk: Desk) => T): T {
    try {
      return body(desk);
    } catch (error) {
      if (desk !== this.desk || desk.opened.cannotWrite !== undefined) throw error;
      if (isIndexDamage(error)) {
        desk.operations.rebuildIndex();
        return body(desk);
      }
      const { connection } = desk.opened;
      if (!isDamage(error) && !(mayBeSchemaDamage(error) && hasSchemaDamage(connection))) throw error;
      return body(this.recover(desk, error));
    }
  }

  /** Throws what was found when the file cannot be rebuilt, or was too often: then the disk is to blame. */
  private recover(desk: Desk, found: unknown): Desk {
    const { identity } = desk.opened.connection;
    if (identity === undefined || this.recoveries >= MOST_RECOVERIES) throw found;
    this.recoveries += 1;
    this.settle(guardWrites(recoverOpened(this.settings.file, identity, this.recovering())));
    this.leave(desk);
    return this.desk ?? desk;
  }

  /** For damage that was found by looking through a file; `identity` is that of this file. */
  repair(identity: string): void {
    const desk = this.desk;
    if (desk === undefined || desk.opened.cannotWrite !== undefined) return;
    if (desk.opened.connection.identity !== identity) return;
    try {
      this.recover(desk, new DamageError());
    } catch (error) {
      this.post({ type: 'failed', failure: toFailure(error) });
    }
  }

  hasSeenDamage(): boolean {
    return this.seenDamage.size > 0;
  }

  /** Notes damaged messages that were read, so that they are mended and not sent. Never true: nothing is left to do. */
  noteDamage(): boolean {
    const ids = [...this.seenDamage];
    if (this.desk === undefined || this.condition?.trouble !== undefined || ids.length === 0) return false;
    this.seenDamage.clear();
    for (const id of ids) this.notedDamage.add(id);
    const count = this.desk.operations.noteDamaged(ids);
    if (count === 0) return false;
    this.post({ type: 'changed' });
    this.post({ type: 'damagedMessages', count });
    return false;
  }
}

function invoke({ operations }: Desk, { name, args }: Call): unknown {
  const named: Readonly<Record<string, unknown>> = operations;
  return (named[name] as (...given: readonly unknown[]) => unknown)(...args);
}

/** Writes about as much as a long message needs, and takes it back. */
function probeWriting({ db }: Context): void {
  db.write(() => {
    db.run(
      `INSERT INTO meta (key, value) VALUES ('probe', hex(randomblob(${PROBE_BYTES} / 2)))
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    );
  });
  db.write(() => db.run("DELETE FROM meta WHERE key = 'probe'"));
}
