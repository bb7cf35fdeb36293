import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, it } from 'mocha';
import { Gate } from '../../src/server/guard/gate.ts';
import { EventStream } from '../support/eventStream.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { RawSocket } from '../support/rawSocket.ts';
import { openChat } from '../support/sseClient.ts';
import { type Answer, Client, detailOf } from './client.ts';

const CONVERSATIONS = '/api/navi-memory/conversations';

/** The value of one line of the metrics. */
async function measure(server: TestServer, line: string): Promise<number> {
  const text = await (await fetch(`${server.address}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}

/** Another program that writes: everything that writes here waits for it. */
function lockDatabase(server: TestServer): () => void {
  const database = new DatabaseSync(join(server.folder, 'navi.db'));
  database.exec('begin immediate');
  return () => {
    if (database.isOpen) database.close();
  };
}

function assertShed(answer: Answer): void {
  assert.equal(answer.status, 503);
  assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d*$/);
  assert.equal((answer.body as { error_code?: string }).error_code, 'overloaded');
  assert.match(detailOf(answer), /Nothing was stored/);
}

describe('a server with too much to do', function () {
  this.timeout(60_000);
  const cleanups: (() => unknown)[] = [];
  const start = async (settings: Record<string, string>): Promise<TestServer> => {
    const server = await startMemoryServer(settings);
    cleanups.push(() => server.close());
    return server;
  };
  const lock = (server: TestServer): (() => void) => {
    const unlock = lockDatabase(server);
    cleanups.push(unlock);
    return unlock;
  };
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  it('G4: works on so many requests, lets so many wait, and turns the next away at once; health goes on', async () => {
    const server = await start({ NAVI_MAX_IN_FLIGHT: '1', NAVI_MAX_QUEUED: '1' });
    const client = new Client(server.address);
    const { id } = await client.create();
    const unlock = lock(server);
    const first = client.append(id, 'first');
    await until(async () => (await measure(server, 'navi_requests_in_flight')) === 1);
    const second = client.append(id, 'second');
    await until(async () => (await measure(server, 'navi_requests_waiting')) === 1);
    assertShed(await client.conversations('POST', `/${id}/messages`, { role: 'user', content: 'third' }));
    assertShed(await new Client(server.address).conversations('GET'));
    assert.equal((await client.call('GET', '/health')).status, 200);
    assert.equal(await measure(server, 'navi_shed_total{reason="queue"}'), 2);
    unlock();
    await Promise.all([first, second]);
    assert.deepEqual(await client.contents(id), ['first', 'second']);
    assert.equal(await measure(server, 'navi_requests_in_flight'), 0);
  });

  it('G4: lets nobody wait longer than allowed, and forgets who left', async () => {
    const server = await start({ NAVI_MAX_IN_FLIGHT: '1', NAVI_MAX_QUEUE_MS: '1000' });
    const client = new Client(server.address);
    const { id } = await client.create();
    const unlock = lock(server);
    const first = client.append(id, 'first');
    await until(async () => (await measure(server, 'navi_requests_in_flight')) === 1);
    const leaving = await RawSocket.open(server.address);
    leaving.write(`GET ${CONVERSATIONS} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await until(async () => (await measure(server, 'navi_requests_waiting')) === 1);
    leaving.leave();
    await until(async () => (await measure(server, 'navi_requests_waiting')) === 0);
    for (const reason of ['wait', 'queue'])
      assert.equal(await measure(server, `navi_shed_total{reason="${reason}"}`), NaN);
    assertShed(await client.conversations('GET'));
    assert.equal(await measure(server, 'navi_shed_total{reason="wait"}'), 1);
    unlock();
    await first;
  });

  it('G4: turns away while the event loop is late, and takes requests again when it is not', async () => {
    const server = await start({ NAVI_MAX_LOOP_DELAY_MS: '50' });
    const client = new Client(server.address);
    const stop = new AbortController();
    const hog = (async () => {
      while (!stop.signal.aborted) {
        const end = performance.now() + 150;
        while (performance.now() < end);
        await nextTurn();
      }
    })();
    let answer = await client.conversations('GET');
    while (answer.status === 200) answer = await client.conversations('GET');
    assertShed(answer);
    assert.equal((await client.call('GET', '/health')).status, 200);
    stop.abort();
    await hog;
    await until(async () => (await client.conversations('GET')).status === 200);
    assert.ok((await measure(server, 'navi_shed_total{reason="loop"}')) >= 1);
  });

  it('G4: holds no more bytes of bodies than it has room for', async () => {
    const server = await start({ NAVI_MAX_BODY_MB: '32' });
    const head = `POST ${CONVERSATIONS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const first = await RawSocket.open(server.address);
    first.write(`${head}content-length: ${20 * 1024 * 1024}\r\nexpect: 100-continue\r\n\r\n`);
    await first.received(/100 Continue/);
    const second = await RawSocket.open(server.address);
    second.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    assert.match(await second.received(/\}/), /^HTTP\/1\.1 503 .*retry-after: 1.*"overloaded"/s);
    const small = await new Client(server.address).create({ title: 'small' });
    assert.equal(small.title, 'small');
    first.leave();
    const client = new Client(server.address);
    const large = { title: 'large', initial_context: { text: 'x'.repeat(15 * 1024 * 1024) } };
    await until(async () => (await client.conversations('POST', '', large)).status === 200);
  });

  it('G5: so many streams for each user, and so many for all', async () => {
    const server = await start({ NAVI_MAX_STREAMS: '3', NAVI_MAX_STREAMS_USER: '2' });
    const open = (user: string) => EventStream.open(server.address, { 'x-org-id': user });
    const streams = [await open('a'), await open('a'), await open('b')];
    assert.deepEqual(
      streams.map(({ status }) => status),
      [200, 200, 200],
    );
    const [third, fourth] = [await open('a'), await open('c')];
    assert.deepEqual([third.status, fourth.status], [429, 503]);
    assert.equal(third.headers.get('retry-after'), '30');
    assert.equal(await measure(server, 'navi_open_streams{kind="events"}'), 3);
    streams[0]?.leave();
    await until(async () => (await open('a')).status === 200);
    for (const stream of streams) stream.leave();
  });

  it('G5: a reply holds no turn of the memory, and counts as a stream', async () => {
    const server = await start({
      NAVI_MAX_IN_FLIGHT: '1',
      NAVI_MAX_QUEUED: '0',
      NAVI_MAX_STREAMS_USER: '1',
      NAVI_DEMO_DELAY_MS: '10000',
    });
    const { status, events } = await openChat(server.address, { message: 'hello' });
    assert.equal(status, 200);
    const client = new Client(server.address, {});
    assert.deepEqual(await client.list(), []);
    assert.equal((await client.call('POST', '/api/navi/chat/stream', { message: 'again' })).status, 429);
    assert.equal(await measure(server, 'navi_open_streams{kind="chat"}'), 1);
    await server.close();
    for await (const event of events) assert.ok(event);
  });
});

describe('Gate', () => {
  it('G4: lets in who came first, counts what leaves twice once, and never more than allowed', async () => {
    const gate = new Gate({ inFlight: 2, queued: 10, queueMs: 60_000 });
    const order: number[] = [];
    let most = 0;
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const leave = await gate.enter();
        assert.ok(typeof leave === 'function');
        order.push(n);
        most = Math.max(most, gate.inside);
        await nextTurn();
        leave();
        leave();
      }),
    );
    assert.deepEqual(
      order,
      Array.from({ length: 12 }, (_, n) => n),
    );
    assert.deepEqual([most, gate.inside, gate.waiting], [2, 0, 0]);
  });
});
