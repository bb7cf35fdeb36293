import { Kysely } from 'kysely';
import type { Clock, IdSource } from '../../model/ids.ts';
import type { DatabaseConfig } from '../config.ts';
import { Tokens } from '../auth/tokens.ts';
import { announced } from '../events/announced.ts';
import type { Announcer } from '../events/announcer.ts';
import { FileAnnouncer } from '../events/fileAnnouncer.ts';
import { PostgresAnnouncer } from '../events/postgresAnnouncer.ts';
import { openRepository } from './kyselyRepository.ts';
import { openPostgres } from './postgres.ts';
import type { Repository } from './repository.ts';
import type { Tables } from './schema.ts';
import { dataVersion, openSqlite } from './sqlite.ts';

export interface OpenStorage {
  /** Tells the announcer of each commit. */
  readonly repository: Repository;
  readonly announcer: Announcer;
  readonly tokens: Tokens;
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
  const dialect =
    database.kind === 'sqlite' ? openSqlite(database.folder) : openPostgres(database.url, onProblem);
  const db = new Kysely<Tables>({ dialect });
  const repository = await openRepository(db, clock, newId, database.kind);
  try {
    const announcer =
      database.kind === 'sqlite'
        ? new FileAnnouncer({ dataVersion: () => dataVersion(db), onProblem })
        : await PostgresAnnouncer.open({ url: database.url, onProblem });
    return {
      repository: announced(repository, announcer),
      announcer,
      tokens: new Tokens(db, clock, newId),
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
