import { type Dialect, Kysely } from 'kysely';
import type { Clock, IdSource } from '../../model/ids.ts';
import type { DatabaseConfig } from '../config.ts';
import { Tokens } from '../auth/tokens.ts';
import { announced } from '../events/announced.ts';
import type { Announcer } from '../events/announcer.ts';
import { FileAnnouncer } from '../events/fileAnnouncer.ts';
import { openRepository } from './kyselyRepository.ts';
import { migrate } from './migrate.ts';
import type { PoolUse } from './postgres.ts';
import { checkReady } from './ready.ts';
import type { Repository } from './repository.ts';
import { type SampleSizes, sampleSizes } from './sampleSizes.ts';
import type { Tables } from './schema.ts';
import type { SearchTable } from './search/table.ts';
import { searchTableOf } from './search/tableOf.ts';
import { openSnapshot, type OpenSnapshot } from './snapshots.ts';
import { dataVersion, openSqlite } from './sqlite.ts';
import type { DatabaseKind } from './storage.ts';

export interface OpenStorage {
  /** Tells the announcer of each commit. */
  readonly repository: Repository;
  readonly announcer: Announcer;
  readonly tokens: Tokens;
  /** Rejects when the database cannot serve. */
  readonly checkReady: () => Promise<void>;
  /** Undefined where users are spread over machines: a sample is about several users. */
  readonly sampleSizes: SampleSizes | undefined;
  /** Undefined without a pool. */
  readonly pool: (() => PoolUse) | undefined;
  /** Everything as it is at one moment, for who reads much of it. */
  readonly openSnapshot: OpenSnapshot;
  close(): Promise<void>;
}

export interface StorageParts {
  readonly clock: Clock;
  readonly newId: IdSource;
  /** A connection was lost; it is made anew by itself. */
  readonly onProblem: (error: unknown) => void;
}

/** Opens the database and brings its tables up to date. Throws when it cannot. */
export async function openStorage(database: DatabaseConfig, parts: StorageParts): Promise<OpenStorage> {
  const { clock, newId, onProblem } = parts;
  const { dialect, pool } = await dialectOf(database, onProblem);
  const db = new Kysely<Tables>({ dialect });
  const isSharded = database.kind === 'postgres' && database.sharded === true;
  const repository = await openRepository(db, clock, newId, database.kind, isSharded);
  try {
    const announcer =
      database.kind === 'sqlite'
        ? new FileAnnouncer({ dataVersion: () => dataVersion(db), onProblem })
        : await openPostgresAnnouncer(database.directUrl ?? database.url, onProblem);
    return {
      repository: announced(repository, announcer),
      announcer,
      tokens: new Tokens(db, clock, newId),
      checkReady: () => checkReady(db, database.kind),
      sampleSizes: isSharded ? undefined : () => sampleSizes(db, database.kind),
      pool,
      openSnapshot: (options) => openSnapshot(database, options),
      close: async () => {
        await announcer.close();
        await repository.close();
      },
    };
  } catch (error) {
    await repository.close();
    throw error;
  }
}

export interface OpenDatabase {
  readonly db: Kysely<Tables>;
  readonly kind: DatabaseKind;
  readonly search: SearchTable;
}

/** The bare tables, brought up to date, for commands beside the server. Its owner destroys `db`. */
export async function openDatabase(database: DatabaseConfig): Promise<OpenDatabase> {
  const { kind } = database;
  const { dialect } = await dialectOf(database, () => undefined);
  const db = new Kysely<Tables>({ dialect });
  try {
    await migrate(db, kind);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, kind, search: searchTableOf(kind) };
}

interface ChosenDialect {
  readonly dialect: Dialect;
  readonly pool: (() => PoolUse) | undefined;
}

/** The driver of PostgreSQL is only loaded where it is used: the start of an embedded server does not wait for it. */
async function dialectOf(
  database: DatabaseConfig,
  onProblem: (error: unknown) => void,
): Promise<ChosenDialect> {
  if (database.kind === 'sqlite') return { dialect: openSqlite(database.folder), pool: undefined };
  const { openPostgres } = await import('./postgres.ts');
  const dialect = openPostgres(database, onProblem);
  return { dialect, pool: () => dialect.use };
}

async function openPostgresAnnouncer(url: string, onProblem: (error: unknown) => void): Promise<Announcer> {
  const { PostgresAnnouncer } = await import('../events/postgresAnnouncer.ts');
  return await PostgresAnnouncer.open({ url, onProblem });
}
