import { StoreError } from '../../store.ts';
import type { Connection } from '../connection.ts';
import { initial } from './0001-initial.ts';
import { history } from './0002-history.ts';
import { search } from './0003-search.ts';
import { trash } from './0005-trash.ts';
import { organise } from './0006-organise.ts';
import { turns } from './0008-turns.ts';
import { quarantine } from './0009-quarantine.ts';
import { blobs } from './0010-blobs.ts';
import { attachments } from './0011-attachments.ts';
import { queue } from './0012-queue.ts';
import { numbers } from './0013-numbers.ts';
import { leaving } from './0014-leaving.ts';
import { older } from './0015-older.ts';
import { feeds } from './0016-feeds.ts';
import { returns } from './0018-returns.ts';
import { carried } from './0019-carried.ts';
import { clocks } from './0020-clocks.ts';
import { lost } from './0021-lost.ts';
import { begun } from './0022-begun.ts';
import type { Migration } from './migration.ts';

const migrations: readonly Migration[] = [
  initial,
  history,
  search,
  trash,
  organise,
  turns,
  quarantine,
  blobs,
  attachments,
  queue,
  numbers,
  leaving,
  older,
  feeds,
  returns,
  carried,
  clocks,
  lost,
  begun,
];

/** Every schema that a released file may have, oldest first. */
export const VERSIONS: readonly number[] = migrations.map(({ version }) => version);

/** The schema that this NAVI writes. */
export const NEWEST = migrations.at(-1)?.version ?? 0;

const KEPT = 'It was not changed.';

/** Throws `StoreError('unavailable')` for a file of a newer NAVI, which must not be touched. */
export function refuseNewer(connection: Connection): void {
  if (versionOf(connection) <= NEWEST) return;
  throw new StoreError(
    'unavailable',
    'The conversation file was written by a newer version of NAVI. It was not changed. Update NAVI to write to it.',
  );
}

/** Brings the file to the newest schema (or to `target`), each step in one transaction with its `user_version`. */
export function migrate(connection: Connection, target = NEWEST): void {
  const steps = migrations.filter(({ version }) => version <= target && version > versionOf(connection));
  for (const step of steps) connection.withoutForeignKeys(() => take(connection, step));
}

function take(connection: Connection, step: Migration): void {
  connection.write(() => {
    // Read inside the transaction: another window may have migrated in the meantime.
    if (versionOf(connection) >= step.version) return;
    connection.exec(step.sql);
    const broken = connection.all<{ table: string }>('PRAGMA foreign_key_check');
    if (broken.length > 0) {
      const tables = [...new Set(broken.map(({ table }) => table))].join(', ');
      throw new StoreError(
        'unavailable',
        `The conversation file was not brought to a new format: ${tables}. ${KEPT}`,
      );
    }
    connection.exec(`PRAGMA user_version=${step.version}`);
  });
}

export function versionOf(connection: Connection): number {
  return connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}
