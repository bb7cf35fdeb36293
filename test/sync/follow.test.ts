import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';

describe('following what happens on the server', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let orgId: string;
  let machines: TestMachine[];
  before(async () => {
    server = await startMemoryServer();
  });
  after(() => server.close());
  beforeEach(async () => {
    proxy = await startFaultProxy(server.address);
    orgId = randomUUID();
    machines = [];
  });
  afterEach(async () => {
    for (const machine of machines) await machine.stop();
    await proxy.close();
    assert.deepEqual(
      machines.flatMap(({ errors }) => errors),
      [],
    );
  });

  const start = async (): Promise<TestMachine> => {
    const machine = new TestMachine({ orgId });
    machines.push(machine);
    await machine.connect(proxy.url);
    await machine.synced();
    return machine;
  };
  const isEvents = ({ path }: { path: string }) => path.includes('/events');
  const streams = () => proxy.log.filter(isEvents).length;
  const polls = () => proxy.log.filter(({ path }) => path.includes('/changes')).length;
  /** Until the condition holds after some commit; the clock of the machine stands still. */
  const told = async (machine: TestMachine, condition: () => Promise<boolean>): Promise<void> => {
    for (;;) {
      const changed = Promise.withResolvers<undefined>();
      const subscription = machine.store.onDidChange(() => changed.resolve(undefined));
      const isSo = await condition();
      if (!isSo) await changed.promise;
      subscription.dispose();
      if (isSo) return;
    }
  };
  const listed = async (machine: TestMachine) =>
    (await machine.store.list({ status: 'active', limit: 9 })).items.map(({ id }) => id);

  it('I5 S7: what another machine says is here while the clock stands still', async () => {
    const [first, second] = [await start(), await start()];
    await second.until(() => Promise.resolve(streams() === 2));
    const asked = polls();
    const id = await first.write('said there');
    await first.synced();
    await told(second, async () => (await second.texts(id)).length === 1);
    assert.deepEqual(await second.texts(id), ['said there']);
    await second.say(id, 'answered here');
    await second.until(async () => (await second.deliveries(id))[1] === 'confirmed', 1_000);
    await told(first, async () => (await first.texts(id)).length === 2);
    await first.store.change(id, { isStarred: true });
    await first.until(async () => (await first.status()).state === 'synced');
    await told(
      second,
      async () => (await second.store.read(id, { limit: 1 }))?.conversation.isStarred === true,
    );
    assert.equal(polls(), asked, 'nobody asked');
  });

  it('I5 S7: what was deleted when this machine came, and is brought back, comes with its messages', async () => {
    const first = await start();
    const id = await first.write('one', 'two');
    await first.synced();
    await first.store.trash({ ids: [id] }, randomUUID());
    await first.until(async () => (await first.status()).state === 'synced');
    const second = await start();
    await second.until(() => Promise.resolve(streams() === 2));
    assert.deepEqual(await second.texts(id), []);
    await first.store.restore({ ids: [id] });
    await first.until(async () => (await first.status()).state === 'synced');
    await second.until(async () => (await second.texts(id)).length === 2, 20_000);
    assert.deepEqual(await second.texts(id), ['one', 'two']);
  });

  it('I12 S7: while a stream lives the server is asked once in five minutes', async () => {
    const machine = await start();
    await machine.until(() => Promise.resolve(streams() === 1));
    const asked = proxy.log.length;
    const end = machine.clock.now() + 20 * 60_000;
    await machine.until(() => Promise.resolve(machine.clock.now() >= end), 30 * 60_000);
    const requests = proxy.log.slice(asked).map(({ path }) => path.replace(/\?.*/, ''));
    const lists = requests.filter((path) => path.endsWith('/conversations'));
    assert.ok(requests.length - lists.length <= 5, `${requests.join(', ')} in twenty minutes`);
    // What was deleted and what was not, every quarter of an hour: whether the server has lost anything.
    assert.ok(lists.length <= 4, `${lists.length} lists in twenty minutes`);
  });

  it('I5 I12 S7: where streams are refused it polls, and asks for none again', async () => {
    proxy.add({ match: isEvents, fault: errorAnswer(404) });
    const [first, second] = [await start(), await start()];
    await second.until(() => Promise.resolve(streams() === 2));
    const id = await first.write('by polling');
    await first.synced();
    await second.until(async () => (await second.texts(id)).length === 1, 60_000);
    const end = second.clock.now() + 10 * 60_000;
    await second.until(() => Promise.resolve(second.clock.now() >= end), 11 * 60_000);
    assert.equal(streams(), 2);
  });

  it('I5 I12 S7: a stream that breaks off is opened again where it was, without a storm', async () => {
    const [first, second] = [await start(), await start()];
    await second.until(() => Promise.resolve(streams() === 2));
    await second.connect(undefined);
    proxy.add({ match: isEvents, fault: { kind: 'reset' }, times: 5 });
    await second.connect(proxy.url);
    await second.until(() => Promise.resolve(streams() === 8), 3 * 60_000);
    const asked = polls();
    const id = await first.write('after the breaks');
    await first.synced();
    await told(second, async () => (await second.texts(id)).length === 1);
    assert.equal(polls(), asked);
  });

  it('I2 S7: a conversation of which only a message is told is read, and the stream goes on', async () => {
    const first = await start();
    const id = await first.write('one', 'two');
    await first.store.change(id, { status: 'deleted' });
    await first.synced();
    const second = await start();
    await second.until(() => Promise.resolve(streams() === 2));
    assert.deepEqual(await listed(second), []);
    await first.store.change(id, { status: 'active' });
    await first.say(id, 'three');
    await first.synced();
    await second.until(async () => (await second.texts(id)).length === 3, 6 * 60_000);
    assert.deepEqual(await second.texts(id), ['one', 'two', 'three']);
  });
});
