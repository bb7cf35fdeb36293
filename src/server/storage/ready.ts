import type { Kysely } from 'kysely';
import { migrationNames } from './migrate.ts';
import { StorageUnavailableError } from './repository.ts';
import type { Tables } from './schema.ts';
import type { DatabaseKind } from './storage.ts';

/** Rejects when the database does not answer, or its tables are older than this server: its message is for people. */
export async function checkReady(db: Kysely<Tables>, kind: DatabaseKind): Promise<void> {
  const rows = await db.selectFrom('navi_migrations').select('name').execute();
  const done = new Set(rows.map(({ name }) => name));
  if (migrationNames(kind).every((name) => done.has(name))) return;
  throw new StorageUnavailableError(
    'The tables are older than this server. Restart it to bring them up to date.',
  );
}
