/** Memory servers as processes of their own, for the benchmarks, on either database. */
import path from 'node:path';
import pg from 'pg';
import { spawnMemoryServer, type ServerProcess } from '../support/memoryServer.ts';
import { startPostgres, type PostgresCluster } from '../support/postgres.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

export interface BenchServer extends ServerProcess {
  /** Of the embedded database. */
  readonly folder: string;
  /** Of PostgreSQL. */
  readonly url: string | undefined;
}

/** Starts servers, and ends all of them and the PostgreSQL that some of them needed. */
export class ServerHost {
  readonly #folder: string;
  readonly #servers: BenchServer[] = [];
  #cluster: Promise<PostgresCluster> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** On a new database. */
  async start(kind: DatabaseKind): Promise<BenchServer> {
    return await this.startOn(kind === 'postgres' ? await this.createDatabase() : undefined);
  }

  /** Without a URL on a new embedded database. */
  async startOn(url: string | undefined): Promise<BenchServer> {
    const folder = path.join(this.#folder, `server-${this.#servers.length}`);
    const server = await spawnMemoryServer(folder, url === undefined ? {} : { DATABASE_URL: url });
    const started = { ...server, folder, url };
    this.#servers.push(started);
    return started;
  }

  /** A new PostgreSQL database; its URL. */
  async createDatabase(): Promise<string> {
    // One for all who ask at once.
    this.#cluster ??= startPostgres();
    return await (await this.#cluster).createDatabase();
  }

  async end(): Promise<void> {
    for (const server of this.#servers) await server.end('SIGTERM');
    await (await this.#cluster)?.stop();
  }
}

/**
 * What autovacuum does within a minute of the first writes: a planner that takes the tables for empty finds any index good.
 */
export async function analyze({ url }: Pick<BenchServer, 'url'>): Promise<void> {
  if (url === undefined) return;
  const client = new pg.Client(url);
  await client.connect();
  await client.query('vacuum analyze');
  await client.end();
}

/** Runs `body` with servers of its own. */
export async function withServers<T>(folder: string, body: (host: ServerHost) => Promise<T>): Promise<T> {
  const host = new ServerHost(folder);
  try {
    return await body(host);
  } finally {
    await host.end();
  }
}
