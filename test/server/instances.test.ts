import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import type { Environment } from '../../src/server/config.ts';
import { EventStream } from '../support/eventStream.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { type Bouncer, startBouncer } from '../support/pgbouncer.ts';
import { type PostgresCluster, startPostgres } from '../support/postgres.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { Client } from './client.ts';

/** Both on the same data. */
function describeInstances(name: string, settings: () => Promise<Environment>): void {
  describe(`two servers on one ${name}`, () => {
    let servers: TestServer[];
    before(async function () {
      this.timeout(60_000);
      const shared = await settings();
      // Long silences: what arrives, arrives by a word and not by looking again.
      servers = [
        await startMemoryServer(shared, { heartbeatMs: 600_000 }),
        await startMemoryServer(shared, { heartbeatMs: 600_000 }),
      ];
    });
    after(async () => {
      for (const server of servers) await server.close();
    });

    it('I5: what is appended through one is told by the other, and by itself', async () => {
      const headers = { 'x-org-id': 'shared' };
      const [one, other] = servers.map(({ address }) => address);
      const { id } = await new Client(one ?? '', headers).create({ title: 'shared' });
      const streams = await Promise.all(
        [one, other].map((address) => EventStream.open(address ?? '', headers)),
      );
      for (const stream of streams) await stream.next();
      for (let n = 0; n < 20; n += 1) {
        await new Client((n % 2 === 0 ? one : other) ?? '', headers).append(id, `<${n}>`);
        for (const stream of streams) {
          const { changes } = await stream.changes();
          assert.deepEqual(
            changes.map((change) => change.type === 'message' && change.message.content),
            [`<${n}>`],
          );
        }
      }
      for (const stream of streams) stream.leave();
    });
  });
}

let cluster: PostgresCluster | undefined;
let bouncer: Bouncer | undefined;
const folder = tempFolder();

describeInstances('PostgreSQL', async () => {
  cluster = await startPostgres();
  return { DATABASE_URL: await cluster.createDatabase() };
});
describeInstances('PostgreSQL behind a pooler of transactions', async () => {
  const direct = (await cluster?.createDatabase()) ?? assert.fail('no cluster');
  bouncer = await startBouncer(direct);
  return { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: direct, NAVI_POSTGRES_PREPARED: 'false' };
});
describeInstances('folder of the embedded database', async () => ({ NAVI_DATA_DIR: folder.path }));

after(async () => {
  await bouncer?.stop();
  await cluster?.stop();
  folder.dispose();
});
