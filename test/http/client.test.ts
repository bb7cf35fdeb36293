import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'mocha';
import { parseJson } from '../../src/http/body.ts';
import { DEFAULT_LIMITS, type HttpRequest } from '../../src/http/client.ts';
import { HandTurnedClock } from './clock.ts';
import { failure, fails, gone, NEVER } from './expect.ts';
import { answer, closedPort, startClient, startHttp, startRaw, stopAllAfterEach } from './servers.ts';

function post(origin: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    url: `${origin}/things?x=1`,
    json: { text: 'secret words' },
    token: 'secret-token',
    ...more,
  };
}

describe('HttpClient.send', () => {
  stopAllAfterEach();

  it('writes the token as `Authorization: Bearer` in this exact case and asks for a plain answer', async () => {
    const server = await startRaw((_, socket) => socket.write(answer(200, '{"a":1}')));
    const response = await startClient().send(post(server.origin), NEVER);
    assert.equal(response.status, 200);
    assert.deepEqual(parseJson(response.body), { a: 1 });
    const request = server.requests[0] ?? '';
    assert.match(request, /^POST \/things\?x=1 HTTP\/1\.1\r\n/);
    assert.match(request, /\r\nAuthorization: Bearer secret-token\r\n/);
    assert.match(request, /\r\nAccept-Encoding: identity\r\n/);
    assert.match(request, /\r\nContent-Type: application\/json\r\n/);
    assert.match(request, /\r\n\r\n\{"text":"secret words"\}$/);
  });

  it('sends no Authorization header and no body when there is none', async () => {
    const server = await startRaw((_, socket) => socket.write(answer(200, '')));
    await startClient().send({ method: 'GET', url: `${server.origin}/` }, NEVER);
    assert.doesNotMatch(server.requests[0] ?? '', /authorization|content-type|content-length/i);
  });

  it('returns every status as it is', async () => {
    const server = await startHttp((request, response) => {
      response.writeHead(Number(request.url?.slice(1))).end('x');
    });
    const client = startClient();
    for (const status of [200, 201, 204, 304, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504]) {
      const response = await client.send({ method: 'GET', url: `${server.origin}/${status}` }, NEVER);
      assert.equal(response.status, status);
    }
  });

  it('never follows a redirect, and the token never reaches the second origin', async () => {
    const second = await startHttp((_, response) => response.end('{}'));
    let opened = 0;
    const counting = await startRaw(
      () => undefined,
      () => opened++,
    );
    for (const status of [301, 302, 303, 307, 308]) {
      for (const target of [second, counting]) {
        const first = await startRaw((_, socket) =>
          socket.write(answer(status, '', `location: ${target.origin}/`)),
        );
        const response = await startClient().send(post(first.origin), NEVER);
        assert.equal(response.status, status);
        assert.equal(first.requests.length, 1);
      }
    }
    assert.equal(opened, 0);
    assert.equal(second.sockets.size, 0);
  });

  it('a refused connection is not-sent', async () => {
    const port = await closedPort();
    await fails(startClient().send(post(`http://127.0.0.1:${port}`), NEVER), 'not-sent', 'ECONNREFUSED');
  });

  it('a connection that is not ready in time is not-sent', async () => {
    // Accepts and stays silent, so that the TLS handshake never ends.
    const silent = await startRaw(() => undefined);
    const sending = startClient({ connectMs: 50 }).send(post(`https://127.0.0.1:${silent.port}`), NEVER);
    await fails(sending, 'not-sent', 'UND_ERR_CONNECT_TIMEOUT');
  });

  it('a deadline that passes while it is still connecting is not-sent, and nothing is written later', async () => {
    const silent = await startRaw(() => undefined);
    const sending = startClient({ deadlineMs: 30 }).send(post(`https://127.0.0.1:${silent.port}`), NEVER);
    await fails(sending, 'not-sent', 'DEADLINE');
    assert.deepEqual(silent.requests, []);
  });

  it('a reset in the middle of the request is broken: it may have been understood', async () => {
    const server = await startRaw(
      () => undefined,
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
    );
    const large = { json: { text: 'secret '.repeat(1_000_000) } };
    await fails(startClient().send(post(server.origin, large), NEVER), 'broken');
    assert.equal(server.requests.length, 0);
  });

  it('a reset at the moment of connecting is not tried again', async () => {
    let opened = 0;
    const server = await startRaw(
      () => undefined,
      (socket) => {
        opened++;
        socket.resetAndDestroy();
      },
    );
    // Which of the two it is depends on whether the reset or the request is first; both are true when they are said.
    const { kind } = await failure(startClient().send(post(server.origin), NEVER));
    assert.ok(kind === 'not-sent' || kind === 'broken', kind);
    assert.equal(opened, 1);
  });

  it('a reset or a close after the request is broken, and it is not sent again', async () => {
    for (const method of ['GET', 'POST', 'PATCH', 'DELETE'] as const) {
      for (const end of ['resetAndDestroy', 'destroy', 'end'] as const) {
        const server = await startRaw((_, socket) => socket[end]());
        await fails(startClient().send(post(server.origin, { method }), NEVER), 'broken');
        assert.equal(server.requests.length, 1, `${method} ${end}`);
      }
    }
  });

  it('an answer that is cut is broken, whatever says how long it should be', async () => {
    const cuts = [
      'HTTP/1.1 200 OK\r\ncontent-le',
      'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"a":',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
    ];
    for (const cut of cuts) {
      for (const end of ['resetAndDestroy', 'end'] as const) {
        const server = await startRaw((_, socket) => socket.write(cut, () => socket[end]()));
        await fails(startClient().send(post(server.origin), NEVER), 'broken');
        assert.equal(server.requests.length, 1);
      }
    }
  });

  it('what is not HTTP is broken', async () => {
    for (const nonsense of [
      'SSH-2.0-x\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    ]) {
      const server = await startRaw((_, socket) => socket.end(nonsense));
      await fails(startClient().send(post(server.origin), NEVER), 'broken');
    }
  });

  it('a black hole is broken at the deadline of 30 s, and its socket is closed', async () => {
    const clock = new HandTurnedClock();
    const server = await startRaw(() => clock.turn(30_000));
    await fails(startClient({}, {}, clock).send(post(server.origin), NEVER), 'broken', 'DEADLINE');
    await gone(server.sockets);
  });

  it('a server that takes the request and says nothing is broken when the time for the head is over', async () => {
    const server = await startRaw(() => undefined);
    const sending = startClient({ headersMs: 50 }).send(post(server.origin), NEVER);
    await fails(sending, 'broken', 'UND_ERR_HEADERS_TIMEOUT');
    assert.equal(server.requests.length, 1);
  });

  it('unless told otherwise: 10 s to connect, 30 s for the head and for all, 2 s idle, 32 MB', () => {
    assert.deepEqual(DEFAULT_LIMITS, {
      connectMs: 10_000,
      headersMs: 30_000,
      deadlineMs: 30_000,
      idleConnectionMs: 2_000,
      maxBytes: 33_554_432,
    });
  });

  it('a slow drip does not move the deadline', async () => {
    const clock = new HandTurnedClock();
    const server = await startRaw((_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      const drip = (): void => {
        if (socket.destroyed) return;
        socket.write('x');
        clock.turn(100);
        setImmediate(drip);
      };
      setImmediate(drip);
    });
    const sending = startClient({}, {}, clock).send(post(server.origin, { deadlineMs: 5_000 }), NEVER);
    await fails(sending, 'broken', 'DEADLINE');
    await gone(server.sockets);
  });

  it('an answer may be as large as the cap and not one byte larger', async () => {
    const server = await startHttp((request, response) => {
      response.end('x'.repeat(Number(request.url?.slice(1))));
    });
    const client = startClient({ maxBytes: 1000 });
    const fitting = await client.send({ method: 'GET', url: `${server.origin}/1000` }, NEVER);
    assert.equal(fitting.body.byteLength, 1000);
    await fails(client.send({ method: 'GET', url: `${server.origin}/1001` }, NEVER), 'broken', 'TOO_LARGE');
  });

  it('an endless answer is ended at the cap', async () => {
    const server = await startHttp((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    await fails(startClient({ maxBytes: 1_000_000 }).send(post(server.origin), NEVER), 'broken', 'TOO_LARGE');
    await gone(server.sockets);
  });

  it('a token that no header may hold is not-sent, and not shown', async () => {
    const server = await startRaw(() => undefined);
    for (const token of ['secret\r\nX: y', 'secret token', 'secret\u00e9', '']) {
      await fails(startClient().send(post(server.origin, { token }), NEVER), 'not-sent', 'BAD_TOKEN');
    }
    assert.equal(server.requests.length, 0);
  });

  it('a signal that is already aborted sends nothing', async () => {
    const server = await startRaw(() => undefined);
    const error = await failure(startClient().send(post(server.origin), AbortSignal.abort()));
    assert.deepEqual([error.kind, error.sent], ['aborted', false]);
    assert.equal(server.requests.length, 0);
  });

  it('aborting a request under way says that it was sent, and closes its socket', async () => {
    const abort = new AbortController();
    const server = await startRaw(() => abort.abort());
    const error = await failure(startClient().send(post(server.origin), abort.signal));
    assert.deepEqual([error.kind, error.sent], ['aborted', true]);
    await gone(server.sockets);
  });

  it('I12: a request that has ended, well or not, leaves nothing on a signal that lives for a whole session', async () => {
    const { signal } = new AbortController();
    const server = await startRaw((_, socket) => socket.write(answer(200, '{}')));
    await startClient().send(post(server.origin), signal);
    await failure(startClient().send(post(`http://127.0.0.1:${await closedPort()}`), signal));
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('a closed client ends what is under way and sends nothing more', async () => {
    const asked = Promise.withResolvers<undefined>();
    const server = await startRaw(() => asked.resolve(undefined));
    const client = startClient();
    const pending = failure(client.send(post(server.origin), NEVER));
    await asked.promise;
    await client.close();
    const { kind, sent } = await pending;
    assert.deepEqual([kind, sent], ['aborted', true]);
    const late = await failure(client.send(post(server.origin), NEVER));
    assert.deepEqual([late.kind, late.sent, server.requests.length], ['aborted', false, 1]);
  });
});
