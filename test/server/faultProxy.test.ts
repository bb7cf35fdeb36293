import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { errorAnswer, type FaultProxy, HTML_ANSWER, startFaultProxy } from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { chat } from '../support/sseClient.ts';
import { Client } from './client.ts';

const isAppend = ({ method, path }: { method: string; path: string }) =>
  method === 'POST' && path.endsWith('/messages');

describe('the fault proxy', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let direct: Client;
  let client: Client;
  let id: string;
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    direct = new Client(server.address, {});
    client = new Client(proxy.url, {});
    ({ id } = await direct.create());
  });
  afterEach(async () => {
    await proxy.close();
    await server.close();
  });

  /** The error code of a call that got no answer. */
  const codeOf = async (call: Promise<unknown>) =>
    await call.then(
      () => 'answered',
      (error: unknown) => {
        assert.ok(error instanceof TypeError, String(error));
        const { cause } = error;
        return cause instanceof Error && 'code' in cause ? cause.code : String(cause);
      },
    );
  const last = () => {
    const seen = proxy.log.at(-1);
    assert.ok(seen);
    return [seen.method, seen.upstreamStatus, seen.status];
  };

  it('passes requests and streams through and keeps a log without bodies', async () => {
    await client.append(id, 'hello');
    assert.deepEqual(last(), ['POST', 200, 200]);
    assert.equal((await chat(proxy.url, { message: 'hi' })).at(-1)?.done, true);
    assert.ok(!JSON.stringify(proxy.log).includes('hello'));
  });

  it('resets before the upstream hears of it', async () => {
    proxy.add({ match: isAppend, fault: { kind: 'reset' }, times: 1 });
    assert.equal(await codeOf(client.append(id, 'lost')), 'ECONNRESET');
    assert.deepEqual(last(), ['POST', undefined, undefined]);
    await client.append(id, 'second');
    assert.deepEqual(await direct.contents(id), ['second']);
  });

  it('drops the connection after the upstream has committed', async () => {
    proxy.add({ match: isAppend, fault: { kind: 'commitThenDrop' }, times: 1 });
    assert.equal(await codeOf(client.append(id, 'stored')), 'ECONNRESET');
    assert.deepEqual(last(), ['POST', 200, undefined]);
    assert.deepEqual(await direct.contents(id), ['stored']);
  });

  it('cuts an answer in the middle', async () => {
    proxy.add({ fault: { kind: 'cutAnswer', bytes: 10 } });
    assert.equal(await codeOf(client.list()), 'UND_ERR_SOCKET');
  });

  it('lets a stream stand still behind what was asked for, whatever comes with it, until the client leaves', async () => {
    proxy.add({ fault: { kind: 'stall', after: /"content":.*\n\n/ }, times: 1 });
    const leaving = new AbortController();
    const { body } = await fetch(`${proxy.url}/api/navi/chat/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message: 'hi' }),
      signal: leaving.signal,
    });
    assert.ok(body);
    const reader = body.getReader();
    let text = '';
    while (!text.includes('"content"')) text += new TextDecoder().decode((await reader.read()).value);
    assert.equal(text.split('"content"').length, 2);
    assert.ok(text.endsWith('\n\n'));
    const next = reader.read();
    assert.equal(
      await Promise.race([next.then(() => 'more'), client.list().then(() => 'nothing')]),
      'nothing',
    );
    leaving.abort();
    await assert.rejects(next);
  });

  it('holds a request or an answer until the gate opens, also when the client has left by then', async () => {
    for (const at of ['request', 'answer'] as const) {
      const gate = Promise.withResolvers<undefined>();
      const remove = proxy.add({ match: isAppend, fault: { kind: 'hold', at, gate: gate.promise } });
      const held = client.append(id, `held ${at}`);
      await until(() => proxy.log.length > 0);
      gate.resolve(undefined);
      assert.equal((await held).content, `held ${at}`);
      remove();
    }
    const gate = Promise.withResolvers<undefined>();
    proxy.add({ match: isAppend, fault: { kind: 'hold', at: 'request', gate: gate.promise } });
    const seen = proxy.log.length;
    const leaving = new AbortController();
    const left = fetch(`${proxy.url}/api/navi-memory/conversations/${id}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ role: 'user', content: 'late commit' }),
      signal: leaving.signal,
    });
    await until(() => proxy.log.length > seen);
    leaving.abort();
    await assert.rejects(left);
    gate.resolve(undefined);
    await until(() => proxy.log.at(-1)?.upstreamStatus === 200);
    assert.deepEqual(await direct.contents(id), ['held request', 'held answer', 'late commit']);
  });

  it('swallows a request for ever, with or without the upstream acting on it', async () => {
    for (const forward of [true, false]) {
      proxy.clear();
      proxy.add({ fault: { kind: 'blackHole', forward } });
      const patience = new AbortController();
      const seen = proxy.log.length;
      const call = fetch(`${proxy.url}/api/navi-memory/conversations`, {
        method: 'POST',
        signal: patience.signal,
      });
      await until(() => (forward ? proxy.log.at(-1)?.upstreamStatus === 200 : proxy.log.length > seen));
      patience.abort();
      await assert.rejects(call);
    }
    assert.equal((await direct.list()).length, 2, 'the one of the setup and the forwarded one');
  });

  it('gives another answer: errors, HTML, cut JSON under a wrong length', async () => {
    for (const status of [401, 403, 404, 422, 500, 503]) {
      proxy.add({ fault: errorAnswer(status), times: 1 });
      assert.equal((await client.conversations('GET')).status, status);
    }
    proxy.add({ fault: errorAnswer(429, { 'retry-after': '3' }), times: 1 });
    assert.equal((await client.conversations('GET')).headers.get('retry-after'), '3');
    proxy.add({ fault: HTML_ANSWER, times: 1 });
    await assert.rejects(client.list(), SyntaxError);
    proxy.add({
      fault: { kind: 'answer', status: 200, body: '[{"id":', contentLength: 100, forward: false },
      times: 1,
    });
    assert.equal(await codeOf(client.list()), 'UND_ERR_SOCKET');
    assert.equal(proxy.log.filter(({ upstreamStatus }) => upstreamStatus !== undefined).length, 0);
  });

  it('refuses connections and accepts them again under the same address', async () => {
    const { url } = proxy;
    await client.list();
    await proxy.refuse();
    assert.equal(await codeOf(client.list()), 'ECONNREFUSED');
    await proxy.accept();
    assert.equal(proxy.url, url);
    assert.equal((await client.list()).length, 1);
  });
});

/** Resolves as soon as the condition holds; the test's time limit ends it otherwise. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
