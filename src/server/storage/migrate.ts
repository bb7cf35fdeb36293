import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { conversations } from './migrations/0001-conversations.ts';
import { abilities } from './migrations/0002-abilities.ts';
import { tokens } from './migrations/0003-tokens.ts';
import { searchIndex } from './migrations/0004-search.ts';
import { tokensByUser } from './migrations/0005-tokens-by-user.ts';
import { listOrder } from './migrations/0006-list-order.ts';
import { StorageUnavailableError } from './repository.ts';
import type { Tables } from './schema.ts';
import type { DatabaseKind } from './storage.ts';

/** In order of their names. Written out instead of read from a folder, so that a bundle holds them too. */
const migrationsOf = (kind: DatabaseKind): Readonly<Record<string, Migration>> => ({
  '0001-conversations': conversations,
  '0002-abilities': abilities,
  '0003-tokens': tokens,
  '0004-search': searchIndex(kind),
  '0005-tokens-by-user': tokensByUser,
  '0006-list-order': listOrder(kind),
});

/** In their order. */
export function migrationNames(kind: DatabaseKind): readonly string[] {
  return Object.keys(migrationsOf(kind));
}

/**
 * Brings the tables up to date in one transaction; several servers may do it at the same time. Throws when a newer
 * server has been here, having changed nothing.
 */
export async function migrate(db: Kysely<Tables>, kind: DatabaseKind): Promise<void> {
  const migrations = migrationsOf(kind);
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: 'navi_migrations',
    migrationLockTableName: 'navi_migrations_lock',
  });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof StorageUnavailableError) throw error;
  if (await writtenByNewerServer(db, migrations)) {
    throw new Error(
      'The database was written by a newer NAVI server. Update this one; nothing was changed.',
      {
        cause: error,
      },
    );
  }
  throw new Error('The tables could not be created or updated; nothing was changed.', { cause: error });
}

async function writtenByNewerServer(db: Kysely<Tables>, known: object): Promise<boolean> {
  try {
    const rows = await db.selectFrom('navi_migrations').select('name').execute();
    return rows.some(({ name }) => !Object.hasOwn(known, name));
  } catch {
    // The table cannot be read either: the error that brought us here says why.
    return false;
  }
}
