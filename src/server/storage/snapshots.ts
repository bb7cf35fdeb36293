/** Reading much from one moment of the database while others write. */
import { Kysely, sql, type Transaction } from 'kysely';
import type { DatabaseConfig } from '../config.ts';
import type { Tables } from './schema.ts';
import { openSqliteReader } from './sqlite.ts';
import type { DatabaseKind } from './storage.ts';

export interface Snapshot {
  /** Sees what was committed when the snapshot was opened, and nothing later. */
  readonly trx: Transaction<Tables>;
  readonly kind: DatabaseKind;
  close(): Promise<void>;
}

export interface SnapshotOptions {
  /** Without it, a reader that rests for 30 s loses its snapshot on PostgreSQL. */
  readonly isPatient: boolean;
}

export type OpenSnapshot = (options: SnapshotOptions) => Promise<Snapshot>;

/**
 * On a connection of its own, so that nobody waits for it. While it is open PostgreSQL cannot clean up what was
 * deleted since, nor SQLite shorten its log: its owner closes it soon. Throws when the database cannot be reached.
 */
export async function openSnapshot(
  database: DatabaseConfig,
  { isPatient }: SnapshotOptions,
): Promise<Snapshot> {
  const dialect =
    database.kind === 'sqlite'
      ? openSqliteReader(database.folder)
      : (await import('./postgres.ts')).openPostgres(database, () => undefined);
  const db = new Kysely<Tables>({ dialect });
  try {
    const trx = await db
      .startTransaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute();
    if (isPatient && database.kind === 'postgres') {
      await sql`set local statement_timeout = 0`.execute(trx);
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
    }
    // The moment is that of the first statement that reads.
    await sql`select 1 from navi_migrations limit 1`.execute(trx);
    return {
      trx,
      kind: database.kind,
      close: async () => {
        try {
          await trx.rollback().execute();
        } finally {
          await db.destroy();
        }
      },
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}
