import assert from 'node:assert/strict';
import { after, describe, it } from 'mocha';
import type { Environment } from '../../../src/server/config.ts';
import { type PostgresCluster, startPostgres } from '../../support/postgres.ts';
import { recordStatements } from '../../support/statementLog.ts';
import { describeBadInput } from './badInput.ts';
import { useBench } from './bench.ts';
import { describeChanges } from './changes.ts';
import { describeClocks } from './clocks.ts';
import { describeConversations } from './conversations.ts';
import { describeEvents } from './events.ts';
import { describeIdempotency } from './idempotency.ts';
import { describeMessages } from './messages.ts';
import { describeOrder } from './order.ts';
import { describePaging } from './paging.ts';
import { describeSearch } from './search.ts';
import { describeSizes } from './sizes.ts';
import { describeStatements } from './statements.ts';
import { describeUserData } from './userData.ts';

const log = recordStatements();

/** One suite over a socket; every database has to pass it. `settings` are asked for before its first test. */
function describeContract(name: string, settings: () => Promise<Environment>): void {
  describe(`the plain contract on ${name}`, () => {
    const { at, place } = useBench(settings);

    describeConversations(at);
    describeMessages(at);
    describeBadInput(at);
    describeIdempotency(at);
    describeOrder(at, place, name === 'PostgreSQL');
    describePaging(at);
    describeChanges(at);
    describeClocks(at);
    describeEvents(at);
    describeSearch(at);
    describeSizes(at);
    describeUserData(at);
    describeStatements(() => ({ log, place: place() }));

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
