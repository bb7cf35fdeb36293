import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { after, before, describe, it } from 'mocha';
import type { Environment } from '../../src/server/config.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { type PostgresCluster, startPostgres } from '../support/postgres.ts';
import { Client } from './client.ts';

const USERS = 40;
const message = (content: string, id: string) => ({ role: 'user', content, client_id: id });

let cluster: PostgresCluster | undefined;

/** `isShared`: others can hold rows of the database. */
function describeGroups(name: string, isShared: boolean, settings: () => Promise<Environment>): void {
  describe(`appends that wait together on ${name}`, () => {
    let server: TestServer;
    let url = '';
    before(async function () {
      this.timeout(60_000);
      const given = await settings();
      url = given['DATABASE_URL'] ?? '';
      server = await startMemoryServer(given);
    });
    after(() => server.close());

    const gather = async (count: number) =>
      await Promise.all(
        Array.from({ length: count }, async () => {
          const user = randomUUID();
          const client = new Client(server.address, { 'x-org-id': user });
          return { user, client, id: (await client.create()).id };
        }),
      );

    it('I1 I3 I10: each is answered for itself: stored, known, taken, missing', async () => {
      const users = await gather(USERS);
      await Promise.all(
        users.map(({ client, id }, n) => client.append(id, `<${n}>`, { client_id: 'first' })),
      );
      const answers = await Promise.all(
        users.map(async ({ client, id }, n) => {
          const target = n % 4 === 3 ? users[(n + 1) % USERS]?.id : id;
          const body = [message(`<${n}>`, 'first'), message('other', 'first'), message(`new ${n}`, 'second')][
            n % 4
          ];
          return await client.conversations('POST', `/${target}/messages`, body ?? message('x', 'x'));
        }),
      );
      assert.deepEqual(
        answers.map(({ status }) => status),
        users.map((_, n) => [200, 409, 200, 404][n % 4]),
      );
      for (const [n, { client, id }] of users.entries()) {
        const contents = n % 4 === 2 ? [`<${n}>`, `new ${n}`] : [`<${n}>`];
        assert.deepEqual(await client.contents(id), contents);
        const { message_count: count, title } = await client.full(id);
        assert.deepEqual([count, title], [contents.length, `<${n}>`]);
        const { changes } = await client.changes();
        assert.deepEqual(
          changes.map(({ type }) => type),
          ['conversation', ...contents.map(() => 'message')],
        );
      }
    });

    it('I4: one user at many places at once keeps one order, each once', async () => {
      const [{ client, id } = assert.fail()] = await gather(1);
      const before = (await client.contents(id)).length;
      await Promise.all(
        Array.from({ length: 60 }, (_, n) => client.append(id, `${n}`, { client_id: `m${n}` })),
      );
      const contents = await client.contents(id);
      assert.equal(new Set(contents).size, before + 60);
      const { items } = await client.page(id, '?limit=200&after=start');
      const told = (await client.changes()).changes.flatMap((change) =>
        change.type === 'message' && change.conversation_id === id ? [change.message.id] : [],
      );
      assert.deepEqual(
        told,
        items.map((item) => item.id),
      );
    });

    if (isShared)
      it('I12: nobody waits for a user whose row is held elsewhere', async () => {
        const [held = assert.fail(), free = assert.fail()] = await gather(2);
        const other = new pg.Client(url);
        await other.connect();
        try {
          await other.query('begin');
          const hold = 'select from navi_users where user_id = $1 and org_id = $2 for update';
          await other.query(hold, ['dev', held.user]);
          const late = held.client.append(held.id, 'late');
          await free.client.append(free.id, 'at once');
          assert.ok(!(await held.client.contents(held.id)).includes('late'));
          await other.query('commit');
          await late;
          assert.ok((await held.client.contents(held.id)).includes('late'));
        } finally {
          await other.end();
        }
      });
  });
}

describeGroups('embedded SQLite', false, async () => ({}));
describeGroups('PostgreSQL', true, async () => {
  cluster = await startPostgres();
  return { DATABASE_URL: await cluster.createDatabase() };
});

after(async () => {
  await cluster?.stop();
});
