import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, it } from 'mocha';
import { Readiness } from '../../src/server/http/readiness.ts';
import { StorageUnavailableError } from '../../src/server/storage/repository.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { Client, detailOf } from './client.ts';

describe('readiness', () => {
  let server: TestServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('G8: is there once the server listens, without a token, and says why when the tables are too old', async () => {
    server = await startMemoryServer({ NAVI_DEV_TOKEN: 'a-token-of-the-tests' });
    const client = new Client(server.address, {});
    assert.deepEqual((await client.call('GET', '/ready')).body, { status: 'ready' });
    const database = new DatabaseSync(join(server.folder, 'navi.db'));
    database.exec("delete from navi_migrations where name like '0003%'");
    database.close();
    let answer = await client.call('GET', '/ready');
    while (answer.status === 200) answer = await client.call('GET', '/ready');
    assert.deepEqual(
      [answer.status, answer.headers.get('retry-after'), answer.body],
      [
        503,
        '1',
        {
          detail: 'The tables are older than this server. Restart it to bring them up to date.',
          error_code: 'not_ready',
          request_id: (answer.body as { request_id: string }).request_id,
        },
      ],
    );
    assert.equal((await client.call('GET', '/health')).status, 200);
  });

  it('G8: ends as soon as the server is asked to stop, which serves on until it is noticed', async () => {
    server = await startMemoryServer({ NAVI_STOP_DELAY_MS: '1500' });
    const client = new Client(server.address);
    const { id } = await client.create();
    const closed = server.close();
    const answer = await client.call('GET', '/ready');
    assert.deepEqual([answer.status, detailOf(answer)], [503, 'The server is stopping.']);
    await client.append(id, 'while it stops');
    assert.deepEqual(await client.contents(id), ['while it stops']);
    await closed;
    server = undefined;
    await assert.rejects(client.call('GET', '/health'));
  });

  it('G8: asks the database once for everybody who asks at the same time, and waits for it no longer than allowed', async () => {
    let asked = 0;
    const silent = new Readiness({
      check: async () => {
        asked += 1;
        await new Promise(() => undefined);
      },
      patienceMs: 1,
    });
    const answers = await Promise.all([silent.problem(), silent.problem(), silent.problem()]);
    assert.deepEqual(new Set(answers), new Set(['The database does not answer in time.']));
    assert.equal(asked, 1);
    silent.stop();
    assert.equal(await silent.problem(), 'The server is stopping.');
  });

  it('I11: says what is for people, and nothing of what a driver says', async () => {
    const failing = (error: Error) =>
      new Readiness({ check: async () => await Promise.reject(error) }).problem();
    assert.equal(await failing(new Error('select secret')), 'The database does not answer.');
    assert.equal(await failing(new StorageUnavailableError('Down.')), 'Down.');
  });
});
