import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { encodeAppend } from '../../src/sync/wire.ts';
import { doubledOnBackend, readBackend, textsOnBackend } from '../support/backend.ts';
import {
  announceOnly,
  errorAnswer,
  startFaultProxy,
  type FaultProxy,
  type SeenRequest,
} from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { tempFolder } from '../support/tempFolder.ts';

const isPost = ({ method }: SeenRequest) => method === 'POST';
const isAppend = ({ method, path }: SeenRequest) => method === 'POST' && path.endsWith('/messages');
const isCreate = ({ method, path }: SeenRequest) => method === 'POST' && path.endsWith('/conversations');
const isRead = ({ method, path }: SeenRequest) => method === 'GET' && path.includes('include_messages');

describe('sync with a backend that keeps client ids', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let machine: TestMachine;
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    announceOnly(proxy, ['idempotent']);
    machine = new TestMachine();
  });
  afterEach(async () => {
    await machine.stop();
    await proxy.close();
    await server.close();
    assert.deepEqual(machine.errors, []);
  });
  const onServer = (title: string) => textsOnBackend(server.address, title);
  const count = (is: (request: SeenRequest) => boolean) => proxy.log.filter(is).length;

  for (const kind of ['commitThenDrop', 'reset'] as const) {
    it(`I2 I3 T12: after ${kind} a create and a message are sent again at once, and stored once`, async () => {
      await machine.connect(proxy.url);
      proxy.add({ match: isAppend, fault: { kind }, times: 1 });
      proxy.add({ match: isCreate, fault: { kind }, times: 1 });
      const id = await machine.write('only once');
      const start = machine.clock.now();
      await machine.until(async () => !(await machine.deliveries(id)).includes('unknown'));
      await machine.until(async () => (await onServer('only once')).length > 0);
      assert.ok(machine.clock.now() - start <= 10_000, `took ${machine.clock.now() - start} ms`);
      await machine.synced();
      assert.deepEqual(await onServer('only once'), ['only once']);
      assert.equal((await readBackend(server.address)).length, 1);
      // What was stored may be found by the pull that looks whether the backend is back.
      if (kind === 'reset') assert.equal(count(isPost), 4);
    });
  }

  it('I2 T12: what a window left without an answer the next one sends again at once', async () => {
    const folder = tempFolder();
    const first = new TestMachine({ folder: folder.path, clock: machine.clock });
    await first.connect(proxy.url);
    const id = await first.write('before');
    await first.synced();
    const heal = proxy.add({ match: isAppend, fault: { kind: 'blackHole' } });
    const posted = count(isAppend);
    await first.say(id, 'in flight');
    while (count(isAppend) === posted) await new Promise((resolve) => setImmediate(resolve));
    await first.stop();
    heal();
    const next = new TestMachine({ folder: folder.path, clock: machine.clock });
    try {
      await next.connect(proxy.url);
      const start = machine.clock.now();
      await next.until(async () => ['sent', 'confirmed'].includes((await next.deliveries(id))[1] ?? ''));
      assert.ok(machine.clock.now() - start <= 10_000, `took ${machine.clock.now() - start} ms`);
      await next.synced();
      assert.deepEqual(await onServer('before'), ['before', 'in flight']);
      assert.deepEqual([first.errors, next.errors], [[], []]);
    } finally {
      await next.stop();
      folder.dispose();
    }
  });

  it('I2 T12: what may be sent again is, once it can be asked what is announced', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    const start = machine.clock.now();
    proxy.add({ match: isAppend, fault: { kind: 'reset' }, times: 1 });
    let asked = 0;
    // The first finds the backend well again, the second asks whether it is the one that it was.
    const isSecond = ({ path }: SeenRequest) => path.endsWith('/capabilities') && (asked += 1) === 2;
    proxy.add({ match: isSecond, fault: { kind: 'reset' } });
    await machine.say(id, 'in flight');
    await machine.until(async () => ['sent', 'confirmed'].includes((await machine.deliveries(id))[1] ?? ''));
    assert.ok(asked > 2, `asked ${asked} times`);
    assert.ok(machine.clock.now() - start <= 20_000, `took ${machine.clock.now() - start} ms`);
    assert.deepEqual(await onServer('before'), ['before', 'in flight']);
  });

  it('I3 T12: a backend that keeps no client ids any more is read before anything is sent to it again', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    // Nor does a pull find what was stored before the time comes to send it again.
    proxy.add({ match: isRead, fault: errorAnswer(500), times: 4 });
    proxy.add({ match: isAppend, fault: { kind: 'answer', status: 500, body: '{}' }, times: 1 });
    await machine.say(id, 'stored, not answered');
    await machine.until(async () => (await machine.deliveries(id))[1] === 'unknown');
    const posted = count(isAppend);
    announceOnly(proxy, []);
    await machine.synced();
    assert.equal(count(isAppend), posted);
    assert.deepEqual(await onServer('before'), ['before', 'stored, not answered']);
  });

  it('I3 T12: a backend that keeps no client ids any more gets nothing again that may still be alive', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    proxy.add({ match: isAppend, fault: { kind: 'reset' }, times: 1 });
    await machine.say(id, 'vanished, or late');
    await machine.until(async () => (await machine.deliveries(id))[1] === 'unknown');
    const posted = count(isAppend);
    announceOnly(proxy, []);
    const end = machine.clock.now() + 50_000;
    await machine.until(async () => machine.clock.now() >= end);
    assert.equal(count(isAppend), posted);
    await machine.synced();
    assert.deepEqual(await onServer('before'), ['before', 'vanished, or late']);
  });

  it('I3 T12: what was sent without a client id is read back, though the backend keeps them by now', async () => {
    announceOnly(proxy, []);
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    proxy.add({ match: isAppend, fault: { kind: 'commitThenDrop' }, times: 1 });
    await machine.say(id, 'stored without an id');
    await machine.until(async () => (await machine.deliveries(id))[1] === 'unknown');
    announceOnly(proxy, ['idempotent']);
    await machine.synced();
    assert.deepEqual(await onServer('before'), ['before', 'stored without an id']);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  it('I3 T13: a conversation that was renamed between two tries is found by its note and renamed there', async () => {
    await machine.connect(proxy.url);
    proxy.add({ match: isCreate, fault: { kind: 'commitThenDrop' }, times: 1 });
    const id = await machine.write('first title');
    await machine.until(async () => (await machine.status()).state === 'offline');
    await machine.store.change(id, { title: 'second title' });
    await machine.synced();
    assert.deepEqual(
      (await readBackend(server.address)).map(({ title }) => title),
      ['second title'],
    );
    assert.deepEqual(await onServer('second title'), ['first title']);
  });

  it('I2 T13: a message whose id stands for other words there is parked with its reason; the others go on', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    await proxy.refuse();
    const { id: taken } = await machine.say(id, 'mine');
    await post(server.address, { role: 'user', content: 'not mine', client_id: taken });
    await machine.say(id, 'after');
    await proxy.accept();
    await machine.until(async () => (await machine.deliveries(id)).at(-1) === 'confirmed');
    const page = await machine.store.read(id, { limit: 9 });
    const mine = page?.messages.find(({ content }) => content === 'mine');
    assert.deepEqual(
      [mine?.delivery, mine?.deliveryReason],
      ['parked', 'The server holds another message under the id of this one.'],
    );
    assert.deepEqual(await onServer('before'), ['before', 'not mine', 'after']);
  });

  it('I3 T13: a message that is there in other words of the wire is found by its note', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    await proxy.refuse();
    const message = await machine.say(id, 'said once');
    // As an earlier NAVI may have sent it.
    const body = encodeAppend(message);
    await post(server.address, {
      ...body,
      metadata: { ...body.metadata, earlier: true },
      client_id: message.id,
    });
    await proxy.accept();
    await machine.synced();
    assert.deepEqual(await onServer('before'), ['before', 'said once']);
    assert.deepEqual(await machine.texts(id), ['before', 'said once']);
  });

  it('I7 I2 T14: a message to a conversation that was deleted for good elsewhere is parked and says so', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    await proxy.refuse();
    await machine.say(id, 'too late');
    const [there] = await readBackend(server.address);
    await fetch(`${server.address}/api/navi-memory/conversations/${there?.id}?purge=true`, {
      method: 'DELETE',
    });
    await proxy.accept();
    await machine.until(async () => (await machine.deliveries(id)).includes('parked'));
    const page = await machine.store.read(id, { limit: 9 });
    const [, late] = page?.messages ?? [];
    assert.equal(late?.content, 'too late');
    assert.match(late.deliveryReason ?? '', /^This conversation was deleted for good on another machine/);
    assert.deepEqual(await readBackend(server.address), []);
  });

  it('I2 T12: a message that the backend fails to take again and again is parked; the others go on', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    const heal = proxy.add({ match: isAppend, fault: errorAnswer(500) });
    const poisoned = await machine.say(id, 'poison');
    await machine.say(id, 'after');
    await machine.until(async () => (await machine.store.readMessage(poisoned.id))?.delivery === 'parked');
    heal();
    await machine.until(async () => (await machine.deliveries(id)).at(-1) === 'confirmed');
    assert.deepEqual(await onServer('before'), ['before', 'after']);
    await machine.store.retryParked(poisoned.id);
    await machine.synced();
    assert.deepEqual(await onServer('before'), ['before', 'after', 'poison']);
  });
});

async function post(address: string, body: object): Promise<void> {
  const [there] = await readBackend(address);
  const answer = await fetch(`${address}/api/navi-memory/conversations/${there?.id}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200);
}
