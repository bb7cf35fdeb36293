/** A connection of the pool in the shape that Kysely asks for. */
import { createHash } from 'node:crypto';
import type { PostgresCursor, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import type { PoolClient } from 'pg';
import { OutcomeUnknownError, StorageUnavailableError } from './repository.ts';

/** Statements with long lists of values have as many texts as lengths; they are parsed each time instead. */
const MOST_PARAMETERS = 40;
/** Of one process; each of its connections keeps what it has prepared. */
const MOST_STATEMENTS = 500;
const names = new Map<string, string>();

/** What a statement says that was prepared before another server changed its table. */
const FEATURE_NOT_SUPPORTED = '0A000';
/** The statement took too long; waited too long for a lock; was chosen to resolve a deadlock; could not be serialised. */
const UNDONE = new Set(['57014', '55P03', '40P01', '40001']);
/** Shut down, by an administrator or a crash; cannot be connected to. */
const DATABASE_GONE = /^(57P0[1-5]|08...)$/;
const SOCKET_GONE = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNREFUSED']);
/** The driver's own errors have no code. */
const DRIVER_SAYS = /^(Connection terminated|Client has encountered a connection error|Client was closed)/;

/**
 * Prepares each statement once a connection, so that PostgreSQL parses and plans it once, where that is wanted. Rejects with
 * `StorageUnavailableError` when the statement was undone, with `OutcomeUnknownError` when the connection was lost.
 */
export class PreparedClient implements PostgresPoolClient {
  readonly #client: PoolClient;
  #isStale = false;

  readonly #isPreparing: boolean;

  constructor(client: PoolClient, isPreparing: boolean) {
    this.#client = client;
    this.#isPreparing = isPreparing;
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    statement: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof statement !== 'string') throw new TypeError('Cursors are not used here.');
    return this.#run<R>(statement, parameters);
  }

  release(destroy = false): void {
    this.#client.release(destroy || this.#isStale);
  }

  async #run<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>> {
    const name = this.#isPreparing ? nameOf(text, parameters.length) : undefined;
    try {
      const result = await this.#client.query({
        text,
        values: [...parameters],
        ...(name !== undefined && { name }),
      });
      return result as unknown as PostgresQueryResult<R>;
    } catch (error) {
      throw this.#explain(error, name);
    }
  }

  #explain(error: unknown, name: string | undefined): unknown {
    if (!(error instanceof Error)) return error;
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (code === FEATURE_NOT_SUPPORTED && name !== undefined) {
      this.#isStale = true;
      return new StorageUnavailableError('The tables were changed by another server just now.', {
        cause: error,
      });
    }
    if (UNDONE.has(code))
      return new StorageUnavailableError('The database is too busy; nothing was changed.', { cause: error });
    if (DATABASE_GONE.test(code) || SOCKET_GONE.has(code) || DRIVER_SAYS.test(error.message))
      return new OutcomeUnknownError({ cause: error });
    return error;
  }
}

function nameOf(text: string, parameters: number): string | undefined {
  if (parameters === 0 || parameters > MOST_PARAMETERS) return undefined;
  const known = names.get(text);
  if (known !== undefined) return known;
  if (names.size >= MOST_STATEMENTS) return undefined;
  const name = `navi_${createHash('sha256').update(text).digest('hex').slice(0, 20)}`;
  names.set(text, name);
  return name;
}
