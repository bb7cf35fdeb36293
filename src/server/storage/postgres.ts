/** PostgreSQL, for servers that several machines or people share. */
import { PostgresDialect, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { PostgresConfig } from '../config.ts';
import { PreparedClient } from './preparedClient.ts';
import { StorageUnavailableError } from './repository.ts';

/** PostgreSQL's number of the type `bigint`. */
const INT8 = 20;
/** What the pool says to whoever has waited in vain for one of its connections; it has no code for it. */
const NONE_FREE = 'timeout exceeded when trying to connect';

/** Connections of the pool, and requests that wait for one. */
export interface PoolUse {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/**
 * A pool of connections; nothing is opened yet. `onIdleError` hears of connections that broke while nobody
 * used them; the pool replaces them. A request waits `patienceMs` for a connection.
 */
export function openPostgres(
  { url, unprepared }: Pick<PostgresConfig, 'url' | 'unprepared'>,
  onIdleError: (error: Error) => void,
  patienceMs = 5000,
): PooledDialect {
  const clients = new WeakMap<pg.PoolClient, PreparedClient>();
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, parseInt8);
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'navi-server',
    max: 10,
    connectionTimeoutMillis: patienceMs,
    statement_timeout: 15_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
    types,
  });
  pool.on('error', onIdleError);
  // A connection that breaks while a query uses it says so twice: to the query, which is what counts, and as an event that
  // would end the process if nobody listened.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new PooledDialect(pool, async () => {
    const client = await pool.connect().catch((error: unknown) => {
      throw new StorageUnavailableError(whyNot(error), { cause: error });
    });
    // The same for each time that it is taken: Kysely knows connections by their identity.
    const prepared = clients.get(client) ?? new PreparedClient(client, unprepared !== true);
    clients.set(client, prepared);
    return prepared;
  });
}

function whyNot(error: unknown): string {
  return error instanceof Error && error.message === NONE_FREE
    ? 'All connections to PostgreSQL are in use.'
    : 'PostgreSQL cannot be reached.';
}

export class PooledDialect extends PostgresDialect {
  readonly #pool: pg.Pool;
  constructor(pool: pg.Pool, connect: () => Promise<PostgresPoolClient>) {
    super({ pool: { options: pool.options, end: () => pool.end(), connect } });
    this.#pool = pool;
  }

  get use(): PoolUse {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this.#pool;
    return { total, idle, waiting };
  }
}

/** The driver gives 64-bit integers as text; ours are all below 2^53. */
function parseInt8(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new RangeError('An integer from the database is above 2^53.');
  return number;
}
