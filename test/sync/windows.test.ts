import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { OutboxItem } from '../../src/store/outbox.ts';
import { step } from '../../src/sync/machine.ts';
import { initialState, type SyncState } from '../../src/sync/state.ts';
import { readBackend, textsOnBackend } from '../support/backend.ts';
import { HandClock } from '../support/clock.ts';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { OldBackend } from '../support/oldBackend.ts';
import { memoryFolder, type TempFolder } from '../support/tempFolder.ts';
import { openThreadStore } from '../support/threadStore.ts';

describe('who syncs, and for whom', () => {
  let folder: TempFolder;
  let clock: HandClock;
  let server: TestServer;
  let proxy: FaultProxy;
  let machines: TestMachine[];
  beforeEach(async () => {
    folder = memoryFolder();
    clock = new HandClock();
    server = await startMemoryServer({ NAVI_DATA_DIR: folder.path });
    proxy = await startFaultProxy(server.address);
    machines = [];
  });
  afterEach(async () => {
    for (const machine of machines) await machine.stop();
    await proxy.close();
    await server.close();
    folder.dispose();
    for (const { errors } of machines) assert.deepEqual(errors, []);
  });

  /** Another window on the one file. */
  function openWindow(): TestMachine {
    const machine = new TestMachine({ clock, store: openThreadStore(folder.path, () => clock.now()) });
    machines.push(machine);
    return machine;
  }

  it('I8: a window that lives keeps its lease, however long it leads', async () => {
    const leading = openWindow();
    await leading.connect(server.address);
    await leading.synced();
    const waiting = openWindow();
    await waiting.connect(proxy.url);
    const end = clock.now() + 5 * 60_000;
    await leading.until(async () => clock.now() >= end);
    await waiting.whenIdle();
    assert.equal(proxy.log.length, 0, 'the other window sent requests too');
    assert.deepEqual([leading.links, waiting.links], [['unknown', 'up'], []], 'the lease went to and fro');
  });

  for (const [what, method] of [
    ['sending', 'POST'],
    ['reading', 'GET'],
  ] as const) {
    it(`I8: a window whose lease was taken while it was ${what} asks no more, and the next one finishes its work`, async () => {
      const stopped = openWindow();
      await stopped.connect(proxy.url);
      const id = await stopped.write('asked for by one');
      await stopped.synced();
      const gate = Promise.withResolvers<undefined>();
      const isMet = (request: { method: string }): boolean => request.method === method;
      proxy.add({ match: isMet, fault: { kind: 'hold', at: 'answer', gate: gate.promise }, times: 1 });
      const before = proxy.log.filter(isMet).length;
      if (method === 'POST') await stopped.say(id, 'answered to nobody');
      else stopped.syncNow();
      while (proxy.log.filter(isMet).length === before) {
        clock.advance(250);
        await turn();
      }
      // As after a minute in which that window's process stood still.
      const other = openThreadStore(folder.path, () => clock.now());
      const lease = await other.takeLease(clock.now() + 60_000, 60_000);
      assert.ok(lease !== undefined);
      const asked = proxy.log.length;
      gate.resolve(undefined);
      await stopped.whenIdle();
      await stopped.say(id, 'and another');
      const end = clock.now() + 60_000;
      await stopped.until(async () => clock.now() >= end);
      assert.equal(proxy.log.length, asked, 'the window without the lease sent a request');
      await other.releaseLease(lease);
      await other.close();
      await stopped.synced();
      assert.deepEqual(await textsOnBackend(server.address, 'asked for by one'), [
        'asked for by one',
        ...(method === 'POST' ? ['answered to nobody'] : []),
        'and another',
      ]);
    });
  }

  it('I7: what is restored while its deletion has no answer is not deleted there', async () => {
    const machine = openWindow();
    // Clocks would tell by themselves which of the two is later.
    proxy.add({ match: ({ path }) => path.endsWith('/capabilities'), fault: errorAnswer(404) });
    await machine.connect(proxy.url);
    const id = await machine.write('deleted, or not');
    await machine.synced();
    const isDeletion = ({ method }: { method: string }): boolean => method === 'DELETE';
    proxy.add({ match: isDeletion, fault: { kind: 'commitThenDrop' }, times: 1 });
    await machine.store.change(id, { status: 'deleted' });
    await machine.until(async () => proxy.log.some(isDeletion));
    await machine.store.change(id, { status: 'active' });
    await machine.synced();
    assert.deepEqual(
      (await readBackend(server.address)).map(({ status }) => status),
      ['active'],
    );
    assert.equal((await machine.store.read(id, { limit: 1 }))?.conversation.status, 'active');
  });

  it('I10: what a request of the account before was answered is no news for the new one', async () => {
    const machine = openWindow();
    const gate = Promise.withResolvers<undefined>();
    const asked = new Promise<void>((resolve) => {
      proxy.add({
        match: () => {
          resolve();
          return true;
        },
        fault: { kind: 'hold', at: 'request', gate: gate.promise },
      });
    });
    await machine.connect(proxy.url);
    await asked;
    await machine.connect(server.address);
    await machine.synced();
    gate.resolve(undefined);
    assert.deepEqual(
      machine.links.filter((link) => link !== 'up' && link !== 'unknown'),
      [],
    );
  });

  it('I12: after a 401 nothing more is sent, whatever is written', async () => {
    const machine = openWindow();
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    proxy.add({ fault: errorAnswer(401) });
    await machine.say(id, 'the last one that is tried');
    await machine.until(async () => (await machine.status()).state === 'signedOut');
    const asked = proxy.log.length;
    for (let n = 0; n < 5; n += 1) await machine.say(id, `waits ${n}`);
    const end = clock.now() + 5 * 60_000;
    await machine.until(async () => clock.now() >= end);
    assert.equal(proxy.log.length, asked);
    assert.equal((await readBackend(server.address)).length, 1);
  });

  it('I3: a conversation whose creation was not answered is found also behind the first page of the list', async () => {
    const backend = new OldBackend();
    const address = await backend.start();
    const lossy = await startFaultProxy(address);
    try {
      for (let n = 0; n < 200; n += 1) backend.write(`of another client ${n}`, []);
      const machine = openWindow();
      await machine.connect(lossy.url);
      await machine.synced();
      lossy.add({
        match: ({ method, path }) => method === 'POST' && path.endsWith('/conversations'),
        fault: { kind: 'commitThenDrop' },
        times: 1,
      });
      await machine.write('behind 200 others');
      await machine.synced();
      const found = [...backend.conversations.values()].filter(({ title }) => title === 'behind 200 others');
      assert.equal(found.length, 1);
    } finally {
      await lossy.close();
      await backend.close();
    }
  });

  it('I4: what belongs to a conversation with a request under way waits for its end', () => {
    const item = (conversationId: string): OutboxItem => ({
      seq: 1,
      kind: 'append',
      conversationId,
      state: 'queued',
      attempts: 0,
    });
    const state: SyncState = {
      ...initialState,
      account: 'me',
      isLeader: true,
      link: { kind: 'up' },
      pullAt: 9_000,
      busy: new Set(['a']),
    };
    const items = [item('a'), item('b')];
    const { effects } = step(state, { type: 'found', items, nextDueAt: undefined }, 1_000, 0.5);
    const pushed = effects.flatMap((effect) => (effect.type === 'push' ? [effect.item.conversationId] : []));
    assert.deepEqual(pushed, ['b']);
  });
});
