import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { runCommand } from '../../src/server/commands.ts';
import { type Environment, readConfig } from '../../src/server/config.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { type PostgresCluster, startPostgres } from '../support/postgres.ts';
import { registeredRoutes } from '../support/routes.ts';
import { Client } from './client.ts';

const C = '/api/navi-memory/conversations';
/** Stands in every text of Alice's, and in no answer to anybody else. */
const SECRET = 'only-for-alice';

/** What Bob has heard of Alice's, by whatever way. */
interface Known {
  readonly id: string;
  readonly clientId: string;
  readonly messageId: string;
  readonly messageClientId: string;
  readonly changeCursor: string;
  readonly searchCursor: string;
  readonly messageCursor: string;
}

interface Probe {
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /**
   * What the answer has to be: that of the same request about what nobody has; a refusal; one of the statuses; or one about
   * Bob's own alone (200).
   */
  readonly expect: 'missing' | 'refused' | 'own' | number;
}

/** Fields that no client may set. */
const forced = (known: Known) => ({
  user_id: 'alice',
  userId: 'alice',
  org_id: 'acme',
  owner: { userId: 'alice', orgId: 'acme' },
  id: known.id,
  conversation_id: known.id,
  seq: 1,
  created_at: '2000-01-01T00:00:00.000000+00:00',
  updated_at: '2000-01-01T00:00:00.000000+00:00',
  message_count: 1_000,
  body_hash: '0'.repeat(64),
});

/** Where a path names a conversation: what it may be called, and what has to come of it. */
function ids(known: Known): readonly (readonly [string, 'missing' | 'refused'])[] {
  return [
    [known.id, 'missing'],
    [known.id.toUpperCase(), 'missing'],
    [known.messageId, 'missing'],
    [randomUUID(), 'missing'],
    ['00000000-0000-0000-0000-000000000000', 'missing'],
    [known.clientId, 'refused'],
    [`${known.id}%20`, 'refused'],
    [`${known.id}%00`, 'refused'],
    [`%7B${known.id}%7D`, 'refused'],
    ["'%20or%20'1'='1", 'refused'],
    ['%25', 'refused'],
    ['..%2f..%2f', 'refused'],
    ['0', 'refused'],
    ['x'.repeat(300), 'refused'],
  ];
}

const withIds = (known: Known, rest: string, bodies: readonly unknown[] = [undefined]): Probe[] =>
  ids(known).flatMap(([id, expect]) =>
    bodies.map((body) => ({ path: `${C}/${id}${rest}`, expect, ...(body === undefined ? {} : { body }) })),
  );

/** Ways to say whose one is that are not believed. */
const CLAIMS: Record<string, string> = {
  'x-user-id': 'alice',
  'x-org-id': 'acme',
  'x-forwarded-user': 'alice',
  cookie: 'user=alice',
};

/** Every route of the server, by method and pattern; `own` is a conversation of Bob's. */
const ROUTES: Readonly<Record<string, (known: Known, own: string) => readonly Probe[]>> = {
  'GET /health': () => [{ path: '/health?user_id=alice', expect: 'own' }],
  'GET /ping': () => [{ path: '/ping', expect: 'own' }],
  'GET /ready': () => [{ path: '/ready?user_id=alice', headers: CLAIMS, expect: 'own' }],
  'GET /openapi.json': () => [{ path: '/openapi.json', expect: 'own' }],
  'GET /docs': () => [{ path: '/docs', expect: 'own' }],
  'GET /metrics': () => [{ path: '/metrics?user_id=alice', expect: 'own' }],
  'POST /api/navi/chat/stream': (known) => [
    {
      path: '/api/navi/chat/stream',
      body: { message: 'hello', ...forced(known) },
      headers: CLAIMS,
      expect: 'own',
    },
  ],
  [`GET ${C}`]: () => [
    { path: `${C}?user_id=alice&org_id=acme&view=full`, headers: CLAIMS, expect: 'own' },
    ...['active', 'archived', 'deleted'].map((status) => ({
      path: `${C}?status=${status}`,
      expect: 'own' as const,
    })),
    { path: `${C}?limit=1000000000`, expect: 422 },
    { path: `${C}?offset=1000000000`, expect: 'own' },
    { path: `${C}?offset=-1`, expect: 422 },
    { path: `${C}?status=*`, expect: 422 },
  ],
  [`POST ${C}`]: (known) => [
    { path: C, body: { title: 'forced', ...forced(known) }, headers: CLAIMS, expect: 'own' },
    { path: C, body: { title: 'same client id', client_id: known.clientId }, expect: 'own' },
    { path: C, body: { client_id: known.id }, expect: 'own' },
    { path: C, body: [known.id], expect: 422 },
  ],
  [`GET ${C}/:id`]: (known) => [
    ...withIds(known, ''),
    ...withIds(known, '?view=full&message_limit=200&user_id=alice&org_id=acme'),
  ],
  [`PATCH ${C}/:id`]: (known, own) => [
    ...withIds(known, '', [{ title: 'by Bob' }, { status: 'deleted', ...forced(known) }]),
    { path: `${C}/${own}`, body: { tags: ['by-bob'], ...forced(known) }, expect: 'own' },
  ],
  [`DELETE ${C}/:id`]: (known) => [...withIds(known, ''), ...withIds(known, '?purge=true')],
  [`GET ${C}/:id/messages`]: (known, own) => [
    ...withIds(known, '/messages'),
    { path: `${C}/${own}/messages?before=${known.messageCursor}`, expect: 'own' },
    { path: `${C}/${own}/messages?after=${known.messageCursor}`, expect: 'own' },
    { path: `${C}/${own}/messages?after=${known.changeCursor}`, expect: 422 },
    { path: `${C}/${own}/messages?before=${known.messageId}`, expect: 422 },
  ],
  [`POST ${C}/:id/messages`]: (known, own) => [
    ...withIds(known, '/messages', [
      { role: 'user', content: 'by Bob' },
      { role: 'user', content: 'by Bob', client_id: known.messageClientId },
    ]),
    { path: `${C}/${own}/messages`, body: { role: 'user', content: 'x', ...forced(known) }, expect: 'own' },
    {
      path: `${C}/${own}/messages`,
      body: { role: 'user', content: 'same client id', client_id: known.messageClientId },
      expect: 'own',
    },
  ],
  [`POST ${C}/:id/messages/batch`]: (known, own) => [
    ...withIds(known, '/messages/batch', [{ messages: [{ role: 'user', content: 'by Bob' }] }]),
    {
      path: `${C}/${own}/messages/batch`,
      body: { ...forced(known), messages: [{ role: 'user', content: 'x', ...forced(known) }] },
      expect: 'own',
    },
  ],
  'GET /api/navi-memory/capabilities': () => [
    { path: '/api/navi-memory/capabilities?user_id=alice', headers: CLAIMS, expect: 'own' },
  ],
  'GET /api/navi-memory/changes': (known) => [
    { path: '/api/navi-memory/changes?limit=200&user_id=alice', headers: CLAIMS, expect: 'own' },
    { path: `/api/navi-memory/changes?since=${known.changeCursor}`, expect: 410 },
    { path: `/api/navi-memory/changes?since=${known.searchCursor}`, expect: 410 },
    { path: `/api/navi-memory/changes?since=${known.messageCursor}`, expect: 422 },
    { path: `/api/navi-memory/changes?since=${known.id}`, expect: 422 },
  ],
  'GET /api/navi-memory/search': (known) => [
    { path: `/api/navi-memory/search?q=${SECRET}&user_id=alice`, headers: CLAIMS, expect: 'own' },
    { path: `/api/navi-memory/search?q=only&status=deleted`, expect: 'own' },
    { path: `/api/navi-memory/search?q=${known.id}`, expect: 'own' },
    { path: `/api/navi-memory/search?q=only&cursor=${known.searchCursor}`, expect: 410 },
    { path: `/api/navi-memory/search?q=only&cursor=${known.messageCursor}`, expect: 422 },
  ],
  'GET /api/navi-memory/events': (known) => [
    { path: `/api/navi-memory/events?since=${known.changeCursor}`, headers: CLAIMS, expect: 'own' },
    {
      path: '/api/navi-memory/events',
      headers: { 'last-event-id': known.changeCursor, ...CLAIMS },
      expect: 'own',
    },
    { path: `/api/navi-memory/events?since=${known.messageCursor}`, expect: 422 },
    { path: '/api/navi-memory/events', headers: { 'last-event-id': known.id }, expect: 422 },
  ],
  'GET /api/navi-memory/export': () => [
    { path: '/api/navi-memory/export?user_id=alice&org_id=acme', headers: CLAIMS, expect: 'own' },
  ],
  'DELETE /api/navi-memory/user': (known) => [
    { path: '/api/navi-memory/user', body: { confirm: 'alice' }, headers: CLAIMS, expect: 422 },
    { path: '/api/navi-memory/user', body: { ...forced(known) }, expect: 422 },
    { path: '/api/navi-memory/user?user_id=alice', body: { confirm: '' }, expect: 422 },
  ],
};

function describeMatrix(name: string, open: () => Promise<Environment>): void {
  describe(`every route for two users on ${name}`, function () {
    this.timeout(60_000);
    let server: TestServer;
    let alice: Client;
    let known: Known;
    let own: string;
    let bob: Record<string, string>;
    const bearer = async (settings: Environment, user: string, org: string) => {
      const words = ['token', 'create', '--user', user, ...(org === '' ? [] : ['--org', org])];
      const said = await runCommand(words, readConfig(settings, '', process.platform));
      return { authorization: `Bearer ${said.split('\n')[0] ?? ''}` };
    };
    const exported = async (client: Client) => {
      const { status, text } = await client.text('GET', '/api/navi-memory/export');
      assert.equal(status, 200);
      return text.slice(text.indexOf('\n'), text.lastIndexOf('\n', text.length - 2));
    };

    before(async () => {
      const extra = await open();
      server = await startMemoryServer({ ...extra, NAVI_AUTH: 'tokens' }, { heartbeatMs: 50 });
      const settings = { NAVI_DATA_DIR: server.folder, ...extra };
      bob = await bearer(settings, 'bob', '');
      alice = new Client(server.address, await bearer(settings, 'alice', 'acme'));
      const { id } = await alice.create({
        title: `title ${SECRET}`,
        client_id: `c-${SECRET}`,
        initial_context: { [SECRET]: SECRET },
        workspace_path: `/${SECRET}`,
      });
      const { id: messageId } = await alice.append(id, `words ${SECRET}`, { client_id: 'm-of-alice' });
      await alice.append(id, `more words ${SECRET}`, { role: 'assistant', metadata: { [SECRET]: 1 } });
      await alice.conversations('DELETE', `/${(await alice.create({ title: SECRET })).id}`);
      own = (await new Client(server.address, bob).create({ title: 'of Bob' })).id;
      await new Client(server.address, bob).append(own, 'words of Bob');
      known = {
        id,
        clientId: `c-${SECRET}`,
        messageId,
        messageClientId: 'm-of-alice',
        changeCursor: (await alice.changes()).cursor,
        searchCursor: (await alice.search(SECRET, '&limit=1')).cursor ?? assert.fail(),
        messageCursor: (await alice.page(id, '?limit=1')).older ?? assert.fail(),
      };
    });
    after(() => server.close());

    it('I10: there is a case for each route that the server has, and for no other', async () => {
      assert.deepEqual(Object.keys(ROUTES).sort(), await registeredRoutes());
    });

    for (const [route, probesOf] of Object.entries(ROUTES))
      it(`I10: ${route} reads, writes and counts nothing of another user's`, async () => {
        const [method = ''] = route.split(' ');
        const before = await exported(alice);
        const events = await alice.changes();
        for (const { path, body, headers, expect } of probesOf(known, own)) {
          const client = new Client(server.address, { ...bob, ...headers });
          const answer = await client.text(method, path, body, 300);
          const said = `${path} ${JSON.stringify(body)}: ${answer.status} ${answer.text.slice(0, 300)}`;
          // What Bob asked for himself may come back: his own client ids and the words that he looked for.
          assert.ok(!answer.text.replaceAll(`"client_id":"c-${SECRET}"`, '').includes(SECRET), said);
          assert.ok(!answer.text.includes(known.messageId) || path.includes(known.messageId), said);
          if (expect === 'own') assert.equal(answer.status, 200, said);
          else if (expect === 'refused') assert.ok(answer.status >= 400 && answer.status < 500, said);
          else if (expect === 'missing') {
            const given = path.slice(C.length + 1).split(/[/?]/)[0] ?? '';
            const none = await client.text(method, path.replace(given, randomUUID()), body);
            assert.deepEqual([answer.status, answer.text], [404, none.text], said);
            assert.equal(answer.type, none.type, said);
          } else assert.equal(answer.status, expect, said);
        }
        assert.equal(await exported(alice), before, 'nothing of hers has changed');
        assert.deepEqual(await alice.changes(), events);
      });

    it('I10: what a client must not set is not set: ids, times, numbers and owners are the server’s', async () => {
      const client = new Client(server.address, bob);
      const lines = (await exported(client)).trim().split('\n');
      for (const line of lines) {
        const row = JSON.parse(line) as Record<string, unknown>;
        if (row['type'] === 'user') assert.deepEqual([row['user_id'], row['org_id']], ['bob', '']);
        if (row['type'] !== 'conversation' && row['type'] !== 'message') continue;
        assert.notEqual(row['id'], known.id);
        assert.notEqual(row['conversation_id'], known.id);
        assert.notEqual(row['body_hash'], '0'.repeat(64));
        assert.ok(String(row['created_at']) > '2020');
        assert.ok(Number(row['message_count'] ?? 0) < 1_000);
      }
      const numbers = lines
        .map((line) => JSON.parse(line) as { readonly type: string; readonly seq?: number })
        .flatMap(({ type, seq }) => (type === 'user' || seq === undefined ? [] : [seq]));
      assert.equal(new Set(numbers).size, numbers.length);
    });
  });
}

describe('two users', () => {
  let cluster: PostgresCluster | undefined;
  after(async () => {
    await cluster?.stop();
  });
  describeMatrix('embedded SQLite', async () => ({}));
  describeMatrix('PostgreSQL', async () => {
    cluster = await startPostgres();
    return { DATABASE_URL: await cluster.createDatabase() };
  });
});
