import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import type { HttpRequest } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { CERTIFICATE } from './certificate.ts';
import { failure, fails, gone, NEVER } from './expect.ts';
import { makeAuthority } from '../support/authority.ts';
import { startProxy } from '../support/proxyServer.ts';
import { startTlsFront } from '../support/tlsFront.ts';
import { closedPort, startClient, startHttp, startHttps, startRaw, stopAllAfterEach } from './servers.ts';

/** The proxy finds this name on the loopback interface; the loopback interface itself is never proxied. */
function post(scheme: 'http' | 'https', port: number): HttpRequest {
  return { method: 'POST', url: `${scheme}://backend.test:${port}/path?q`, token: 'secret', json: { a: 1 } };
}

const BASIC = `Basic ${Buffer.from('me:pass word').toString('base64')}`;

describe('HttpClient through a proxy', () => {
  stopAllAfterEach();

  it('asks the proxy for the absolute address of an http server', async () => {
    const seen: unknown[] = [];
    const server = await startHttp((request, response) => {
      seen.push([request.url, request.headers.host, request.headers.authorization]);
      response.end('{"ok":true}');
    });
    const proxy = await startProxy();
    const client = startClient({}, { proxy: proxy.origin });
    const response = await client.send(post('http', server.port), NEVER);
    assert.equal(response.status, 200);
    assert.deepEqual(proxy.requests, [`POST http://backend.test:${server.port}/path?q`]);
    assert.deepEqual(seen, [['/path?q', `backend.test:${server.port}`, 'Bearer secret']]);
  });

  it('asks the proxy for a tunnel to an https server, and checks that server', async () => {
    const seen: unknown[] = [];
    const server = await startHttps((request, response) => {
      seen.push([request.url, request.headers.authorization, request.headers['proxy-authorization']]);
      response.end('{}');
    });
    const proxy = await startProxy({ authorization: BASIC });
    const settings = { proxy: `http://me:pass%20word@127.0.0.1:${proxy.port}` };
    const trusting = startClient({}, { ...settings, certificates: [CERTIFICATE] });
    assert.equal((await trusting.send(post('https', server.port), NEVER)).status, 200);
    assert.deepEqual(seen, [['/path?q', 'Bearer secret', undefined]]);
    assert.deepEqual(proxy.requests, [`CONNECT backend.test:${server.port}`]);
    const strict = startClient({}, settings);
    await fails(strict.send(post('https', server.port), NEVER), 'not-sent', 'DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('gives the credentials of its address, or those of the setting, to the proxy alone', async () => {
    const seen: unknown[] = [];
    const server = await startHttp((request, response) => {
      seen.push(request.headers['proxy-authorization']);
      response.end('{}');
    });
    const proxy = await startProxy({ authorization: BASIC });
    const address = `127.0.0.1:${proxy.port}`;
    for (const settings of [
      { proxy: `http://me:pass%20word@${address}` },
      { proxy: `http://${address}`, authorization: BASIC },
    ]) {
      const response = await startClient({}, settings).send(post('http', server.port), NEVER);
      assert.equal(response.status, 200);
    }
    assert.deepEqual(proxy.authorizations, [BASIC, BASIC]);
    assert.deepEqual(seen, [undefined, undefined]);
  });

  it('a proxy that asks for other credentials is not-sent, for http and https', async () => {
    let reached = 0;
    const server = await startHttp((_, response) => {
      reached++;
      response.end();
    });
    const proxy = await startProxy({ authorization: BASIC });
    for (const [user, words] of [
      ['', /^The proxy wants a sign-in/],
      ['me:secret@', /^The proxy does not accept the name and password/],
    ] as const) {
      const client = startClient({}, { proxy: `http://${user}127.0.0.1:${proxy.port}` });
      for (const scheme of ['http', 'https'] as const) {
        const { kind, code, needsUser, message } = await failure(
          client.send(post(scheme, server.port), NEVER),
        );
        assert.deepEqual([kind, code, needsUser], ['not-sent', 'PROXY_407', true]);
        assert.match(message, words);
      }
    }
    assert.deepEqual([reached, proxy.requests.length], [0, 4]);
  });

  it('a proxy that opens no tunnel, or is not there, is not-sent', async () => {
    for (const connectStatus of [403, 502, 503]) {
      const proxy = await startProxy({ connectStatus });
      const client = startClient({}, { proxy: proxy.origin });
      await fails(client.send(post('https', 1), NEVER), 'not-sent', `PROXY_${connectStatus}`);
      assert.equal(proxy.requests.length, 1);
    }
    const client = startClient({}, { proxy: `http://127.0.0.1:${await closedPort()}` });
    await fails(client.send(post('http', 1), NEVER), 'not-sent', 'ECONNREFUSED');
    await fails(client.send(post('https', 1), NEVER), 'not-sent', 'ECONNREFUSED');
  });

  it('a proxy that hangs up on a tunnel is not-sent; one that hangs up on a forwarded request is broken', async () => {
    const proxy = await startRaw((_, socket) => socket.destroy());
    const client = startClient({}, { proxy: proxy.origin });
    await fails(client.send(post('https', 1), NEVER), 'not-sent');
    await fails(client.send(post('http', 1), NEVER), 'broken');
    assert.equal(proxy.requests.length, 2);
  });

  it('a proxy of an unknown kind is not-sent and does not show its credentials', async () => {
    for (const proxy of [
      'ftp://me:secret@127.0.0.1:1',
      'http://me:secret%@127.0.0.1:1',
      'http://me:secret@:x',
    ]) {
      await fails(startClient({}, { proxy }).send(post('http', 1), NEVER), 'not-sent', 'NO_ROUTE');
    }
  });

  it('the own machine is reached directly', async () => {
    const server = await startHttp((_, response) => response.end('{}'));
    const client = startClient({}, { proxy: `http://127.0.0.1:${await closedPort()}` });
    assert.equal((await client.send({ method: 'GET', url: server.origin }, NEVER)).status, 200);
  });

  it('new settings count for the next request, and a request under way finishes by the old ones', async () => {
    const asked = Promise.withResolvers<undefined>();
    const released = Promise.withResolvers<undefined>();
    const server = await startHttp((request, response) => {
      if (request.headers['x-wait'] === undefined) {
        response.end('{}');
        return;
      }
      asked.resolve(undefined);
      void released.promise.then(() => response.end('{"late":true}'));
    });
    const [first, second] = [await startProxy(), await startProxy()];
    const client = startClient({}, { proxy: first.origin });
    const slow = client.send({ ...post('http', server.port), headers: { 'x-wait': '1' } }, NEVER);
    await asked.promise;
    client.configure({ ...NO_PROXY_SETTINGS, proxy: second.origin });
    assert.equal((await client.send(post('http', server.port), NEVER)).status, 200);
    released.resolve(undefined);
    assert.equal(Buffer.from((await slow).body).toString(), '{"late":true}');
    assert.deepEqual([first.requests.length, second.requests.length], [1, 1]);
  });

  it('a proxy that is spoken to by TLS is checked like a server', async () => {
    const authority = makeAuthority();
    const server = await startHttp((_, response) => response.end('{}'));
    const front = await startTlsFront(server.origin, authority.issue(['backend.test']));
    const { port } = await startProxy({ identity: authority.issue(['localhost']) });
    const proxy = `https://localhost:${port}`;
    const trusting = startClient({}, { proxy, certificates: [authority.certificate] });
    assert.equal((await trusting.send(post('http', server.port), NEVER)).status, 200);
    assert.equal((await trusting.send(post('https', front.port), NEVER)).status, 200);
    const strict = startClient({}, { proxy });
    for (const [scheme, port] of [
      ['http', server.port],
      ['https', front.port],
    ] as const) {
      const { message } = await failure(strict.send(post(scheme, port), NEVER));
      assert.match(message, /^The certificate of the proxy is signed by an authority/);
    }
  });

  it('an endless answer ends with the settings it came by; another one goes on', async () => {
    const server = await startHttp((_, response) => response.write('data: 1\n\n'));
    const proxy = await startProxy();
    const client = startClient({}, { proxy: proxy.origin });
    const read = async (isEndless?: true) => {
      const request = { ...post('http', server.port), idleMs: 60_000, ...(isEndless && { isEndless }) };
      const reader = (await client.stream(request, NEVER)).body[Symbol.asyncIterator]();
      await reader.next();
      return reader;
    };
    const endless = await read(true);
    const [socket] = proxy.sockets;
    assert.ok(socket !== undefined);
    const other = await read();
    const closed = once(socket, 'close');
    client.configure(NO_PROXY_SETTINGS);
    await fails(endless.next(), 'aborted');
    await closed;
    assert.equal(proxy.sockets.size, 1);
    await other.return?.();
    await gone(proxy.sockets);
  });

  it('changing the settings again and again leaves no connection open', async () => {
    const server = await startHttp((_, response) => response.end('{}'));
    const proxies = [await startProxy(), await startProxy()];
    const client = startClient();
    for (let n = 0; n < 20; n++) {
      const proxy = proxies[n % 2]?.origin ?? '';
      assert.equal(client.configure({ ...NO_PROXY_SETTINGS, proxy }), true);
      assert.equal(client.configure({ ...NO_PROXY_SETTINGS, proxy }), false, 'nothing new');
      assert.equal((await client.send(post('http', server.port), NEVER)).status, 200);
    }
    client.configure(NO_PROXY_SETTINGS);
    for (const { sockets } of proxies) await gone(sockets);
  });

  it('closing the client ends requests of earlier settings too', async () => {
    const asked = Promise.withResolvers<undefined>();
    const server = await startRaw(() => asked.resolve(undefined));
    const client = startClient();
    const pending = fails(client.send({ method: 'POST', url: server.origin, json: {} }, NEVER), 'aborted');
    await asked.promise;
    client.configure({ ...NO_PROXY_SETTINGS, strictSSL: false });
    await client.close();
    await pending;
  });
});
