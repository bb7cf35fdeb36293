/** How often a backend that is away is asked, by all windows of a machine together. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { textsOnBackend } from '../support/backend.ts';
import { HandClock } from '../support/clock.ts';
import { errorAnswer, startFaultProxy, type Fault, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('windows whose backend is away', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let folder: ReturnType<typeof tempFolder>;
  let clock: HandClock;
  let windows: TestMachine[];
  /** When a request came, in the time of the clock. */
  let asked: number[];
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    folder = tempFolder();
    clock = new HandClock();
    windows = [];
    asked = [];
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

  async function open(): Promise<TestMachine> {
    const window = new TestMachine({ folder: folder.path, clock });
    windows.push(window);
    await window.connect(proxy.url);
    return window;
  }
  async function close(window: TestMachine): Promise<void> {
    windows = windows.filter((one) => one !== window);
    await window.stop();
  }
  const settle = () => Promise.all(windows.map((window) => window.until(() => Promise.resolve(true))));
  async function pass(ms: number, each: (n: number) => Promise<void> | void = () => undefined) {
    for (let n = 0; n < ms / 250; n += 1) {
      await each(n);
      clock.advance(250);
      await settle();
    }
  }
  const always = (fault: Fault) => proxy.add({ match: () => asked.push(clock.now()) > 0, fault });
  const gaps = () => asked.slice(1).map((at, index) => at - (asked[index] ?? 0));

  it('I12: it is asked once a second at most, whatever the windows and their users do', async () => {
    always({ kind: 'reset' });
    for (let n = 0; n < 3; n += 1) await open();
    await pass(8_000, async (n) => {
      const window = windows[n % windows.length];
      for (const one of windows) {
        one.syncNow();
        one.networkChanged();
      }
      if (n % 4 === 0) await window?.write(`written ${n}`);
      if (n % 16 === 8) await window?.connect(proxy.url);
      if (n % 24 === 20 && windows[0] !== undefined) {
        await close(windows[0]);
        await open();
      }
    });
    assert.ok(asked.length > 4, `asked ${asked.length} times: the test shows nothing`);
    assert.ok(Math.min(...gaps()) >= 1_000, `asked after ${Math.min(...gaps())} ms`);
  });

  it('I12: left alone it is asked ever more rarely', async () => {
    always({ kind: 'reset' });
    const window = await open();
    await window.write('waits');
    await pass(120_000);
    assert.ok(asked.length <= 11, `${asked.length} times in two minutes`);
    const later = gaps();
    assert.ok((later.at(-1) ?? 0) >= 15_000 && (later.at(-1) ?? 0) <= 30_250, String(later));
  });

  it('S2: a wait that it asks for holds for the other windows and after a restart, and ends in time', async () => {
    const remove = always(errorAnswer(429, { 'retry-after': '60' }));
    const first = await open();
    const second = await open();
    await first.write('one');
    await pass(5_000);
    assert.equal(asked.length, 1);
    await close(first);
    await second.write('two');
    await pass(15_000);
    await close(second);
    const third = await open();
    await third.write('three');
    assert.equal(asked.length, 1);
    await pass(10_000);
    assert.match((await third.status()).detail, /asks for fewer requests/);
    remove();
    await third.until(async () => (await third.status()).state === 'synced', 60_000);
    assert.ok(clock.now() - (asked[0] ?? 0) >= 60_000);
    assert.deepEqual(await textsOnBackend(server.address, 'three'), ['three']);
  });

  it('S2: Sync Now ends a wait that it asked for', async () => {
    const remove = always(errorAnswer(429, { 'retry-after': '60' }));
    const window = await open();
    await window.write('now');
    await pass(5_000);
    remove();
    window.syncNow();
    await window.synced(5_000);
    assert.deepEqual(await textsOnBackend(server.address, 'now'), ['now']);
  });

  it('S2: Sync Now ends the wait of a message that was forbidden', async () => {
    const window = await open();
    await window.write('first');
    await window.synced();
    const remove = proxy.add({
      match: ({ method, path }) => method === 'POST' && path.endsWith('/messages'),
      fault: errorAnswer(403, {}),
    });
    await window.write('forbidden at first');
    await pass(40_000);
    remove();
    await pass(2_000);
    assert.deepEqual(await textsOnBackend(server.address, 'forbidden at first'), []);
    window.syncNow();
    await window.synced(5_000);
    assert.deepEqual(await textsOnBackend(server.address, 'forbidden at first'), ['forbidden at first']);
  });

  it('S2: when the network changes a backend that was away is asked at once, one that asked to wait is not', async () => {
    const remove = always({ kind: 'reset' });
    const window = await open();
    await window.write('on the way');
    await pass(20_000);
    const times = asked.length;
    window.networkChanged();
    await settle();
    assert.equal(asked.length, times + 1);
    remove();
    always(errorAnswer(503, { 'retry-after': '300' }));
    window.syncNow();
    await pass(2_000);
    const then = asked.length;
    window.networkChanged();
    await pass(10_000);
    assert.equal(asked.length, then);
  });
});
