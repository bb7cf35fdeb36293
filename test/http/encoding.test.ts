import assert from 'node:assert/strict';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, it } from 'mocha';
import { parseJson } from '../../src/http/body.ts';
import { HttpError } from '../../src/http/error.ts';
import { fails, gone, NEVER } from './expect.ts';
import { startClient, startHttp, stopAllAfterEach, type RunningServer } from './servers.ts';

async function startEncoded(encoding: string, body: Uint8Array): Promise<RunningServer> {
  return startHttp((_, response) => {
    response.writeHead(200, { 'content-encoding': encoding }).end(body);
  });
}

describe('HttpClient and compressed answers', () => {
  stopAllAfterEach();
  const json = Buffer.from('{"text":"Grüße 🙂"}');

  it('reads what a gateway compressed although plain was asked for', async () => {
    const encodings = {
      gzip: gzipSync(json),
      GZIP: gzipSync(json),
      deflate: deflateSync(json),
      br: brotliCompressSync(json),
      zstd: zstdCompressSync(json),
      identity: json,
    };
    for (const [encoding, body] of Object.entries(encodings)) {
      const { origin } = await startEncoded(encoding, body);
      const response = await startClient().send({ method: 'GET', url: origin }, NEVER);
      assert.deepEqual(parseJson(response.body), { text: 'Grüße 🙂' }, encoding);
    }
  });

  it('counts what comes out of it: a small body cannot grow beyond the cap', async () => {
    const { origin } = await startEncoded('gzip', gzipSync(Buffer.alloc(1_000_000)));
    const client = startClient({ maxBytes: 10_000 });
    await fails(client.send({ method: 'GET', url: origin }, NEVER), 'broken', 'ENCODING');
  });

  it('damaged or unknown compression is broken', async () => {
    for (const encoding of ['gzip', 'br', 'compress', 'gzip, br', 'constructor']) {
      const { origin } = await startEncoded(encoding, Buffer.from('not compressed'));
      const sending = startClient().send({ method: 'GET', url: origin }, NEVER);
      await fails(sending, 'broken', 'ENCODING');
    }
  });

  it('a compressed stream is broken, and its socket is closed', async () => {
    const server = await startHttp((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).write('x');
    });
    const streaming = startClient().stream({ method: 'GET', url: server.origin, idleMs: 10_000 }, NEVER);
    await fails(streaming, 'broken', 'ENCODING');
    await gone(server.sockets);
  });
});

describe('parseJson', () => {
  it('takes damaged UTF-8 and cut JSON for broken instead of giving other text, and does not quote it', () => {
    for (const bytes of [
      Buffer.from([0x22, 0xff, 0x22]),
      Buffer.from('{"secret":'),
      Buffer.from('<html>'),
      Buffer.from(''),
    ]) {
      assert.throws(
        () => parseJson(bytes),
        (error) =>
          error instanceof HttpError && error.code === 'NOT_JSON' && !error.message.includes('secret'),
      );
    }
  });
});
