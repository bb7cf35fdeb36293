import { after, describe } from 'mocha';
import { type Bouncer, startBouncer } from '../../support/pgbouncer.ts';
import { type PostgresCluster, startPostgres } from '../../support/postgres.ts';
import { useBench } from './bench.ts';
import { describeChanges } from './changes.ts';
import { describeConversations } from './conversations.ts';
import { describeEvents } from './events.ts';
import { describeIdempotency } from './idempotency.ts';
import { describeMessages } from './messages.ts';
import { describeUserData } from './userData.ts';

describe('the plain contract behind a pooler that gives a connection for a transaction', () => {
  let cluster: PostgresCluster | undefined;
  let bouncer: Bouncer | undefined;
  const { at } = useBench(async () => {
    cluster = await startPostgres();
    const direct = await cluster.createDatabase();
    bouncer = await startBouncer(direct);
    return { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: direct, NAVI_POSTGRES_PREPARED: 'false' };
  });
  after(async () => {
    await bouncer?.stop();
    await cluster?.stop();
  });

  describeConversations(at);
  describeMessages(at);
  describeIdempotency(at);
  describeChanges(at);
  describeEvents(at);
  describeUserData(at);
});
