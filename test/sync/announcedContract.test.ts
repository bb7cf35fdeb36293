/** Clocks and events, asked of the backend in memory and of NAVI's own server alike. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { HttpClient } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { HttpRemote } from '../../src/sync/http/httpRemote.ts';
import { RemoteError, type Remote, type RemoteEvent } from '../../src/sync/remote.ts';
import { MemoryBackend } from '../support/memoryBackend.ts';
import { memoryRemote } from '../support/memoryRemote.ts';
import { startMemoryServer } from '../support/memoryServer.ts';

const DAY_MICROS = 24 * 60 * 60 * 1_000_000;

interface Under {
  readonly remote: Remote;
  /** Milliseconds since the epoch, by the backend's clock. */
  readonly now: () => number;
  close(): Promise<void>;
}

async function inMemory(): Promise<Under> {
  const now = Date.UTC(2026, 0, 1);
  const backend = new MemoryBackend({ abilities: ['changes', 'events', 'clocks', 'tombstones'] }, now);
  return { remote: memoryRemote(backend, 'me'), now: () => now, close: () => Promise.resolve() };
}

async function ownServer(): Promise<Under> {
  const server = await startMemoryServer();
  const http = new HttpClient(NO_PROXY_SETTINGS);
  return {
    remote: new HttpRemote({ http, base: normalizeBaseUrl(server.address), now: Date.now }),
    now: Date.now,
    close: async () => {
      await http.close();
      await server.close();
    },
  };
}

for (const [name, start] of [
  ['in memory', inMemory],
  ["NAVI's own server", ownServer],
] as const)
  describe(`what is announced: ${name}`, () => {
    const { signal } = new AbortController();
    let under: Under;
    let remote: Remote;
    before(async () => {
      under = await start();
      remote = under.remote;
    });
    after(() => under.close());
    const create = async () => (await remote.create({ title: 'one' }, signal)).id;
    const micros = () => under.now() * 1_000;

    it('takes a field whose clock is later, and tells its clock', async () => {
      const id = await create();
      const at = micros();
      const clocked = (title: string, clock: number) =>
        remote.announced.change(id, { title, clocks: { title: clock } }, signal);
      assert.equal((await clocked('two', at)).title, 'two');
      assert.equal((await clocked('older', at - 1)).title, 'two');
      assert.equal((await clocked('a', at)).title, 'two', 'of one clock the greater stays');
      const { title, clocks } = await clocked('zwei', at);
      assert.deepEqual([title, clocks], ['zwei', { title: at }]);
      const read = await remote.read(id, signal, 'full');
      assert.deepEqual([read.clocks, read.tags], [{ title: at }, []]);
    });

    it('leaves a field that was changed since it was seen, and takes the others', async () => {
      const id = await create();
      const at = micros();
      await remote.announced.change(id, { is_starred: true, clocks: { is_starred: at } }, signal);
      const { is_starred, is_pinned, tags } = await remote.announced.change(
        id,
        {
          is_starred: false,
          is_pinned: true,
          tags: ['b', 'a', 'a'],
          clocks: { is_starred: at + 5, is_pinned: at + 5, tags: at + 5 },
          seen: { is_starred: 0, is_pinned: 0 },
        },
        signal,
      );
      assert.deepEqual([is_starred, is_pinned, tags], [true, true, ['a', 'b']]);
    });

    it('dates what comes without a clock as of now, and refuses one a day ahead', async () => {
      const id = await create();
      const { clocks } = await remote.announced.change(id, { status: 'archived' }, signal);
      assert.ok(Math.abs((clocks.status ?? 0) - micros()) < 60_000_000);
      await assert.rejects(
        remote.announced.change(id, { title: 'x', clocks: { title: micros() + DAY_MICROS * 1.1 } }, signal),
        (error) => error instanceof RemoteError && error.status === 422,
      );
      await remote.delete(id, signal);
      const deleted = await remote.read(id, signal, 'full');
      assert.ok((deleted.clocks?.status ?? 0) > (clocks.status ?? 0));
    });

    it('tells what happens after a place, as it happens, and what happened before it is asked', async () => {
      const id = await create();
      const place = await remote.announced.changes(undefined, signal);
      assert.ok(place !== 'gone');
      await remote.append(id, { role: 'user', content: 'before' }, signal);
      const ending = new AbortController();
      const events = remote.announced.events(place.cursor, ending.signal)[Symbol.asyncIterator]();
      const texts: string[] = [];
      const listen = async (until: string) => {
        while (!texts.includes(until)) {
          const { value } = (await events.next()) as { value: RemoteEvent };
          if (value.type === 'changes')
            for (const one of value.answer.changes)
              if (one.type === 'message') texts.push(one.message.content);
        }
      };
      await listen('before');
      const heard = listen('after');
      await remote.append(id, { role: 'user', content: 'after' }, signal);
      await heard;
      assert.deepEqual(texts, ['before', 'after']);
      const ended = events.next();
      ending.abort();
      await assert.rejects(ended, RemoteError);
    });
  });
