/** PostgreSQL, for servers that several machines or people share. */
import { type Dialect, PostgresDialect } from 'kysely';
import pg from 'pg';
import { StorageUnavailableError } from './repository.ts';

/** PostgreSQL's number of the type `bigint`. */
const INT8 = 20;

/**
 * A pool of connections to `url`; nothing is opened yet. `onIdleError` hears of connections that broke while nobody
 * used them; the pool replaces them.
 */
export function openPostgres(url: string, onIdleError: (error: Error) => void): Dialect {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, parseInt8);
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'navi-server',
    max: 10,
    connectionTimeoutMillis: 5000,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
    types,
  });
  pool.on('error', onIdleError);
  return new PostgresDialect({
    pool: {
      options: pool.options,
      end: () => pool.end(),
      connect: async () => {
        try {
          return await pool.connect();
        } catch (error) {
          throw new StorageUnavailableError('PostgreSQL cannot be reached.', { cause: error });
        }
      },
    },
  });
}

/** The driver gives 64-bit integers as text; ours are all below 2^53. */
function parseInt8(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError('An integer from the database is above 2^53.');
  return number;
}
