import assert from 'node:assert/strict';
import { Kysely, sql } from 'kysely';
import { after, before, describe, it } from 'mocha';
import { openPostgres } from '../../src/server/storage/postgres.ts';
import { StorageUnavailableError } from '../../src/server/storage/repository.ts';
import type { Tables } from '../../src/server/storage/schema.ts';
import { startPostgres, type PostgresCluster } from '../support/postgres.ts';

const CONNECTIONS = 10;
const PATIENCE_MS = 100;

describe('the pool of connections to PostgreSQL', () => {
  let cluster: PostgresCluster;
  let db: Kysely<Tables>;
  before(async function () {
    this.timeout(60_000);
    cluster = await startPostgres();
    const url = await cluster.createDatabase();
    db = new Kysely<Tables>({ dialect: openPostgres({ url }, () => undefined, PATIENCE_MS) });
  });
  after(async () => {
    await db.destroy();
    await cluster.stop();
  });

  it('G15: says that all are in use, not that the database is away, and goes on when one is free', async () => {
    const ask = () => sql`SELECT 1`.execute(db);
    const done = Promise.withResolvers<undefined>();
    const held = Array.from({ length: CONNECTIONS }, () => Promise.withResolvers<undefined>());
    const holders = held.map((one) =>
      db.connection().execute(async () => {
        one.resolve(undefined);
        await done.promise;
      }),
    );
    await Promise.all(held.map((one) => one.promise));
    try {
      await assert.rejects(ask(), (error) => {
        assert.ok(error instanceof StorageUnavailableError);
        assert.equal(error.message, 'All connections to PostgreSQL are in use.');
        return true;
      });
    } finally {
      done.resolve(undefined);
      await Promise.all(holders);
    }
    await ask();
  });
});
