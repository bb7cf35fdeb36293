import { after } from 'mocha';
import { type PostgresCluster, startPostgres } from '../support/postgres.ts';
import { describeContract } from './contract.ts';

let cluster: PostgresCluster | undefined;

describeContract('embedded SQLite', async () => ({}));
describeContract('PostgreSQL', async () => {
  cluster = await startPostgres();
  return { DATABASE_URL: await cluster.createDatabase() };
});

after(async () => {
  await cluster?.stop();
});
