import { existsSync, mkdirSync, renameSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../../model/ids.ts';
import { Connection, sqliteCode } from './connection.ts';
import { makeBackup } from './maintenance/backup.ts';
import { migrate, NEWEST, refuseNewer, versionOf } from './migrations/migrate.ts';
import { StoreError } from '../store.ts';

const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const LOCK_LIFE_MS = 30_000;

export interface Opened {
  readonly connection: Connection;
  /** Folder that a damaged file was moved to, when there was one. */
  readonly damagedKeptAt?: string;
}

/**
 * Opens the file at the newest schema. One that is no sound database is moved aside whole, never emptied or
 * overwritten, and a new one takes its place. Throws what is not damage: no permission, full disk, newer schema.
 */
export function openOrRecover(file: string, now: Clock): Opened {
  try {
    return { connection: openMigrated(file, now) };
  } catch (error) {
    if (!isDamage(error)) throw error;
    return withRecoveryLock(file, now, () => recover(file, now));
  }
}

function openMigrated(file: string, now: Clock): Connection {
  const connection = new Connection(file, refuseNewer);
  try {
    if (isOlder(connection)) backUpBeforeMigration(file, now);
    migrate(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The migration is one transaction and safe without it: a disk too full for a copy must not hide the history. */
function backUpBeforeMigration(file: string, now: Clock): void {
  try {
    makeBackup({ file, reason: 'migration', now: now() });
  } catch (error) {
    if (!(error instanceof StoreError) && sqliteCode(error) === undefined && !isFileError(error)) throw error;
  }
}

function isOlder(connection: Connection): boolean {
  const version = versionOf(connection);
  return version > 0 && version < NEWEST;
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

function isDamage(error: unknown): boolean {
  const code = sqliteCode(error) ?? (error instanceof Error ? sqliteCode(error.cause) : undefined);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

function recover(file: string, now: Clock): Opened {
  try {
    // Another window may have put a sound file in its place while this one waited for the lock.
    return { connection: openMigrated(file, now) };
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  const folder = join(dirname(file), `damaged-${new Date(now()).toISOString().replace(/[:.]/g, '-')}`);
  mkdirSync(folder, { mode: 0o700 });
  for (const suffix of ['', '-wal', '-shm', '-journal']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, join(folder, `navi.db${suffix}`));
  }
  return { connection: openMigrated(file, now), damagedKeptAt: folder };
}

/** Two windows that find the damage at once must not move each other's new file away. */
function withRecoveryLock<T>(file: string, now: Clock, body: () => T): T {
  const lock = `${file}.recovery`;
  while (!tryLock(lock, now)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  try {
    return body();
  } finally {
    rmdirSync(lock);
  }
}

function tryLock(lock: string, now: Clock): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    if (existsSync(lock) && now() - statSync(lock).mtimeMs > LOCK_LIFE_MS) rmdirSync(lock);
    return false;
  }
}
