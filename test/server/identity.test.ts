import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'mocha';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { Client, detailOf } from './client.ts';

const LIST = '/api/navi-memory/conversations';
const TOKEN = 'a-token-of-the-tests';

/** Status of a GET with exactly these headers; `fetch` sets its own Host. */
async function statusOf(address: string, headers: Record<string, string>): Promise<number | undefined> {
  return await new Promise((resolve, reject) => {
    request(`${address}${LIST}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('who is let in', () => {
  describe('with a token', () => {
    let server: TestServer;
    before(async () => {
      server = await startMemoryServer({ NAVI_DEV_TOKEN: TOKEN });
    });
    after(() => server.close());

    it('asks every request for it, before it looks at the body', async () => {
      for (const headers of [
        {},
        { authorization: 'Bearer wrong' },
        { authorization: `Bearer ${TOKEN}x` },
        { authorization: `Basic ${TOKEN}` },
      ]) {
        const client = new Client(server.address, headers);
        for (const [method, path] of [
          ['GET', LIST],
          ['POST', LIST],
          ['POST', '/api/navi/chat/stream'],
        ] as const) {
          const answer = await client.send(method, path, method === 'POST' ? { body: 'no JSON' } : {});
          assert.equal(answer.status, 401);
          assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
          assert.notEqual(detailOf(answer), '');
        }
      }
      const owner = new Client(server.address, { authorization: `Bearer ${TOKEN}` });
      assert.deepEqual(await owner.list(), []);
    });

    it('answers liveness to everybody, and other host names to who has the token', async () => {
      assert.equal((await new Client(server.address, {}).call('GET', '/health')).status, 200);
      const headers = { host: 'navi.example.org', authorization: `Bearer ${TOKEN}` };
      assert.equal(await statusOf(server.address, headers), 200);
    });
  });

  describe('without a token', () => {
    let server: TestServer;
    before(async () => {
      server = await startMemoryServer();
    });
    after(() => server.close());

    it('lets in programs of this machine and keeps web pages out', async () => {
      for (const [status, headers] of [
        [200, { host: 'localhost:8787' }],
        [200, { host: '[::1]:8787' }],
        [200, { host: '127.0.0.1', origin: 'http://localhost:3000' }],
        [403, { host: 'evil.example.org' }],
        [403, { host: '127.0.0.1.evil.example.org' }],
        [403, { host: 'localhost', origin: 'https://evil.example.org' }],
        [403, { host: 'localhost', origin: 'null' }],
      ] as const) {
        assert.equal(await statusOf(server.address, headers), status, JSON.stringify(headers));
      }
    });

    it('I10: keeps organisations apart, and refuses an odd name of one', async () => {
      const none = new Client(server.address, {});
      const one = new Client(server.address, { 'x-org-id': 'one' });
      await one.create({ title: 'of one' });
      assert.equal((await one.list()).length, 1);
      assert.deepEqual(await none.list(), []);
      const odd = new Client(server.address, { 'x-org-id': 'x'.repeat(256) });
      assert.equal((await odd.conversations('GET')).status, 400);
    });
  });
});
