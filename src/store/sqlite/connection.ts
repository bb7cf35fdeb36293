import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { StoreError } from '../store.ts';

const BUSY = 5;
const FULL = 13;
const BUSY_TIMEOUT_MS = 5_000;
const BUSY_RERUNS = 20;

type Params = readonly SQLInputValue[];

/** SQLite's primary result code of an error thrown by node:sqlite; undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

/**
 * One connection with prepared statements kept by their text. Blocking: lives in the store's worker, where waiting
 * for another window's write stalls nobody.
 */
export class Connection {
  readonly file: string;
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  private readonly identity: string;
  private depth = 0;

  /**
   * Opens or creates the file, folder 0700 and file 0600. `accept` sees it before anything is changed and may throw.
   * Throws node:sqlite's error when it is no sound database.
   */
  constructor(file: string, accept: (connection: Connection) => void) {
    this.file = file;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    try {
      accept(this);
      chmodSync(file, 0o600);
      this.configure();
      this.identity = identityOf(file);
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  private configure(): void {
    const { version } = this.get<{ version: string }>('SELECT sqlite_version() AS version') ?? {
      version: '0',
    };
    const mode = hasWalFix(version) ? 'WAL' : 'DELETE';
    // Switching to WAL fails at once under another window's write, whatever the timeout.
    this.rerunWhileBusy(() => this.db.exec(`PRAGMA journal_mode=${mode}`));
    this.db.exec('PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA fullfsync=ON');
  }

  all<Row>(sql: string, ...params: Params): Row[] {
    return this.prepared(sql).all(...params) as Row[];
  }

  get<Row>(sql: string, ...params: Params): Row | undefined {
    return this.prepared(sql).get(...params) as Row | undefined;
  }

  /** Number of rows changed. */
  run(sql: string, ...params: Params): number {
    return Number(this.prepared(sql).run(...params).changes);
  }

  /** The number (`rowid`) of the row inserted, or undefined when a conflict kept it out. */
  insert(sql: string, ...params: Params): number | undefined {
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
      return this.rerunWhileBusy(() => this.inTransaction('BEGIN IMMEDIATE', body));
    } catch (error) {
      throw asStoreError(error);
    }
  }

  /** For rebuilding a table that others refer to: SQLite heeds the pragma only between transactions. */
  withoutForeignKeys(body: () => void): void {
    this.db.exec('PRAGMA foreign_keys=OFF');
    try {
      body();
    } finally {
      this.db.exec('PRAGMA foreign_keys=ON');
    }
  }

  /** Changes when another connection has committed. */
  dataVersion(): number {
    return this.get<{ data_version: number }>('PRAGMA data_version')?.data_version ?? 0;
  }

  /** False when the path now names another file: commits to the one we hold would be lost with it. */
  isStillInPlace(): boolean {
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
    this.prepared(begin).run();
    this.depth += 1;
    try {
      const result = body();
      this.prepared('COMMIT').run();
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    } finally {
      this.depth -= 1;
    }
  }

  private rerunWhileBusy<T>(body: () => T): T {
    for (let run = 1; ; run += 1) {
      try {
        return body();
      } catch (error) {
        if (sqliteCode(error) !== BUSY || run >= BUSY_RERUNS) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10 * run);
      }
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

function identityOf(file: string): string {
  const { dev, ino } = statSync(file);
  return `${dev}:${ino}`;
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

function asStoreError(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (code === BUSY) {
    return new StoreError(
      'busy',
      'Another window kept the conversation file busy. Nothing was changed; try again.',
      {
        cause: error,
      },
    );
  }
  const why =
    code === FULL ? 'the disk is full' : `SQLite says: ${error instanceof Error ? error.message : 'error'}`;
  return new StoreError(
    'unavailable',
    `The conversation file could not be written: ${why}. Nothing was changed.`,
    {
      cause: error,
    },
  );
}
