import { StoreError } from '../../store.ts';
import type { Connection } from '../connection.ts';
import { initial } from './0001-initial.ts';
import type { Migration } from './migration.ts';

const migrations: readonly Migration[] = [initial];

/** Throws `StoreError('unavailable')` for a file of a newer NAVI, which must not be touched. */
export function refuseNewer(connection: Connection): void {
  if (versionOf(connection) <= (migrations.at(-1)?.version ?? 0)) return;
  throw new StoreError(
    'unavailable',
    'The conversation file was written by a newer version of NAVI. It was not changed. Update NAVI to open it.',
  );
}

/** Brings the file to the newest schema, each step in one transaction with its `user_version`. */
export function migrate(connection: Connection): void {
  for (const step of migrations) {
    connection.write(() => {
      // Read inside the transaction: another window may have migrated in the meantime.
      if (versionOf(connection) >= step.version) return;
      connection.exec(step.sql);
      connection.exec(`PRAGMA user_version=${step.version}`);
    });
  }
}

function versionOf(connection: Connection): number {
  return connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}
