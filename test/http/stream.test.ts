import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import type { HttpStream, HttpStreamRequest } from '../../src/http/client.ts';
import { HandTurnedClock } from './clock.ts';
import { failure, fails, gone, NEVER } from './expect.ts';
import { closedPort, startClient, startHttp, startRaw, stopAllAfterEach } from './servers.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';

function get(origin: string, idleMs = 10_000): HttpStreamRequest {
  return { method: 'GET', url: `${origin}/`, token: 'secret-token', idleMs };
}

async function read(stream: HttpStream): Promise<string> {
  let text = '';
  for await (const chunk of stream.body) text += Buffer.from(chunk).toString();
  return text;
}

describe('HttpClient.stream', () => {
  stopAllAfterEach();

  it('gives pieces as they come and ends with the answer', async () => {
    const released = Promise.withResolvers<undefined>();
    const server = await startHttp((_, response) => {
      response.writeHead(200).write('first');
      void released.promise.then(() => response.end('second'));
    });
    const stream = await startClient().stream(get(server.origin), NEVER);
    const pieces: string[] = [];
    for await (const chunk of stream.body) {
      pieces.push(Buffer.from(chunk).toString());
      released.resolve(undefined);
    }
    assert.deepEqual([stream.status, pieces], [200, ['first', 'second']]);
  });

  it('gives an empty answer', async () => {
    const server = await startHttp((_, response) => response.writeHead(204).end());
    assert.equal(await read(await startClient().stream(get(server.origin), NEVER)), '');
  });

  it('what fails before the head fails the call', async () => {
    const client = startClient();
    await fails(client.stream(get(`http://127.0.0.1:${await closedPort()}`), NEVER), 'not-sent');
    const resetting = await startRaw((_, socket) => socket.resetAndDestroy());
    await fails(client.stream(get(resetting.origin), NEVER), 'broken');
  });

  it('silence before the head is broken at the deadline', async () => {
    const clock = new HandTurnedClock();
    const silent = await startRaw(() => clock.turn(30_000));
    await fails(startClient({}, {}, clock).stream(get(silent.origin), NEVER), 'broken', 'DEADLINE');
    await gone(silent.sockets);
  });

  it('a stream that is cut fails for its reader, after what had come', async () => {
    const server = await startRaw((_, socket) =>
      socket.write(`${HEAD}5\r\nhello\r\n`, () => socket.destroy()),
    );
    const { body } = await startClient().stream(get(server.origin), NEVER);
    let text = '';
    const reading = (async () => {
      for await (const chunk of body) text += Buffer.from(chunk).toString();
    })();
    await fails(reading, 'broken');
    assert.equal(text, 'hello');
  });

  it('a stream that fails before anyone reads it fails for its reader, not the process', async () => {
    const server = await startRaw((_, socket) => socket.write(`${HEAD}5\r\nhello\r\n`));
    const { body } = await startClient().stream(get(server.origin), NEVER);
    const [socket] = server.sockets;
    assert.ok(socket !== undefined);
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
    await fails(read({ status: 200, headers: {}, body }), 'broken');
  });

  it('silence longer than allowed is broken, and pieces in time are not', async () => {
    const clock = new HandTurnedClock();
    const server = await startRaw((_, socket) => socket.write(HEAD));
    // The deadline is for the head only.
    const request = { ...get(server.origin, 1_000), deadlineMs: 500 };
    const { body } = await startClient({}, {}, clock).stream(request, NEVER);
    const pieces = body[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i++) {
      for (const socket of server.sockets) socket.write('1\r\nx\r\n');
      assert.equal((await pieces.next()).done, false);
      clock.turn(999);
    }
    const last = fails(pieces.next(), 'broken', 'IDLE');
    clock.turn(1);
    await last;
    await gone(server.sockets);
  });

  it('a slow reader is not taken for a silent server', async () => {
    const clock = new HandTurnedClock();
    const size = 20_000_000;
    const server = await startHttp((_, response) => response.end(Buffer.alloc(size)));
    const { body } = await startClient({}, {}, clock).stream(get(server.origin, 1_000), NEVER);
    let read = 0;
    for await (const chunk of body) {
      // Everything between the server and this loop is full by now: no piece comes while it rests.
      if (read === 0) {
        await new Promise(setImmediate);
        clock.turn(60_000);
      }
      read += chunk.byteLength;
    }
    assert.equal(read, size);
  });

  it('a stream has a cap too', async () => {
    const server = await startHttp((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    const stream = await startClient({ maxBytes: 1_000_000 }).stream(get(server.origin), NEVER);
    await fails(read(stream), 'broken', 'TOO_LARGE');
    await gone(server.sockets);
  });

  it('aborting in the middle fails the reader and frees the socket', async () => {
    const server = await startRaw((_, socket) => socket.write(`${HEAD}5\r\nhello\r\n`));
    const abort = new AbortController();
    const { body } = await startClient().stream(get(server.origin), abort.signal);
    const reading = (async () => {
      for await (const chunk of body) if (chunk.byteLength > 0) abort.abort();
    })();
    const error = await failure(reading);
    assert.deepEqual([error.kind, error.sent], ['aborted', true]);
    await gone(server.sockets);
  });

  it('leaving the loop early frees the socket', async () => {
    const server = await startRaw((_, socket) => socket.write(`${HEAD}5\r\nhello\r\n`));
    const { body } = await startClient().stream(get(server.origin), NEVER);
    for await (const chunk of body) if (chunk.byteLength > 0) break;
    await gone(server.sockets);
  });
});
