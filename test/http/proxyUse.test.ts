import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { HttpRequest } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { CERTIFICATE } from './certificate.ts';
import { fails, NEVER } from './expect.ts';
import { startProxy } from './proxyServer.ts';
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
    for (const user of ['', 'me:secret@']) {
      const client = startClient({}, { proxy: `http://${user}127.0.0.1:${proxy.port}` });
      await fails(client.send(post('http', server.port), NEVER), 'not-sent');
      await fails(client.send(post('https', server.port), NEVER), 'not-sent');
    }
    assert.deepEqual([reached, proxy.requests.length], [0, 4]);
  });

  it('a proxy that opens no tunnel, or is not there, is not-sent', async () => {
    for (const connectStatus of [403, 502, 503]) {
      const proxy = await startProxy({ connectStatus });
      const client = startClient({}, { proxy: proxy.origin });
      await fails(client.send(post('https', 1), NEVER), 'not-sent');
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
