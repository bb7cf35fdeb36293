import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { Registry } from 'prom-client';
import { after, before, describe, it } from 'mocha';
import { addSizes } from '../../src/server/metrics/sizes.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { type PostgresCluster, startPostgres } from '../support/postgres.ts';
import { Client } from './client.ts';

const TOKEN = 'a-token-of-the-metrics';

/** Every line of the text format as a number by its name and labels. Throws when a line is none. */
function parse(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name, value] = /^([a-z_][a-z0-9_]*(?:\{.*\})?) (\S+)$/i.exec(line) ?? assert.fail(line);
      return [name ?? '', Number(value)];
    }),
  );
}

async function metricsOf(
  address: string,
  headers: Record<string, string> = {},
): Promise<Map<string, number>> {
  const response = await fetch(`${address}/metrics`, { headers });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return parse(await response.text());
}

/** With a Host of its own, which `fetch` does not send. */
async function statusOf(address: string, headers: Record<string, string>): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request(`${address}/metrics`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the metrics', function () {
  this.timeout(60_000);
  let cluster: PostgresCluster;
  before(async () => {
    cluster = await startPostgres();
  });
  after(() => cluster.stop());

  for (const kind of ['SQLite', 'PostgreSQL'] as const) {
    describe(`of a server on ${kind}`, () => {
      let server: TestServer;
      before(async () => {
        server = await startMemoryServer(
          kind === 'SQLite' ? {} : { DATABASE_URL: await cluster.createDatabase() },
        );
      });
      after(() => server.close());

      it('G6: count creates and appends by what became of them, and time every route by its pattern', async () => {
        const client = new Client(server.address, { 'x-org-id': 'org-of-the-secret' });
        const { id } = await client.create({ client_id: 'c', title: 'words' });
        await client.create({ client_id: 'c', title: 'words' });
        assert.equal((await client.conversations('POST', '', { client_id: 'c', title: 'x' })).status, 409);
        const message = (content: string, client_id: string) => ({ role: 'user', content, client_id });
        await client.batch(id, [message('a', '1'), message('b', '2'), message('c', '1'), { role: 'none' }]);
        await client.batch(id, [message('a', '1')]);
        await client.conversations('POST', `/${randomUUID()}/messages`, message('d', '4'));
        await client.conversations('POST', `/${id}/messages`, { role: 'user' });
        await client.call('GET', `/${randomUUID()}`);
        const found = await metricsOf(server.address);
        for (const [name, value] of [
          ['navi_creates_total{outcome="stored"}', 1],
          ['navi_creates_total{outcome="known"}', 1],
          ['navi_creates_total{outcome="conflict"}', 1],
          ['navi_appends_total{outcome="stored"}', 2],
          ['navi_appends_total{outcome="known"}', 1],
          ['navi_appends_total{outcome="conflict"}', 1],
          ['navi_appends_total{outcome="missing"}', 1],
          ['navi_http_responses_total{method="POST",route="/api/navi-memory/conversations",status="409"}', 1],
          [
            'navi_http_responses_total{method="POST",route="/api/navi-memory/conversations/:id/messages",status="422"}',
            1,
          ],
          ['navi_http_responses_total{method="GET",route="unknown",status="404"}', 1],
          [
            'navi_http_request_duration_seconds_count{method="POST",route="/api/navi-memory/conversations/:id/messages/batch"}',
            2,
          ],
          ['navi_requests_in_flight', 0],
          ['navi_requests_waiting', 0],
          ['navi_open_streams{kind="events"}', 0],
        ] as const)
          assert.equal(found.get(name), value, name);
        for (const name of [
          'process_cpu_seconds_total',
          'process_resident_memory_bytes',
          'navi_event_loop_delay_seconds',
        ])
          assert.ok((found.get(name) ?? -1) >= 0, name);
        assert.equal(found.has('navi_database_connections{state="idle"}'), kind === 'PostgreSQL');
      });

      it('I11: hold no user, no organisation, no id and no words', async () => {
        const response = await fetch(`${server.address}/metrics`);
        const text = await response.text();
        for (const secret of ['secret', 'words', '"dev"', '127.0.0.1'])
          assert.ok(!text.includes(secret), secret);
        assert.ok(!/[0-9a-f]{8}-[0-9a-f]{4}-/.test(text));
      });

      it('G6: show how many conversations users have, and messages conversations, from a sample', async () => {
        const fresh = await startMemoryServer(
          kind === 'SQLite' ? {} : { DATABASE_URL: await cluster.createDatabase() },
        );
        try {
          for (const conversations of [1, 3, 4]) {
            const client = new Client(fresh.address);
            for (let n = 0; n < conversations; n += 1) {
              const { id } = await client.create();
              if (n > 0) await client.batch(id, Array(6 * n).fill({ role: 'user', content: 'x' }));
            }
          }
          const found = await metricsOf(fresh.address);
          const histogram = (name: string, ...bounds: readonly string[]) =>
            bounds.map((bound) => found.get(`${name}_bucket{le="${bound}"}`));
          assert.deepEqual(histogram('navi_user_conversations', '0', '1', '2', '5', '+Inf'), [0, 1, 1, 3, 3]);
          assert.deepEqual(
            histogram('navi_conversation_messages', '0', '5', '10', '20', '+Inf'),
            [3, 3, 5, 8, 8],
          );
          assert.equal(found.get('navi_conversation_messages_sum'), 6 + 12 + 6 + 12 + 18);
        } finally {
          await fresh.close();
        }
      });
    });
  }

  it('G6: ask nothing that is about several users where these are spread over machines', async () => {
    const DATABASE_URL = await cluster.createDatabase();
    const server = await startMemoryServer({ DATABASE_URL, NAVI_POSTGRES_SHARDED: 'true' });
    try {
      const found = await metricsOf(server.address);
      assert.equal(found.has('navi_user_conversations_count'), false);
      assert.equal(found.has('navi_database_connections{state="idle"}'), true);
    } finally {
      await server.close();
    }
  });
});

describe('who may read the metrics', () => {
  it('G7: without a token, programs of this machine, and nobody through a proxy or a name', async () => {
    const server = await startMemoryServer({ NAVI_TRUST_PROXY: 'loopback' });
    try {
      for (const [status, headers] of [
        [200, {}],
        [200, { host: 'localhost:8787' }],
        [404, { host: 'navi.example.org' }],
        [404, { 'x-forwarded-for': '127.0.0.1' }],
        [404, { forwarded: 'for=127.0.0.1' }],
        [404, { via: '1.1 proxy' }],
        [404, { 'x-real-ip': '127.0.0.1' }],
        [404, { origin: 'https://evil.example.org' }],
      ] as const)
        assert.equal(await statusOf(server.address, { ...headers }), status, JSON.stringify(headers));
    } finally {
      await server.close();
    }
  });

  it('G7: with a token, who has it, from anywhere; a token of a user is none', async () => {
    const server = await startMemoryServer({
      NAVI_METRICS_TOKEN: TOKEN,
      NAVI_DEV_TOKEN: 'a-token-of-a-user',
    });
    try {
      for (const [status, authorization] of [
        [401, ''],
        [401, 'Bearer '],
        [401, 'Bearer a-token-of-a-user'],
        [401, `Bearer ${TOKEN}x`],
        [401, TOKEN],
        [200, `Bearer ${TOKEN}`],
      ] as const) {
        const headers = { authorization, host: 'navi.example.org', 'x-forwarded-for': '192.0.2.1' };
        assert.equal(await statusOf(server.address, headers), status, authorization);
      }
    } finally {
      await server.close();
    }
  });
});

describe('the sample of sizes', () => {
  it('G6: is taken once a minute at most, however often it is read, and a failure keeps the last one', async () => {
    let now = 0;
    let taken = 0;
    const problems: unknown[] = [];
    const registry = new Registry();
    addSizes(registry, {
      sample: async () => {
        taken += 1;
        if (taken === 2) throw new Error('down');
        return { conversationsOfUsers: [taken], messagesOfConversations: [] };
      },
      onProblem: (error) => problems.push(error),
      clock: () => now,
    });
    const sum = async () => parse(await registry.metrics()).get('navi_user_conversations_sum');
    assert.deepEqual([await sum(), await sum(), taken], [1, 1, 1]);
    now += 59_999;
    assert.deepEqual([await sum(), taken], [1, 1]);
    now += 1;
    assert.deepEqual([await sum(), await sum(), taken, problems.length], [1, 1, 2, 1]);
    now += 60_000;
    await sum();
    assert.deepEqual([await sum(), taken], [3, 3]);
  });
});
