import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
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

const isBatch = ({ path }: SeenRequest) => path.endsWith('/batch');
const isAppend = ({ method, path }: SeenRequest) => method === 'POST' && path.endsWith('/messages');
const numbered = (of: string, from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `${of}${from + n}`);

describe('sync with a backend that takes many messages at once', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let machine: TestMachine;
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    announceOnly(proxy, ['idempotent', 'batch']);
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

  /** Two conversations that wait with 30 messages each. */
  async function writeOffline(): Promise<readonly [string, string]> {
    await proxy.refuse();
    await machine.connect(proxy.url);
    const [a, b] = [
      await machine.write(...numbered('a', 0, 30)),
      await machine.write(...numbered('b', 0, 30)),
    ];
    await machine.until(async () => (await machine.status()).state === 'offline');
    await proxy.accept();
    return [a, b];
  }
  async function assertThere(): Promise<void> {
    assert.deepEqual(await onServer('a0'), numbered('a', 0, 30));
    assert.deepEqual(await onServer('b0'), numbered('b', 0, 30));
    assert.deepEqual(await doubledOnBackend(server.address), []);
  }

  it('I2 I4 T15: the queue of a conversation goes in one request, in order', async () => {
    const [a] = await writeOffline();
    await machine.synced();
    await assertThere();
    assert.deepEqual([count(isBatch), count(isAppend)], [2, 0]);
    assert.deepEqual(await machine.texts(a), numbered('a', 0, 30));
  });

  it('I3 T15: batches whose answers are lost are sent again, and stored once', async () => {
    await writeOffline();
    proxy.add({ match: isBatch, fault: { kind: 'commitThenDrop' }, times: 2 });
    proxy.add({ match: isBatch, fault: { kind: 'cutAnswer', bytes: 40 }, times: 1 });
    const start = machine.clock.now();
    await machine.synced();
    await assertThere();
    assert.ok(machine.clock.now() - start < 45_000, `took ${machine.clock.now() - start} ms`);
  });

  it('I3 T15: without client ids all of a lost batch is looked for with one reading', async () => {
    announceOnly(proxy, ['batch']);
    await writeOffline();
    proxy.add({ match: isBatch, fault: { kind: 'commitThenDrop' }, times: 1 });
    await machine.synced();
    await assertThere();
    assert.equal(count(isBatch), 2);
  });

  it('I3 T15: without client ids a batch that vanished is sent again as one, once it can no longer be alive', async () => {
    announceOnly(proxy, ['batch']);
    await writeOffline();
    proxy.add({ match: isBatch, fault: { kind: 'reset' }, times: 1 });
    const start = machine.clock.now();
    await machine.synced();
    await assertThere();
    assert.ok(machine.clock.now() - start >= 60_000);
    assert.ok(count(isBatch) + count(isAppend) < 20, `${count(isBatch)} batches, ${count(isAppend)} alone`);
  });

  it('I2 T15: a batch that is refused as a whole goes message by message', async () => {
    await writeOffline();
    proxy.add({ match: isBatch, fault: errorAnswer(413) });
    await machine.synced();
    await assertThere();
  });

  it('I2 T15: batches that the backend fails to take become smaller, until each message is alone', async () => {
    await writeOffline();
    proxy.add({ match: isBatch, fault: errorAnswer(500) });
    await machine.synced();
    await assertThere();
    assert.ok(count(isBatch) < 30, `${count(isBatch)} batches`);
  });

  it('I2 T15: what is wrong with one message is told of that one, and stops no other', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('before');
    await machine.synced();
    await proxy.refuse();
    const [taken, wrong] = [await machine.say(id, 'taken'), await machine.say(id, 'wrong')];
    const [odd, fine] = [await machine.say(id, 'odd'), await machine.say(id, 'fine')];
    const [there] = await readBackend(server.address);
    await fetch(`${server.address}/api/navi-memory/conversations/${there?.id}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ role: 'user', content: 'other words', client_id: taken.id }),
    });
    const stored = { id: 'r-fine', created_at: '2026-01-01T00:00:00.000001+00:00' };
    const results = [
      { status: 'conflict', client_id: taken.id },
      { status: 'invalid', client_id: wrong.id, detail: 'metadata: too deep' },
      // An answer that names another message is none for this one.
      { status: 'stored', client_id: wrong.id, ...stored, id: 'r-odd' },
      { status: 'stored', client_id: fine.id, ...stored },
    ];
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ results });
    const fault = { kind: 'answer', status: 200, headers, body, forward: false } as const;
    proxy.add({ match: isBatch, fault, times: 1 });
    await proxy.accept();
    const stateOf = async (messageId: string) => {
      const message = await machine.store.readMessage(messageId);
      return [message?.delivery, message?.deliveryReason];
    };
    await machine.until(async () => (await stateOf(taken.id))[0] === 'parked');
    await machine.until(async () => (await stateOf(odd.id))[0] === 'confirmed');
    assert.deepEqual(await stateOf(wrong.id), ['parked', 'The server finds this message malformed.']);
    assert.equal((await stateOf(fine.id))[0], 'sent');
    assert.deepEqual(await onServer('before'), ['before', 'other words', 'odd']);
  });

  it('I4 T15: a reply that is still written goes when it is over, and what follows it after it', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('prompt');
    const reply = '0190f3c0-0000-7000-8000-000000000001';
    await machine.store.append({
      id: reply,
      conversationId: id,
      role: 'assistant',
      content: 'half',
      status: 'streaming',
    });
    await machine.say(id, 'next prompt');
    await machine.until(async () => (await machine.deliveries(id))[0] === 'confirmed');
    assert.deepEqual(await onServer('prompt'), ['prompt']);
    await machine.store.settle(reply, 'complete');
    await machine.synced();
    assert.deepEqual(await onServer('prompt'), ['prompt', 'half', 'next prompt']);
  });

  it('I12 T15: a request is far smaller than what the backend takes', async () => {
    announceOnly(proxy, ['idempotent', 'batch'], { bodyBytes: 80_000 });
    await writeOffline();
    await machine.synced();
    await assertThere();
    assert.ok(count(isBatch) >= 6, `${count(isBatch)} batches`);
  });
});
