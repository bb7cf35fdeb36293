import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, it } from 'mocha';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { CERTIFICATE } from './certificate.ts';
import { HandTurnedClock } from './clock.ts';
import { fails, NEVER } from './expect.ts';
import { startClient, startHttps, listen, stopAllAfterEach } from './servers.ts';

describe('HttpClient and certificates', () => {
  stopAllAfterEach();

  it('an untrusted certificate is not-sent: the token stays here', async () => {
    let asked = 0;
    const server = await startHttps((_, response) => {
      asked++;
      response.end();
    });
    const request = { method: 'POST', url: server.origin, token: 'secret', json: {} } as const;
    await fails(startClient().send(request, NEVER), 'not-sent', 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.equal(asked, 0);
  });

  it('a certificate for another name is not-sent', async () => {
    const server = await startHttps((_, response) => response.end());
    const client = startClient({}, { certificates: [CERTIFICATE] });
    const url = `https://localhost:${server.port}/`;
    await fails(client.send({ method: 'GET', url }, NEVER), 'not-sent', 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('a certificate of a trusted authority, or a setting that trusts all, lets it through', async () => {
    const server = await startHttps((_, response) => response.end('{}'));
    for (const settings of [{ certificates: [CERTIFICATE] }, { strictSSL: false }]) {
      const response = await startClient({}, settings).send({ method: 'GET', url: server.origin }, NEVER);
      assert.equal(response.status, 200);
    }
  });

  it('a changed setting counts for the next request to the same server', async () => {
    const server = await startHttps((_, response) => response.end('{}'));
    const client = startClient();
    const request = { method: 'GET', url: server.origin } as const;
    await fails(client.send(request, NEVER), 'not-sent');
    client.configure({ ...NO_PROXY_SETTINGS, strictSSL: false });
    assert.equal((await client.send(request, NEVER)).status, 200);
  });

  it('I3: a request that was given up while it was connecting is not written when the connection comes', async () => {
    let asked = 0;
    const server = await startHttps((_, response) => {
      asked++;
      response.end('{}');
    });
    const released = Promise.withResolvers<undefined>();
    const clock = new HandTurnedClock();
    const forwarder = createServer((socket) => {
      void released.promise.then(() => {
        const onward = connect(server.port, '127.0.0.1');
        for (const end of [socket, onward]) end.on('error', () => undefined);
        socket.pipe(onward).pipe(socket);
      });
      clock.turn(30_000);
    });
    const slow = await listen(forwarder, 'https');
    const client = startClient({ idleConnectionMs: 20 }, { strictSSL: false }, clock);
    const sending = client.send({ method: 'POST', url: slow.origin, json: {} }, NEVER);
    await fails(sending, 'not-sent', 'DEADLINE');
    const [socket] = slow.sockets;
    assert.ok(socket !== undefined);
    released.resolve(undefined);
    // The connection comes, is not used, and ends like every idle one.
    await once(socket, 'close');
    assert.equal(asked, 0);
  });
});
