import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'mocha';
import type { Environment } from '../../../src/server/config.ts';
import { startMemoryServer, type TestServer } from '../../support/memoryServer.ts';
import { type PostgresCluster, startPostgres } from '../../support/postgres.ts';
import { recordStatements } from '../../support/statementLog.ts';
import { Client } from '../client.ts';
import { describeBadInput } from './badInput.ts';
import type { ContractBench } from './bench.ts';
import { describeChanges } from './changes.ts';
import { describeClocks } from './clocks.ts';
import { describeConversations } from './conversations.ts';
import { describeEvents } from './events.ts';
import { describeIdempotency } from './idempotency.ts';
import { describeMessages } from './messages.ts';
import { describePaging } from './paging.ts';
import { describeSearch } from './search.ts';
import { describeStatements } from './statements.ts';
import { describeUserData } from './userData.ts';

const log = recordStatements();

/** One suite over a socket; every database has to pass it. `settings` are asked for before its first test. */
function describeContract(name: string, settings: () => Promise<Environment>): void {
  describe(`the plain contract on ${name}`, () => {
    let server: TestServer;
    let url: string | undefined;
    const at: ContractBench = {
      get address() {
        return server.address;
      },
      client: new Client(''),
      now: 0,
    };

    before(async function () {
      // Making a PostgreSQL cluster takes its time on a busy machine.
      this.timeout(60_000);
      const extra = await settings();
      url = extra['DATABASE_URL'];
      server = await startMemoryServer(extra, { clock: () => at.now, heartbeatMs: 100 });
    });
    after(async () => {
      await server.close();
    });
    beforeEach(() => {
      at.client = new Client(server.address);
      at.now = Date.parse('2027-01-15T08:00:00Z');
    });

    describeConversations(at);
    describeMessages(at);
    describeBadInput(at);
    describeIdempotency(at);
    describePaging(at);
    describeChanges(at);
    describeClocks(at);
    describeEvents(at);
    describeSearch(at);
    describeUserData(at);
    describeStatements(() => ({ log, place: url === undefined ? { folder: server.folder } : { url } }));

    it('answers liveness, and 404 in JSON where there is nothing', async () => {
      for (const path of ['/health', '/ping']) {
        assert.deepEqual((await at.client.call('GET', path)).body, { status: 'ok' });
      }
      for (const path of ['/', '/api/navi-memory/nothing']) {
        const answer = await at.client.call('GET', path);
        assert.deepEqual([answer.status, answer.body], [404, { detail: 'Not Found' }]);
      }
    });
  });
}

let cluster: PostgresCluster | undefined;

describeContract('embedded SQLite', async () => ({}));
describeContract('PostgreSQL', async () => {
  cluster = await startPostgres();
  return { DATABASE_URL: await cluster.createDatabase() };
});

after(async () => {
  log.stop();
  await cluster?.stop();
});
