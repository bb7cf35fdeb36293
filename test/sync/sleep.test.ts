/** A machine that sleeps: its timers stand still, its connections die, and its windows wake in any order. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import { HandClock } from '../support/clock.ts';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { tempFolder } from '../support/tempFolder.ts';

const NIGHT_MS = 8 * 3_600_000;

describe('sleep and wake', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let folder: ReturnType<typeof tempFolder>;
  let windows: TestMachine[];
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    folder = tempFolder();
    windows = [];
  });
  afterEach(async () => {
    for (const window of windows) {
      await window.stop();
      assert.deepEqual(window.errors, []);
    }
    await proxy.close();
    await server.close();
    folder.dispose();
  });

  async function open(clock = new HandClock()): Promise<TestMachine> {
    const window = new TestMachine({ folder: folder.path, clock });
    windows.push(window);
    await window.connect(proxy.url);
    return window;
  }
  async function pass(ms: number, ...awake: readonly TestMachine[]): Promise<void> {
    for (let n = 0; n < ms / 250; n += 1) {
      for (const clock of new Set(awake.map((window) => window.clock))) clock.advance(250);
      for (const window of awake) await window.until(() => Promise.resolve(true));
    }
  }
  /** Each pull begins with a page of the feed of changes; a whole list may come after it. */
  const pulls = (from: number) =>
    proxy.log.slice(from).filter(({ method, path }) => method === 'GET' && path.includes('/changes?')).length;

  it('I12: after a night there is one pull, soon, and no storm', async () => {
    const clock = new HandClock();
    const [first, second] = [await open(clock), await open(clock)];
    await first.write('in the evening');
    await first.synced();
    await pass(10_000, first, second);
    const seen = proxy.log.length;
    clock.sleep(NIGHT_MS);
    await pass(4_000, first, second);
    const asked = proxy.log.slice(seen).map(({ method, path }) => `${method} ${path}`);
    // The feed, both lists, and the conversation whose message was sent in the evening and may not have been seen there yet.
    const isOnceEach = new Set(asked).size === asked.length && asked.length <= 4;
    assert.ok(pulls(seen) === 1 && isOnceEach, asked.join(', '));
    await pass(20_000, first, second);
    assert.equal(pulls(seen), 1);
    await first.write('in the morning');
    await first.synced();
    assert.deepEqual(await textsOnBackend(server.address, 'in the morning'), ['in the morning']);
  });

  it('I12: a backend that was away when the machine fell asleep is asked as soon as it wakes', async () => {
    await proxy.refuse();
    const window = await open();
    await window.write('written offline');
    await pass(40_000, window);
    await proxy.accept();
    window.clock.sleep(NIGHT_MS);
    await window.synced(4_000);
    assert.deepEqual(await textsOnBackend(server.address, 'written offline'), ['written offline']);
  });

  it('I12: another network lets a backend that was away be asked at once', async () => {
    await proxy.refuse();
    const window = await open();
    await window.write('on the train');
    await pass(60_000, window);
    await proxy.accept();
    await pass(1_000, window);
    assert.equal((await window.status()).state, 'offline');
    window.network = 'office';
    await window.synced(4_000);
  });

  it('I3 I8: what a window had sent before it slept is not sent again, and it writes nothing when another one woke first', async () => {
    const sleeper = await open();
    const id = await sleeper.write('before');
    await sleeper.synced();
    const gate = Promise.withResolvers<undefined>();
    const arrived = Promise.withResolvers<undefined>();
    proxy.add({
      match: ({ method, path }) => {
        const isAppend = method === 'POST' && path.endsWith('/messages');
        if (isAppend) arrived.resolve(undefined);
        return isAppend;
      },
      fault: { kind: 'hold', at: 'answer', gate: gate.promise.then(() => undefined) },
      times: 1,
    });
    await sleeper.say(id, 'sent in the evening');
    sleeper.clock.advance(250);
    await arrived.promise;
    // The window that slept wakes last: the other one finds its lease expired.
    const clock = new HandClock(sleeper.clock.now());
    const other = await open(clock);
    clock.sleep(NIGHT_MS);
    await other.until(async () => (await other.deliveries(id))[1] === 'confirmed');
    const before = JSON.stringify((await other.store.read(id, { limit: 9 }))?.messages);
    gate.resolve(undefined);
    sleeper.clock.sleep(NIGHT_MS);
    await pass(10_000, sleeper, other);
    assert.equal(JSON.stringify((await other.store.read(id, { limit: 9 }))?.messages), before);
    assert.deepEqual(await textsOnBackend(server.address, 'before'), ['before', 'sent in the evening']);
    assert.deepEqual(await doubledOnBackend(server.address), []);
    assert.equal(proxy.log.filter(({ method }) => method === 'POST').length, 3);
  });
});
