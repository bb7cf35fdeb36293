import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { normalizeBaseUrl } from '../../../src/http/baseUrl.ts';
import type { CallerOptions } from '../../../src/sync/http/caller.ts';
import { HttpRemote } from '../../../src/sync/http/httpRemote.ts';
import { RemoteError, type RemoteProblem } from '../../../src/sync/remote.ts';
import { HandTurnedClock } from '../../http/clock.ts';
import { gone, NEVER, reasonOf } from '../../http/expect.ts';
import { answer, closedPort, startClient, startRaw, stopAllAfterEach } from '../../http/servers.ts';

const TIME = '2026-01-05T12:00:00.123456+00:00';
const CREATED = {
  id: 'c1',
  title: 'T',
  status: 'active',
  is_pinned: false,
  is_starred: true,
  created_at: TIME,
};
const ROW = { ...CREATED, workspace_path: null, updated_at: TIME };
const MESSAGE = { id: 'm1', role: 'user', content: 'secret', created_at: TIME };
const DETAIL = { ...ROW, initial_context: { a: 1 }, messages: [{ ...MESSAGE, metadata: { navi: 1 } }] };

const BODY = { role: 'user', content: 'secret words', metadata: { id: 'x' } } as const;

function remoteAt(origin: string, options: Partial<CallerOptions> = {}): HttpRemote {
  return new HttpRemote({
    http: startClient(),
    base: normalizeBaseUrl(origin),
    token: 'secret-token',
    now: () => Date.UTC(2026, 0, 5),
    ...options,
  });
}

/** Every call of the interface, each with an answer that the contract allows. */
const CALLS: Record<
  string,
  { answer: object; call: (remote: HttpRemote, signal: AbortSignal) => Promise<unknown> }
> = {
  list: { answer: [ROW], call: async (remote, signal) => (await remote.list({ offset: 0 }, signal)).read() },
  read: { answer: DETAIL, call: (remote, signal) => remote.read('c1', signal) },
  create: { answer: CREATED, call: (remote, signal) => remote.create({ title: 'secret' }, signal) },
  append: { answer: MESSAGE, call: (remote, signal) => remote.append('c1', BODY, signal) },
  patch: { answer: ROW, call: (remote, signal) => remote.patch('c1', { title: 'secret' }, signal) },
  delete: { answer: { message: 'gone' }, call: (remote, signal) => remote.delete('c1', signal) },
};

async function problem(promise: Promise<unknown>): Promise<RemoteError> {
  const error = await reasonOf(promise);
  assert.ok(error instanceof RemoteError, `expected a RemoteError, got ${String(error)}`);
  const shown = `${error.message} ${JSON.stringify(error)} ${String(error.cause)}`;
  assert.doesNotMatch(shown, /secret/, 'I11: no token and no text in an error');
  return error;
}

async function eachFails(origin: string, expected: RemoteProblem, http = startClient()): Promise<void> {
  for (const [name, { call }] of Object.entries(CALLS)) {
    const error = await problem(call(remoteAt(origin, { http }), NEVER));
    assert.equal(error.problem, expected, `${name}: ${error.message}`);
  }
}

async function startAnswering(text: string): Promise<string> {
  return (await startRaw((_, socket) => socket.end(text))).origin;
}

describe('HttpRemote', () => {
  stopAllAfterEach();

  it('makes the requests of the contract', async () => {
    const answers = [[ROW], [], DETAIL, CREATED, MESSAGE, ROW, { message: 'gone' }, { status: 'ok' }];
    const server = await startRaw((_, socket) => socket.write(answer(200, JSON.stringify(answers.shift()))));
    const remote = remoteAt(`${server.origin}/base/api/navi/chat/`, { orgId: 'org' });
    assert.deepEqual((await remote.list({ offset: 0 }, NEVER)).read(), [ROW]);
    assert.deepEqual((await remote.list({ status: 'deleted', offset: 400 }, NEVER)).read(), []);
    assert.deepEqual(
      await remote.read('a/b c', NEVER).catch((error: unknown) => error instanceof RemoteError),
      true,
    );
    assert.deepEqual(await remote.create({ title: 'T' }, NEVER), CREATED);
    assert.deepEqual(await remote.append('c1', BODY, NEVER), MESSAGE);
    assert.deepEqual(await remote.patch('c1', { is_pinned: true }, NEVER), ROW);
    await remote.delete('c1', NEVER);
    await remote.health(NEVER);
    const base = '/base/api/navi-memory/conversations';
    assert.deepEqual(
      server.requests.map((request) => request.slice(0, request.indexOf(' HTTP/1.1'))),
      [
        `GET ${base}?limit=200&offset=0`,
        `GET ${base}?limit=200&offset=400&status=deleted`,
        `GET ${base}/a%2Fb%20c?include_messages=true&message_limit=200`,
        `POST ${base}`,
        `POST ${base}/c1/messages`,
        `PATCH ${base}/c1`,
        `DELETE ${base}/c1`,
        'GET /base/health',
      ],
    );
    for (const request of server.requests) {
      assert.match(request, /\r\nAuthorization: Bearer secret-token\r\n/);
      assert.match(request, /\r\nX-Org-Id: org\r\n/);
      assert.doesNotMatch(request, /x-user-id/i);
    }
    const bodies = server.requests.map((request) => request.slice(request.indexOf('\r\n\r\n') + 4));
    assert.deepEqual(bodies[4], JSON.stringify(BODY));
  });

  it('sends neither token nor organisation when none is set', async () => {
    const server = await startRaw((_, socket) => socket.write(answer(200, '[]')));
    for (const orgId of ['', undefined]) {
      await remoteAt(server.origin, { token: undefined, orgId }).list({ offset: 0 }, NEVER);
    }
    for (const request of server.requests) assert.doesNotMatch(request, /authorization|x-org-id/i);
  });

  it('takes what the contract allows, and ignores what it does not know', async () => {
    for (const [name, { answer: body, call }] of Object.entries(CALLS)) {
      const more = Array.isArray(body) ? body : { ...body, novelty: [1] };
      const origin = await startAnswering(answer(200, JSON.stringify(more)));
      await assert.doesNotReject(call(remoteAt(origin), NEVER), name);
    }
  });

  it('I2: an answer that makes no sense is unknown: HTML, cut JSON, wrong types, nothing', async () => {
    const bodies = [
      '<html>secret</html>',
      '{"id":"secret',
      '"secret"',
      'null',
      '{}',
      '[{"id":1}]',
      '',
      '[1]',
    ];
    for (const body of bodies) {
      await eachFails(await startAnswering(answer(200, body, 'content-type: text/html')), 'unknown');
    }
  });

  it('checks each field of an answer', async () => {
    const damages: Record<string, unknown[]> = {
      list: [
        { 0: ROW },
        [{ ...ROW, status: 'new' }],
        [{ ...ROW, created_at: 'yesterday' }],
        [ROW, { ...ROW, id: '' }],
      ],
      read: [
        { ...DETAIL, messages: 'none' },
        { ...DETAIL, messages: [{ ...MESSAGE, role: 'tool' }] },
      ],
      create: [
        { ...CREATED, is_pinned: 1 },
        { ...CREATED, id: null },
      ],
      append: [
        { ...MESSAGE, content: 5 },
        { ...MESSAGE, created_at: undefined },
      ],
      patch: [{ ...ROW, title: 5 }, [ROW]],
      delete: [{ message: null }],
    };
    for (const [name, bodies] of Object.entries(damages)) {
      for (const body of bodies) {
        const origin = await startAnswering(answer(200, JSON.stringify(body)));
        const error = await problem(CALLS[name]?.call(remoteAt(origin), NEVER) ?? assert.fail());
        assert.deepEqual([error.problem, error.status], ['unknown', 200], `${name} ${JSON.stringify(body)}`);
      }
    }
  });

  it('I10: an answer about another conversation is not taken', async () => {
    for (const name of ['read', 'patch'] as const) {
      const { answer: body, call } = CALLS[name] ?? assert.fail();
      const origin = await startAnswering(answer(200, JSON.stringify({ ...body, id: 'c2' })));
      assert.equal((await problem(call(remoteAt(origin), NEVER))).problem, 'unknown');
    }
  });

  it('gives each status its meaning and repeats nothing of the body', async () => {
    const detail = JSON.stringify({ detail: [{ input: 'secret words' }], error_code: 'secret' });
    const cases: [number, RemoteProblem][] = [
      [401, 'signed-out'],
      [403, 'forbidden'],
      [404, 'not-found'],
      [422, 'refused'],
      [429, 'slow-down'],
      [500, 'unknown'],
      [302, 'unknown'],
    ];
    for (const [status, expected] of cases) {
      await eachFails(await startAnswering(answer(status, detail, 'location: /secret')), expected);
    }
    const origin = await startAnswering(answer(503, detail, 'X-Circuit: open', 'Retry-After: 20'));
    const posted = await problem(remoteAt(origin).append('c1', BODY, NEVER));
    assert.deepEqual([posted.problem, posted.status, posted.retryAfterMs], ['unknown', 503, 20_000]);
    const listed = await problem(remoteAt(origin).list({ offset: 0 }, NEVER));
    assert.deepEqual([listed.problem, listed.status, listed.retryAfterMs], ['slow-down', 503, 20_000]);
  });

  it('a backend that is not there is not-sent', async () => {
    await eachFails(`http://127.0.0.1:${await closedPort()}`, 'not-sent');
    const server = await startRaw(() => undefined);
    const unsendable = remoteAt(server.origin, { orgId: 'a\r\nb' });
    assert.equal((await problem(unsendable.list({ offset: 0 }, NEVER))).problem, 'not-sent');
  });

  it('I2: a request that got no whole answer is unknown, and was sent once', async () => {
    const faults = ['', 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n[{', 'nonsense\r\n\r\n'];
    for (const text of faults) {
      const server = await startRaw((_, socket) => socket.end(text));
      await eachFails(server.origin, 'unknown');
      assert.equal(server.requests.length, Object.keys(CALLS).length);
    }
    await eachFails(
      await startAnswering(answer(200, ' '.repeat(2000))),
      'unknown',
      startClient({ maxBytes: 1000 }),
    );
  });

  it('I2: a request whose deadline passed is unknown', async () => {
    const clock = new HandTurnedClock();
    const { origin } = await startRaw(() => clock.turn(30_000));
    await eachFails(origin, 'unknown', startClient({}, {}, clock));
  });

  it('an aborted call is unknown when it was under way, not-sent when it was not', async () => {
    for (const { call } of Object.values(CALLS)) {
      const abort = new AbortController();
      const server = await startRaw(() => abort.abort());
      const remote = remoteAt(server.origin);
      assert.equal((await problem(call(remote, abort.signal))).problem, 'unknown');
      await gone(server.sockets);
      assert.equal((await problem(call(remote, abort.signal))).problem, 'not-sent');
      assert.equal(server.requests.length, 1);
    }
  });

  it('a health check tells a backend from a page that answers 200 to everything', async () => {
    const healthy = remoteAt(
      await startAnswering(answer(200, '{"status":"ok"}', 'content-type: application/json')),
    );
    await healthy.health(NEVER);
    const hotel = await startAnswering(answer(200, '<html>', 'Content-Type: text/HTML; charset=utf-8'));
    assert.equal((await problem(remoteAt(hotel).health(NEVER))).problem, 'unknown');
    const down = await startAnswering(answer(503, '{}'));
    assert.equal((await problem(remoteAt(down).health(NEVER))).problem, 'slow-down');
  });
});
