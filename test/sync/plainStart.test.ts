import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { step } from '../../src/sync/machine.ts';
import { initialState } from '../../src/sync/state.ts';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';

describe('a start with a backend that announced nothing', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let machine: TestMachine;
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    machine = new TestMachine();
  });
  afterEach(async () => {
    await machine.stop();
    await proxy.close();
    await server.close();
    assert.deepEqual(machine.errors, []);
  });

  it('I12 T22: is not asked again by the first pull; what it has learned since is found by the second', async () => {
    const remove = proxy.add({
      match: ({ path }) => path.endsWith('/capabilities'),
      fault: errorAnswer(404),
    });
    await machine.connect(proxy.url);
    const id = await machine.write('one');
    await machine.until(async () => (await machine.deliveries(id)).every((one) => one === 'confirmed'));
    await machine.connect(undefined);
    remove();
    const before = proxy.log.length;
    const asked = () => proxy.log.slice(before).map(({ path }) => path.split('?')[0]);
    await machine.connect(proxy.url);
    await machine.synced();
    assert.deepEqual([...new Set(asked())], ['/api/navi-memory/conversations']);
    await machine.until(
      () => Promise.resolve(asked().some((path) => path?.endsWith('/changes') === true)),
      60_000,
    );
    await machine.say(id, 'two');
    await machine.synced();
    assert.deepEqual(await machine.texts(id), ['one', 'two']);
  });

  it('I10 T22: what was known of the backend of one account says nothing of that of another', () => {
    const state = { ...initialState, account: 'a', isLeader: true, memory: 'reading' } as const;
    const isPlain = (account: string): boolean =>
      step(
        state,
        { type: 'recalled', status: { link: 'up', detail: '', account, isPlain: true } },
        1_000,
        0.5,
      ).state.isPlain;
    assert.deepEqual([isPlain('a'), isPlain('b')], [true, false]);
  });
});
