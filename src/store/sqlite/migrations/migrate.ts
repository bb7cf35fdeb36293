import { StoreError } from '../../store.ts';
import type { Connection } from '../connection.ts';
import { initial } from './0001-initial.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [initial];

/**
 * Brings the file to the newest schema, each step in one transaction with its `user_version`.
 * Throws `StoreError('unavailable')` for a file of a newer NAVI, which is left untouched.
 */
export function migrate(connection: Connection, steps: readonly Migration[] = migrations): void {
  const newest = steps.at(-1)?.version ?? 0;
  if (versionOf(connection) > newest) {
    throw new StoreError(
      'unavailable',
      'The conversation file was written by a newer version of NAVI. It was not changed. Update NAVI to open it.',
    );
  }
  for (const step of steps) {
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
