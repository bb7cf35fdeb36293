import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { placeOf } from './place.ts';
import { asStoreError, isBusy } from './trouble.ts';

export { sqliteCode } from './trouble.ts';

const BUSY_TIMEOUT_MS = 5_000;
const BUSY_RERUNS = 20;
/** Longest wait for another window's write, the waits inside SQLite included. */
const BUSY_LIMIT_MS = 15_000;
/** An automatic checkpoint is the safety net behind those of checkpoints.ts. */
const AUTOCHECKPOINT_PAGES = 2_000;

type Params = readonly SQLInputValue[];

/**
 * `write`: created when it is not there. `read`: no byte of it changes. `frozen`: the same where nothing may be created
 * beside it; only for a file without a write-ahead log. `empty`: no file at all, a stand-in that shows nothing.
 */
export type OpenMode = 'write' | 'read' | 'frozen' | 'empty';

export interface ConnectionOptions {
  readonly mode?: OpenMode;
  /** Names the shared file system that a folder lies on; undefined for a local disk. */
  readonly placeOf?: (folder: string) => string | undefined;
  /** Called when the file cannot be opened, before SQLite lets go of it. */
  readonly onRefused?: () => void;
  /** What SQLite says of itself, e.g. `3.53.0`: not always what the editor says of it. */
  readonly versionOf?: (connection: Connection) => string;
}

/**
 * One connection with prepared statements kept by their text. Blocking: lives in the store's worker, where waiting
 * for another window's write stalls nobody.
 */
export class Connection {
  readonly file: string;
  /** The shared file system that the file lies on, where WAL is not safe; undefined on a local disk. */
  readonly sharedPlace: string | undefined;
  /** The version of a SQLite whose WAL can lose commits of several windows; undefined for any other. */
  readonly unsafeVersion: string | undefined;
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  /** Names the file that was opened, whatever it is called now; undefined for a stand-in. */
  readonly identity: string | undefined;
  private guard: () => void = () => undefined;
  private depth = 0;
  private isOverwriting = false;
  private isSecureDelete = false;
  /** UTF-16 units of text and bytes of blobs, handed to statements that change something since the file was opened. */
  dataWritten = 0;
  private written = 0;

  /**
   * Opens or creates the file, folder 0700 and file 0600. `accept` sees it before anything is changed and may throw.
   * Throws node:sqlite's error when it is no sound database.
   */
  constructor(file: string, accept: (connection: Connection) => void, options: ConnectionOptions = {}) {
    const { mode = 'write' } = options;
    this.file = file;
    if (mode === 'write') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.sharedPlace = mode === 'empty' ? undefined : (options.placeOf ?? placeOf)(dirname(file));
    this.db = new DatabaseSync(addressOf(file, mode), {
      timeout: BUSY_TIMEOUT_MS,
      readOnly: mode === 'read' || mode === 'frozen',
    });
    try {
      const version = (options.versionOf ?? versionOf)(this);
      this.unsafeVersion = hasWalFix(version) ? undefined : version;
      accept(this);
      if (mode === 'write') {
        keepPrivate(file);
        this.configure();
      }
      this.identity = mode === 'empty' ? undefined : identityOf(file);
    } catch (error) {
      options.onRefused?.();
      this.db.close();
      throw error;
    }
  }

  private configure(): void {
    const isWalSafe = this.unsafeVersion === undefined && this.sharedPlace === undefined;
    const mode = isWalSafe ? 'WAL' : 'DELETE';
    // Switching to WAL fails at once under another window's write, whatever the timeout.
    this.rerunWhileBusy(() => this.exec(`PRAGMA journal_mode=${mode}`));
    this.exec('PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA fullfsync=ON');
    this.exec(`PRAGMA wal_autocheckpoint=${AUTOCHECKPOINT_PAGES}`);
  }

  /** `guard` runs at the start of every write transaction from now on, inside it, and may throw. */
  guardWrites(guard: () => void): void {
    this.guard = guard;
  }

  all<Row>(sql: string, ...params: Params): Row[] {
    return this.prepared(sql).all(...params) as Row[];
  }

  get<Row>(sql: string, ...params: Params): Row | undefined {
    return this.prepared(sql).get(...params) as Row | undefined;
  }

  /** Number of rows changed. */
  run(sql: string, ...params: Params): number {
    this.countData(params);
    return Number(this.prepared(sql).run(...params).changes);
  }

  /** The number (`rowid`) of the row inserted, or undefined when a conflict kept it out. */
  insert(sql: string, ...params: Params): number | undefined {
    this.countData(params);
    const { changes, lastInsertRowid } = this.prepared(sql).run(...params);
    return Number(changes) === 0 ? undefined : Number(lastInsertRowid);
  }

  exec(sql: string): void {
    this.db.exec(sql);
  }

  /** All reads inside see one state of the file. */
  snapshot<T>(body: () => T): T {
    if (this.depth > 0) return body();
    return this.inTransaction('BEGIN', body);
  }

  /**
   * One write transaction, durable when this returns. Run again from the start while another window writes: a
   * deferred BEGIN would fail with BUSY_SNAPSHOT half-way. Throws `StoreError`; nothing is changed then.
   */
  write<T>(body: () => T): T {
    if (this.depth > 0) return body();
    try {
      const result = this.rerunWhileBusy(() => {
        this.setSecureDelete(this.isOverwriting);
        return this.inTransaction('BEGIN IMMEDIATE', () => {
          this.guard();
          return body();
        });
      });
      this.written += 1;
      return result;
    } catch (error) {
      throw asStoreError(error);
    }
  }

  /** Write transactions that were committed here. */
  get commits(): number {
    return this.written;
  }

  /** For rebuilding a table that others refer to: SQLite heeds the pragma only between transactions. */
  withoutForeignKeys(body: () => void): void {
    this.exec('PRAGMA foreign_keys=OFF');
    try {
      body();
    } finally {
      this.exec('PRAGMA foreign_keys=ON');
    }
  }

  /** The content that `body` deletes is overwritten, not just given free. */
  overwriting<T>(body: () => T): T {
    const before = this.isOverwriting;
    this.isOverwriting = true;
    try {
      this.setSecureDelete(true);
      return body();
    } finally {
      this.isOverwriting = before;
    }
  }

  /** Switched off by the next write, not after this one: a failure then would deny what is committed. */
  private setSecureDelete(on: boolean): void {
    if (on === this.isSecureDelete) return;
    this.exec(`PRAGMA secure_delete=${on ? 'ON' : 'OFF'}`);
    this.isSecureDelete = on;
  }

  /** Moves what it can from the write-ahead log into the file; waits for nobody. Does nothing without such a log. */
  checkpoint(kind: 'PASSIVE' | 'TRUNCATE'): void {
    this.exec('PRAGMA busy_timeout=0');
    try {
      this.exec(`PRAGMA wal_checkpoint(${kind})`);
    } catch (error) {
      // Another window checkpoints just now: that is as good.
      if (!isBusy(error)) throw error;
    } finally {
      this.exec(`PRAGMA busy_timeout=${BUSY_TIMEOUT_MS}`);
    }
  }

  /** Changes when another connection has committed. */
  dataVersion(): number {
    return this.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0;
  }

  /** False when the path now names another file: commits to the one we hold would be lost with it. */
  isStillInPlace(): boolean {
    if (this.identity === undefined) return true;
    try {
      return identityOf(this.file) === this.identity;
    } catch {
      return false;
    }
  }

  close(): void {
    this.statements.clear();
    this.db.close();
  }

  private inTransaction<T>(begin: string, body: () => T): T {
    this.depth += 1;
    try {
      // Inside, so that a transaction that began and then failed is not left open for all that follow.
      this.run(begin);
      const result = body();
      this.run('COMMIT');
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    } finally {
      this.depth -= 1;
    }
  }

  private rerunWhileBusy<T>(body: () => T): T {
    const end = performance.now() + BUSY_LIMIT_MS;
    for (let run = 1; ; run += 1) {
      try {
        return body();
      } catch (error) {
        if (!isBusy(error) || run >= BUSY_RERUNS || performance.now() > end) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 * run);
      }
    }
  }

  private countData(params: Params): void {
    for (const value of params) {
      if (typeof value === 'string') this.dataWritten += value.length;
      else if (ArrayBuffer.isView(value)) this.dataWritten += value.byteLength;
    }
  }

  private prepared(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.db.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}

function addressOf(file: string, mode: OpenMode): string | URL {
  if (mode === 'empty') return ':memory:';
  if (mode !== 'frozen') return file;
  const address = pathToFileURL(file);
  address.searchParams.set('immutable', '1');
  return address;
}

/** A file of another user, or a file system without modes: what could be done to it is not NAVI's to say. */
function keepPrivate(file: string): void {
  try {
    chmodSync(file, 0o600);
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
  }
}

function identityOf(file: string): string {
  const { dev, ino } = statSync(file);
  return `${dev}:${ino}`;
}

function versionOf(connection: Connection): string {
  return connection.get<{ version: string }>('SELECT sqlite_version() AS version')?.version ?? '0';
}

/** WAL with several writing connections can lose commits before 3.51.3, except in 3.50.7+ and 3.44.6+. */
export function hasWalFix(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  if (major !== 3) return major > 3;
  if (minor === 44) return patch >= 6;
  if (minor === 50) return patch >= 7;
  if (minor === 51) return patch >= 3;
  return minor > 51;
}
