import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'mocha';
import sinon from 'sinon';
import type { HttpStream, HttpStreamRequest } from '../../src/http/client.ts';
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
    const silent = await startRaw(() => undefined);
    await fails(client.stream({ ...get(silent.origin), deadlineMs: 30 }, NEVER), 'broken', 'DEADLINE');
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
    const server = await startRaw((_, socket) => {
      socket.write(HEAD);
      let left = 10;
      const timer = setInterval(() => {
        if (left-- > 0) socket.write('1\r\nx\r\n');
      }, 20);
      socket.on('close', () => clearInterval(timer));
    });
    // The deadline is for the head only.
    const request = { ...get(server.origin, 150), deadlineMs: 100 };
    const { body } = await startClient().stream(request, NEVER);
    let pieces = '';
    const reading = (async () => {
      for await (const chunk of body) pieces += Buffer.from(chunk).toString();
    })();
    await fails(reading, 'broken', 'IDLE');
    assert.equal(pieces, 'x'.repeat(10));
    await gone(server.sockets);
  });

  it('a slow reader is not taken for a silent server', async () => {
    const size = 20_000_000;
    const server = await startHttp((_, response) => response.end(Buffer.alloc(size)));
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { body } = await startClient().stream(get(server.origin, 1_000), NEVER);
      let read = 0;
      for await (const chunk of body) {
        read += chunk.byteLength;
        if (read === chunk.byteLength) {
          // Everything between the server and this loop is full by now or will be: no piece comes while it rests.
          await new Promise(setImmediate);
          clock.tick(60_000);
        }
      }
      assert.equal(read, size);
    } finally {
      clock.restore();
    }
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
