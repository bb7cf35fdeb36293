import { existsSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../model/ids.ts';
import { Connection, sqliteCode } from './connection.ts';
import { DamageError, hasForeignLog, hasSchemaDamage, isDamage, mayBeSchemaDamage } from './damage.ts';
import { backupFolder, findBackups, makeBackup } from './maintenance/backup.ts';
import { sizeOf, syncFolder } from './maintenance/files.ts';
import { rebuild, type Rebuilt } from './maintenance/rebuild.ts';
import { withRecoveryLock } from './maintenance/recoveryLock.ts';
import { Source } from './maintenance/source.ts';
import {
  findReady,
  newStamp,
  readyPath,
  removeUnfinished,
  swapIn,
  unfinishedPath,
  SWAP_STEPS,
} from './maintenance/swap.ts';
import { migrate, NEWEST, refuseNewer, versionOf } from './migrations/migrate.ts';
import { isBusy } from './trouble.ts';
import { StoreError } from '../store.ts';

const BUSY_TIMEOUT_MS = 5_000;

/** What became of a file that was damaged, missing or empty. */
export interface Recovery extends Rebuilt {
  /** Folder that the damaged file was moved to, unchanged; absent when there was none. */
  readonly keptAt?: string;
  /** Nothing of the damaged file could be read, or there was none. */
  readonly isUnreadable: boolean;
}

export interface Opened {
  readonly connection: Connection;
  readonly recovery?: Recovery;
}

export const RECOVERY_STEPS = ['begun', 'rebuilt', 'ready', ...SWAP_STEPS] as const;
export type RecoveryStep = (typeof RECOVERY_STEPS)[number];

export interface RecoveryOptions {
  readonly now: Clock;
  /** Told after each step; what it throws ends the recovery there. */
  readonly onStep?: (step: RecoveryStep) => void;
  /** Told before anything is done that may take a while. */
  readonly onBegin?: () => void;
}

/**
 * Opens the file at the newest schema. One that is damaged is kept unchanged, and one takes its place that is made of
 * what can be read of it and of the backups. A file that is missing or empty where there are backups is made of
 * these. Throws what is not damage: no permission, full disk, newer schema; nothing is changed then.
 */
export function openOrRecover(file: string, options: RecoveryOptions): Opened {
  if (findReady(file) === undefined && !isLost(file)) {
    try {
      return { connection: openSound(file, options.now) };
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }
  return withRecoveryLock(file, () => recoverUnlessDone(file, options));
}

/**
 * For a file that was opened and then turned out to be damaged: as `openOrRecover`, but does not believe a file that
 * opens. `identity` is that of the damaged one: when another has taken its place, somebody else was faster.
 */
export function recoverOpened(file: string, identity: string, options: RecoveryOptions): Opened {
  return withRecoveryLock(file, () =>
    identityOf(file) === identity ? replaceDamaged(file, options) : recoverUnlessDone(file, options),
  );
}

/** Names a file whatever it is called; undefined when there is none. */
export function identityOf(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}

function recoverUnlessDone(file: string, options: RecoveryOptions): Opened {
  const ready = findReady(file);
  if (ready !== undefined) {
    const keptAt = swapIn(file, ready, options.onStep);
    const connection = openSound(file, options.now);
    return { connection, recovery: { ...recountOf(connection), ...(keptAt !== undefined && { keptAt }) } };
  }
  if (!isLost(file)) {
    try {
      // Another window may have put a sound file in its place while this one waited for the lock.
      return { connection: openSound(file, options.now) };
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }
  return replaceDamaged(file, options);
}

/** Where the numbers of the rebuilding went with the process that did it. */
function recountOf(connection: Connection): Omit<Recovery, 'keptAt'> {
  const count = (table: string): number =>
    connection.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
  return {
    conversations: count('conversations'),
    messages: count('messages'),
    damaged: count('quarantine'),
    fromBackups: 0,
    unreadable: 0,
    backups: 0,
    isUnreadable: false,
  };
}

function replaceDamaged(file: string, options: RecoveryOptions): Opened {
  const { now, onBegin = () => undefined, onStep = () => undefined } = options;
  const had = existsSync(file);
  onBegin();
  // Whoever began it is dead, or would hold the lock.
  removeUnfinished(file);
  onStep('begun');
  const stamp = newStamp(file, now());
  const unfinished = unfinishedPath(file);
  // While the file is read nobody may add to it: what is acknowledged then would be in neither.
  const writers = had ? holdWriters(file) : undefined;
  try {
    const damaged = had ? openDamaged(file) : [];
    let rebuilt: Rebuilt;
    try {
      rebuilt = rebuild({ target: unfinished, damaged, backups: openBackups(file), now });
    } catch (error) {
      removeUnfinished(file);
      throw error;
    } finally {
      for (const source of damaged) source.close();
    }
    onStep('rebuilt');
    renameSync(unfinished, readyPath(file, stamp));
    syncFolder(dirname(file));
    onStep('ready');
    // Windows renames no file that is open; nobody else has it open there, or renaming fails and is tried again.
    if (process.platform === 'win32') writers?.close();
    const keptAt = swapIn(file, stamp, onStep);
    const recovery: Recovery = {
      ...rebuilt,
      isUnreadable: damaged.length === 0,
      ...(keptAt !== undefined && { keptAt }),
    };
    return { connection: openSound(file, now), recovery };
  } finally {
    if (writers?.isOpen === true) writers.close();
  }
}

/** Undefined when the file is too damaged to be locked: then nobody can write to it either. */
function holdWriters(file: string): DatabaseSync | undefined {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec('BEGIN IMMEDIATE');
    return db;
  } catch (error) {
    db.close();
    if (isBusy(error) || sqliteCode(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * What can be read of the damaged file: with its write-ahead log, and without, since the log may be what is wrong. The
 * second lacks the newest and is asked second, unless the log is not the file's own.
 */
function openDamaged(file: string): Source[] {
  const modes = sizeOf(`${file}-wal`) === 0 ? (['live'] as const) : (['live', 'frozen'] as const);
  const sources = modes.flatMap((mode) => Source.open(file, mode) ?? []);
  const [withLog, without] = sources;
  if (withLog === undefined || without === undefined) return sources;
  return fileIdOf(withLog) === fileIdOf(without) ? sources : [without, withLog];
}

function fileIdOf(source: Source): unknown {
  for (const row of source.rows('meta')) if (row['key'] === 'file.id') return row['value'];
  return undefined;
}

function* openBackups(file: string): Generator<Source> {
  for (const { name } of findBackups(file)) {
    const source = Source.open(join(backupFolder(file), name), 'frozen');
    if (source === undefined) continue;
    try {
      yield source;
    } finally {
      source.close();
    }
  }
}

/** There was a file, as its backups show, and there is none, or one without a single byte. */
function isLost(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats !== undefined && (!stats.isFile() || stats.size > 0)) return false;
  return findBackups(file).length > 0 || sizeOf(`${file}-wal`) > 0;
}

function openSound(file: string, now: Clock): Connection {
  for (;;) {
    const before = identityOf(file);
    const connection = openKeepingLog(file, now);
    // Another window may put a rebuilt file in its place just while this one is opened.
    if (before === undefined || before === identityOf(file)) return connection;
    connection.close();
  }
}

/**
 * When the last connection closes, SQLite moves the log into the file. A second one that only reads keeps it from doing
 * that to a file that turned out to be damaged: it is kept as it was found.
 */
function openKeepingLog(file: string, now: Clock): Connection {
  let keeper: DatabaseSync | undefined;
  let connection: Connection | undefined;
  try {
    connection = new Connection(file, refuseNewer, { onRefused: () => (keeper = keepLog(file)) });
    if (hasForeignLog(connection)) throw new DamageError();
    if (isOlder(connection)) backUpBeforeMigration(file, now);
    bringUpToDate(connection);
    return connection;
  } catch (error) {
    keeper ??= keepLog(file);
    connection?.close();
    throw error;
  } finally {
    keeper?.close();
  }
}

function keepLog(file: string): DatabaseSync | undefined {
  if (sizeOf(`${file}-wal`) === 0) return undefined;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return db;
  } catch (error) {
    db?.close();
    if (sqliteCode(error) === undefined) throw error;
    return undefined;
  }
}

function bringUpToDate(connection: Connection): void {
  try {
    migrate(connection);
  } catch (error) {
    if (mayBeSchemaDamage(error) && hasSchemaDamage(connection)) throw new DamageError({ cause: error });
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
