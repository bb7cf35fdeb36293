import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import type { HttpRequest } from '../../src/http/client.ts';
import { HttpError } from '../../src/http/error.ts';
import { fails, NEVER } from './expect.ts';
import { answer, startClient, startRaw, stopAllAfterEach } from './servers.ts';

const OK = answer(200, '{}', 'keep-alive: timeout=600');

function post(origin: string): HttpRequest {
  return { method: 'POST', url: `${origin}/`, json: {} };
}

describe('HttpClient and connections that are kept', () => {
  stopAllAfterEach();

  it('uses connections again', async () => {
    let opened = 0;
    const server = await startRaw(
      (_, socket) => socket.write(OK),
      () => opened++,
    );
    const client = startClient();
    for (let i = 0; i < 10; i++) await client.send(post(server.origin), NEVER);
    assert.equal(server.requests.length, 10);
    // Two, because a connection rests for one turn of the event loop after each answer.
    assert.ok(opened <= 2, String(opened));
  });

  it('I3: a POST that meets the reset of a reused connection is broken and was sent exactly once', async () => {
    for (const method of ['POST', 'PATCH', 'DELETE', 'GET'] as const) {
      let answered = 0;
      const server = await startRaw((_, socket) => {
        if (answered++ === 0) socket.write(OK);
        else socket.resetAndDestroy();
      });
      const client = startClient();
      await client.send(post(server.origin), NEVER);
      await fails(client.send({ ...post(server.origin), method }, NEVER), 'broken');
      assert.equal(server.requests.length, 2, method);
    }
  });

  it('I3: a connection that the server closed while it was idle costs nothing, and each POST is sent once', async () => {
    const server = await startRaw((_, socket) => socket.write(OK));
    const client = startClient();
    for (let i = 1; i <= 5; i++) {
      await client.send(post(server.origin), NEVER);
      for (const socket of server.sockets) {
        socket.end();
        await once(socket, 'close');
      }
      assert.equal(server.requests.length, i);
    }
  });

  it('I3: in the race of an idle close with the next POST, none is sent twice', async () => {
    // The server closes right after its answer, so that its FIN and the next request cross.
    const server = await startRaw((_, socket) => socket.write(OK, () => socket.end()));
    const client = startClient();
    let broken = 0;
    const sent = 50;
    for (let i = 0; i < sent; i++) {
      await client.send({ ...post(server.origin), json: { i } }, NEVER).catch((error: unknown) => {
        assert.ok(error instanceof HttpError);
        broken++;
      });
    }
    const bodies = server.requests.map((request) => request.slice(request.indexOf('\r\n\r\n') + 4));
    assert.equal(new Set(bodies).size, bodies.length, 'a body arrived twice');
    assert.ok(bodies.length >= sent - broken);
  });

  it('closes an idle connection before servers do, whatever they promise', async () => {
    const server = await startRaw((_, socket) => socket.write(OK));
    await startClient({ idleConnectionMs: 20 }).send(post(server.origin), NEVER);
    const [socket] = server.sockets;
    assert.ok(socket !== undefined);
    await once(socket, 'close');
  });

  it('I3: after the machine slept no POST goes out on a connection from before', async () => {
    let now = 1_000_000;
    const used: unknown[] = [];
    const server = await startRaw((_, socket) => {
      used.push(socket);
      socket.write(OK);
    });
    const client = startClient({}, {}, { now: () => now });
    const [send, sockets] = [() => client.send(post(server.origin), NEVER), server.sockets];
    await send();
    await send();
    const before = [...sockets];
    now += 3_600_000;
    await send();
    assert.ok(!before.includes(used.at(-1) as never), 'it went out on a connection from before');
    for (const socket of before) if (sockets.has(socket)) await once(socket, 'close');
    // A clock that was set back says nothing about how long it was.
    const later = [...sockets];
    now -= 7_200_000;
    await send();
    assert.ok(!later.includes(used.at(-1) as never));
  });
});
