/** The embedded database: one SQLite file in the data folder, safe with several servers on it. */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  type SqliteDatabase,
  type SqliteStatement,
  sql,
  SqliteDialect,
  SqliteDriver,
} from 'kysely';
import { StorageUnavailableError } from './repository.ts';
import type { Tables } from './schema.ts';

/** Waiting inside SQLite stops the whole server, so it is kept short; the rest is waited outside. */
const BUSY_TIMEOUT_MS = 20;
const SQLITE_BUSY = 5;
/** Statements that stay prepared; those with long lists of values, in characters, do not. */
const MOST_KEPT = 200;
const LONGEST_KEPT = 4_000;

/**
 * Opens (or creates) `navi.db` in `folder`. A new folder is 0700, the file 0600; SQLite gives its companions the
 * mode of the file. `lockDeadlineMs` is the longest wait for another process that writes.
 */
export function openSqlite(folder: string, lockDeadlineMs = 10_000): Dialect {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'navi.db');
  closeSync(openSync(path, 'a', 0o600));
  if (process.platform !== 'win32') {
    chmodSync(path, 0o600);
    syncFolder(folder);
  }
  return new EmbeddedDialect(new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS }), path, lockDeadlineMs);
}

/** Differs after another connection, of this process or another, has written. */
export async function dataVersion(db: Kysely<Tables>): Promise<number> {
  const { rows } = await sql<{ data_version: number }>`PRAGMA data_version`.execute(db);
  return rows[0]?.data_version ?? 0;
}

/**
 * A connection of its own to `navi.db` in `folder`, which is there, for reading alone: a transaction on it sees one moment
 * and, in WAL mode, holds up nobody.
 */
export function openSqliteReader(folder: string, lockDeadlineMs = 10_000): Dialect {
  const path = join(folder, 'navi.db');
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  return new ReaderDialect(database, lockDeadlineMs);
}

/** Makes the new file's name survive a power cut. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

class EmbeddedDialect extends SqliteDialect {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #lockDeadlineMs: number;
  constructor(database: DatabaseSync, path: string, lockDeadlineMs: number) {
    super({ database: adapt(database) });
    this.#database = database;
    this.#path = path;
    this.#lockDeadlineMs = lockDeadlineMs;
  }
  override createDriver(): EmbeddedDriver {
    return new EmbeddedDriver(this.#database, this.#path, this.#lockDeadlineMs);
  }
  override createAdapter(): SqliteAdapter {
    return new EmbeddedAdapter();
  }
}

class ReaderDialect extends SqliteDialect {
  readonly #database: DatabaseSync;
  readonly #lockDeadlineMs: number;
  constructor(database: DatabaseSync, lockDeadlineMs: number) {
    super({ database: adapt(database) });
    this.#database = database;
    this.#lockDeadlineMs = lockDeadlineMs;
  }
  override createDriver(): ReaderDriver {
    return new ReaderDriver(this.#database, this.#lockDeadlineMs);
  }
}

class ReaderDriver extends SqliteDriver {
  readonly #database: DatabaseSync;
  readonly #lockDeadlineMs: number;
  constructor(database: DatabaseSync, lockDeadlineMs: number) {
    super({ database: adapt(database) });
    this.#database = database;
    this.#lockDeadlineMs = lockDeadlineMs;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection(), this.#database, this.#lockDeadlineMs);
  }
}

class EmbeddedAdapter extends SqliteAdapter {
  /** True for SQLite; it puts a migration and its record into one transaction. */
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class EmbeddedDriver extends SqliteDriver {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #inode: number;
  readonly #lockDeadlineMs: number;
  constructor(database: DatabaseSync, path: string, lockDeadlineMs: number) {
    super({ database: adapt(database) });
    this.#database = database;
    this.#path = path;
    this.#inode = statSync(path).ino;
    this.#lockDeadlineMs = lockDeadlineMs;
  }

  override async init(): Promise<void> {
    await super.init();
    const mode = journalMode(this.#database);
    try {
      await untilUnlocked(() => this.#database.exec(`PRAGMA journal_mode=${mode}`), this.#lockDeadlineMs);
      this.#database.exec('PRAGMA synchronous=FULL; PRAGMA fullfsync=1; PRAGMA foreign_keys=1');
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return new PatientConnection(await super.acquireConnection(), this.#database, this.#lockDeadlineMs);
  }

  /** A transaction that reads first and writes later fails at once when another process wrote in between. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    this.#checkFile();
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** SQLite has already rolled back after a full disk or an input/output error. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }

  /** Writes to a file that was moved or deleted would succeed, and be lost. */
  #checkFile(): void {
    const now = statSync(this.#path, { throwIfNoEntry: false });
    if (now?.ino === this.#inode) return;
    throw new StorageUnavailableError('The database file was moved or replaced. Restart the server.');
  }
}

/** Waits for other processes before a transaction; inside one it holds the lock and has nothing to wait for. */
class PatientConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection;
  readonly #database: DatabaseSync;
  readonly #patienceMs: number;
  constructor(inner: DatabaseConnection, database: DatabaseSync, patienceMs: number) {
    this.#inner = inner;
    this.#database = database;
    this.#patienceMs = patienceMs;
  }
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#database.isTransaction) return await this.#inner.executeQuery<R>(query);
    return await untilUnlocked(() => this.#inner.executeQuery<R>(query), this.#patienceMs);
  }
  streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.streamQuery<R>(query, chunkSize);
  }
}

/**
 * Runs `step` again while another process holds the lock: a statement that meets a lock has changed nothing. Throws
 * `StorageUnavailableError` after `patienceMs`.
 */
async function untilUnlocked<T>(step: () => T | Promise<T>, patienceMs: number): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return await step();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > deadline) {
        throw new StorageUnavailableError('The database is locked by another program.', { cause: error });
      }
      await wait(5);
    }
  }
}

function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false;
  return (error.errcode & 0xff) === SQLITE_BUSY;
}

/** Before 3.51.3, two writers in WAL mode could damage the file (fixed in 3.50.7 and 3.44.6 as well). */
function journalMode(database: DatabaseSync): 'WAL' | 'DELETE' {
  const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.['version']);
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const number = major * 1_000_000 + minor * 1000 + patch;
  const mended =
    number >= 3_051_003 ||
    (number >= 3_050_007 && number < 3_051_000) ||
    (number >= 3_044_006 && number < 3_045_000);
  return mended ? 'WAL' : 'DELETE';
}

/** `node:sqlite` in the shape that Kysely's driver asks for. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, SqliteStatement>();
  const prepare = (text: string): SqliteStatement => {
    const statement = database.prepare(text);
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => statement.all(...parameters.map(bindable)),
      run: (parameters) => statement.run(...parameters.map(bindable)),
      iterate: (parameters) => statement.iterate(...parameters.map(bindable)),
    };
  };
  return {
    close: () => database.close(),
    prepare: (text) => {
      if (text.length > LONGEST_KEPT) return prepare(text);
      const statement = prepared.get(text) ?? prepare(text);
      if (prepared.size >= MOST_KEPT) prepared.clear();
      prepared.set(text, statement);
      return statement;
    },
  };
}

/** Anything else would be bound as NULL or refused with a text that quotes it. */
function bindable(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
    return value;
  }
  throw new TypeError(`A ${typeof value} cannot be stored in SQLite.`);
}
