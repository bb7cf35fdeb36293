import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { randomUUID } from 'node:crypto';
import { normalizeBaseUrl } from '../../../src/http/baseUrl.ts';
import { HttpClient } from '../../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../../src/http/proxy.ts';
import { ABILITIES } from '../../../src/protocol/abilities.ts';
import { HttpRemote } from '../../../src/sync/http/httpRemote.ts';
import { PLAIN, RemoteError, type AnnouncedRemote, type RemoteEvent } from '../../../src/sync/remote.ts';
import { errorAnswer, HTML_ANSWER, startFaultProxy, type FaultProxy } from '../../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../../support/memoryServer.ts';

describe('what a backend announces', () => {
  const { signal } = new AbortController();
  let server: TestServer;
  let proxy: FaultProxy;
  let http: HttpClient;
  let remote: HttpRemote;
  let announced: AnnouncedRemote;
  before(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    http = new HttpClient(NO_PROXY_SETTINGS);
    remote = new HttpRemote({ http, base: normalizeBaseUrl(proxy.url), now: Date.now });
    announced = remote.announced;
  });
  after(async () => {
    await http.close();
    await proxy.close();
    await server.close();
  });
  const create = async () => (await remote.create({ title: 'one', client_id: randomUUID() }, signal)).id;
  const message = (content: string) => ({ role: 'user' as const, content, client_id: randomUUID() });

  it('is what NAVI knows of it, with its limits', async () => {
    const { abilities, batchMessages, bodyBytes } = await announced.abilities(signal);
    assert.deepEqual([...abilities], [...ABILITIES]);
    assert.ok(batchMessages >= 100 && bodyBytes >= 1_000_000);
  });

  it('is nothing where the address is unknown, or answers as no backend does', async () => {
    for (const fault of [errorAnswer(404), errorAnswer(422), HTML_ANSWER]) {
      proxy.add({ fault, times: 1 });
      assert.deepEqual(await announced.abilities(signal), PLAIN);
    }
  });

  it('cannot be known while the backend has trouble', async () => {
    for (const status of [401, 403, 429, 500, 503]) {
      proxy.add({ fault: errorAnswer(status), times: 1 });
      await assert.rejects(announced.abilities(signal), RemoteError);
    }
  });

  it('I3: a batch that is sent again stores nothing twice, and each message has its outcome', async () => {
    const id = await create();
    const bodies = [message('a'), message('b')];
    const [first] = await announced.appendAll(id, bodies, signal);
    assert.equal(first?.status, 'stored');
    const [a, b] = bodies;
    assert.ok(a && b);
    const again = await announced.appendAll(id, [a, { ...b, content: 'other' }, message('c')], signal);
    assert.deepEqual(
      again.map(({ status }) => status),
      ['known', 'conflict', 'stored'],
    );
    const page = await announced.page(id, undefined, signal);
    assert.deepEqual(
      page.items.map(({ content }) => content),
      ['a', 'b', 'c'],
    );
  });

  it('pages of messages reach back to the first', async () => {
    const id = await create();
    await announced.appendAll(
      id,
      Array.from({ length: 250 }, (_, n) => message(String(n))),
      signal,
    );
    const newest = await announced.page(id, undefined, signal);
    assert.ok(newest.older);
    const older = await announced.page(id, newest.older, signal);
    assert.equal(older.older, null);
    assert.deepEqual(
      [...older.items, ...newest.items].map(({ content }) => Number(content)),
      Array.from({ length: 250 }, (_, n) => n),
    );
  });

  it('the feed goes on at its cursor, and a cursor of another history is gone', async () => {
    const before = await everything(announced, signal);
    const id = await create();
    const next = await announced.changes(before, signal);
    assert.ok(next !== 'gone');
    assert.deepEqual(
      next.changes.map((change) => change.type === 'conversation' && change.conversation.id),
      [id],
    );
    proxy.add({ fault: errorAnswer(410), times: 1 });
    assert.equal(await announced.changes(before, signal), 'gone');
  });

  it('the list tells how many messages each conversation has', async () => {
    const id = await create();
    await announced.appendAll(id, [message('x'), message('y')], signal);
    const list = await announced.fullList({ offset: 0 }, signal);
    assert.equal(list.find((row) => row.id === id)?.message_count, 2);
  });

  it('events come live, and a stream that is broken off says so', async () => {
    const id = await create();
    const stop = new AbortController();
    const seen: RemoteEvent[] = [];
    const following = (async () => {
      for await (const event of announced.events(undefined, stop.signal)) {
        seen.push(event);
        if (event.type === 'hello') await remote.append(id, message('live'), signal);
        else stop.abort();
      }
    })();
    await assert.rejects(following, RemoteError);
    const [hello, live] = seen;
    assert.equal(hello?.type, 'hello');
    assert.ok(live?.type === 'changes');
    assert.ok(
      live.answer.changes.some((change) => change.type === 'message' && change.message.content === 'live'),
    );
  });

  it('what was purged is told as a tombstone', async () => {
    const id = await create();
    const before = await everything(announced, signal);
    await announced.purge(id, signal);
    const next = await announced.changes(before, signal);
    assert.ok(next !== 'gone');
    assert.deepEqual(
      next.changes.map((change) => change.type === 'tombstone' && change.conversation_id),
      [id],
    );
  });
});

/** Reads the feed to its end. */
async function everything(announced: AnnouncedRemote, signal: AbortSignal): Promise<string> {
  let cursor: string | undefined;
  for (;;) {
    const page = await announced.changes(cursor, signal);
    if (page === 'gone') throw new Error('The cursor is gone.');
    cursor = page.cursor;
    if (!page.has_more) return cursor;
  }
}
