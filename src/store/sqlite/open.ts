import { lstatSync } from 'node:fs';
import { StoreError } from '../store.ts';
import { Connection } from './connection.ts';
import { migrate, refuseNewer } from './migrations/migrate.ts';
import type { Operations } from './operations.ts';
import { openOrRecover, type Opened, type RecoveryOptions } from './recover.ts';
import { inWords, sqliteCode } from './trouble.ts';

export interface OpenedStore extends Opened {
  /** Why the connection only reads, in words, and what to do; absent when it writes. */
  readonly cannotWrite?: string;
}

/**
 * Opens the file for writing; when that cannot be, for reading, so that what is there is shown; and where there never
 * was a file, an empty stand-in. `assertReadable` throws for a file whose tables it does not know. Throws
 * `StoreError('unavailable')` when there is a file that can neither be written nor read.
 */
export function openStore(
  file: string,
  options: RecoveryOptions,
  assertReadable: (connection: Connection) => void,
): OpenedStore {
  try {
    return guardWrites(openOrRecover(file, options));
  } catch (error) {
    const cannotWrite = reasonOf(error);
    const connection = openReadable(file, assertReadable) ?? standIn(file);
    if (connection !== undefined) return { connection, cannotWrite };
    throw new StoreError(
      'unavailable',
      `The conversation file cannot be opened; it was not changed. ${cannotWrite}`,
      {
        cause: error,
      },
    );
  }
}

/** A newer NAVI that migrates the file later ends the writing at once, before any row. */
export function guardWrites(opened: Opened): Opened {
  opened.connection.guardWrites(() => refuseNewer(opened.connection));
  return opened;
}

/** Throws unless every statement that a view needs can be run on this file. */
export function assertShowable(operations: Operations): void {
  operations.list({ status: 'active', limit: 1 });
  operations.readMessage('');
  operations.readDraft('');
  operations.summary(undefined);
  operations.readLinkStatus();
  const [some] = operations.conversationIds();
  if (some !== undefined) operations.read(some, { limit: 1 });
}

function openReadable(
  file: string,
  assertReadable: (connection: Connection) => void,
): Connection | undefined {
  for (const mode of ['read', 'frozen'] as const) {
    // A log beside the file holds the newest commits: reading past it would hide them.
    if (mode === 'frozen' && isThere(`${file}-wal`) !== 'no') return undefined;
    const connection = tryToOpen(file, mode, assertReadable);
    if (connection !== undefined) return connection;
  }
  return undefined;
}

/** The reason is that of the attempt to write, which came first and says more. */
function tryToOpen(
  file: string,
  mode: 'read' | 'frozen',
  assertReadable: (connection: Connection) => void,
): Connection | undefined {
  let connection: Connection | undefined;
  try {
    connection = new Connection(file, () => undefined, { mode });
    assertReadable(connection);
    return connection;
  } catch (error) {
    connection?.close();
    if (sqliteCode(error) === undefined && !(error instanceof StoreError)) throw error;
    return undefined;
  }
}

function standIn(file: string): Connection | undefined {
  if (isThere(file) !== 'no') return undefined;
  const connection = new Connection(file, () => undefined, { mode: 'empty' });
  migrate(connection);
  connection.exec('PRAGMA query_only=ON');
  return connection;
}

function isThere(path: string): 'yes' | 'no' | 'unknown' {
  try {
    return lstatSync(path).size === 0 ? 'no' : 'yes';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'no' : 'unknown';
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof StoreError)) return inWords(error);
  return error.cause === undefined ? error.message : inWords(error.cause);
}
