import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import {
  runMemoryServer,
  type ServerProcess,
  spawnMemoryServer,
  startMemoryServer,
} from '../support/memoryServer.ts';
import { startPostgres } from '../support/postgres.ts';
import { Client, detailOf } from './client.ts';

/** Under load, and on PostgreSQL too, kill.test.ts kills. */
const KILLS = 3;

describe('the server as a process', function () {
  this.timeout(120_000);
  let folder: string;
  const running: ServerProcess[] = [];

  async function start(): Promise<ServerProcess> {
    const server = await spawnMemoryServer(folder);
    running.push(server);
    return server;
  }
  const clientOf = (server: ServerProcess) => new Client(server.address, {});

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'navi-process-'));
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it(`I1: keeps every acknowledged message over ${KILLS} times kill -9 with more under way`, async () => {
    const acknowledged: string[] = [];
    let server = await start();
    const { id } = await clientOf(server).create();
    for (let round = 0; round < KILLS; round += 1) {
      const client = clientOf(server);
      const append = async (content: string) => {
        await client.append(id, content);
        acknowledged.push(content);
      };
      const others = Array.from({ length: 4 }, (_, index) => append(`round ${round} other ${index}`));
      await append(`round ${round}`);
      await server.end('SIGKILL');
      await Promise.allSettled(others);
      server = await start();
      const stored = await clientOf(server).contents(id);
      const lost = acknowledged.filter((content) => !stored.includes(content));
      assert.deepEqual(lost, []);
      assert.equal(new Set(stored).size, stored.length, 'nothing is stored twice');
    }
    assert.ok(acknowledged.length >= KILLS);
  });

  it('I1, I4: two processes on one new folder lose nothing and agree on one order', async () => {
    // Both are waited for, so that none is left behind when one cannot start.
    const started = await Promise.allSettled([start(), start()]);
    const servers = started.map((result) =>
      result.status === 'fulfilled' ? result.value : assert.fail(String(result.reason)),
    );
    const clients = servers.map(clientOf);
    const { id } = (await clients[0]?.create()) ?? assert.fail();
    const contents = (process: number) =>
      Array.from({ length: 30 }, (_, index) => `process ${process} message ${index}`);
    await Promise.all(
      clients.map(async (client, process) => {
        for (const content of contents(process)) await client.append(id, content);
      }),
    );
    const [first = [], second] = await Promise.all(clients.map((client) => client.contents(id)));
    assert.deepEqual(first, second);
    assert.equal(first.length, 60);
    for (const process of [0, 1]) {
      const own = first.filter((content) => content.startsWith(`process ${process} `));
      assert.deepEqual(own, contents(process), 'each writer keeps its order');
    }
  });

  it('ends with code 0 when asked to, with a request under way and connections open', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const server = await start();
      const client = clientOf(server);
      const { id } = await client.create();
      const unused = connect(Number(new URL(server.address).port), '127.0.0.1');
      await once(unused, 'connect');
      const stored = client.append(id, 'x'.repeat(1_000_000)).then(
        () => true,
        () => false,
      );
      assert.equal(await server.end(signal), 0);
      const wasStored = await stored;
      unused.destroy();
      const next = await start();
      assert.equal((await clientOf(next).contents(id)).length === 1 || !wasStored, true);
    }
  });

  it('says in one line how to mend a taken port, wrong settings and an unusable folder', async () => {
    const server = await start();
    const { port } = new URL(server.address);
    const settings = { NAVI_DATA_DIR: folder, NAVI_LOG_LEVEL: 'silent' };
    for (const [wrong, expected] of [
      [{ ...settings, NAVI_PORT: port }, /^Port 127\.0\.0\.1:\d+ is in use\..*NAVI_PORT.*\n$/],
      [{ ...settings, NAVI_HOST: '0.0.0.0' }, /^Settings: .*NAVI_DEV_TOKEN.*\n$/],
      [
        { ...settings, NAVI_DATA_DIR: '/dev/null/x' },
        /^The server could not start with \/dev\/null\/x: .*\n$/,
      ],
      [
        { NAVI_LOG_LEVEL: 'silent', DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/db' },
        /^The server could not start with postgres:\/\/127\.0\.0\.1:1\/db: PostgreSQL cannot be reached.*\n$/,
      ],
    ] as const) {
      const { exitCode, output } = await runMemoryServer(wrong);
      assert.match(output, expected);
      assert.equal(exitCode, 1);
      assert.ok(!output.includes('secret'));
    }
  });
});

describe('the server and its PostgreSQL', function () {
  this.timeout(60_000);

  it('I1, G8: answers 503 while it is down, and every acknowledged message is there when it is back', async () => {
    const cluster = await startPostgres();
    const server = await startMemoryServer({ DATABASE_URL: await cluster.createDatabase() });
    try {
      const client = new Client(server.address, {});
      const { id } = await client.create();
      await client.append(id, 'acknowledged');
      await cluster.kill();
      const answer = await client.conversations('POST', `/${id}/messages`, { role: 'user', content: 'x' });
      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get('retry-after'), '1');
      const ready = await client.call('GET', '/ready');
      assert.deepEqual([ready.status, detailOf(ready)], [503, 'PostgreSQL cannot be reached.']);
      assert.equal((await client.call('GET', '/health')).status, 200);
      await cluster.start();
      assert.deepEqual(await client.contents(id), ['acknowledged']);
      await client.append(id, 'after');
      while ((await client.call('GET', '/ready')).status !== 200);
    } finally {
      await server.close();
      await cluster.stop();
    }
  });

  it('I4: two servers that start on one empty database at once agree on one order', async () => {
    const cluster = await startPostgres();
    const DATABASE_URL = await cluster.createDatabase();
    const servers = await Promise.all([1, 2].map(() => startMemoryServer({ DATABASE_URL })));
    try {
      const [one, two] = servers.map(({ address }) => new Client(address, {}));
      assert.ok(one && two);
      const { id } = await one.create();
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? one : two).append(id, String(index))),
      );
      const contents = await one.contents(id);
      assert.equal(contents.length, 40);
      assert.deepEqual(await two.contents(id), contents);
    } finally {
      for (const server of servers) await server.close();
      await cluster.stop();
    }
  });
});
