import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { readBackend } from '../support/backend.ts';
import { HandClock } from '../support/clock.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';

describe('the trash on two machines', () => {
  let server: TestServer;
  let machines: TestMachine[];
  let first: TestMachine;
  let second: TestMachine;
  const clock = new HandClock();
  const start = async (): Promise<TestMachine> => {
    const machine = new TestMachine({ clock });
    machines.push(machine);
    await machine.connect(server.address);
    return machine;
  };
  beforeEach(async () => {
    server = await startMemoryServer();
    machines = [];
    [first, second] = [await start(), await start()];
  });
  afterEach(async () => {
    for (const machine of machines) await machine.stop();
    await server.close();
    assert.deepEqual(
      machines.flatMap(({ errors }) => errors),
      [],
    );
  });
  const statusOn = async (machine: TestMachine, id: string) =>
    (await machine.store.read(id, { limit: 1 }))?.conversation.status;
  const shows = (machine: TestMachine, id: string, status: string | undefined) =>
    machine.until(async () => (await statusOn(machine, id)) === status);
  const purge = async (machine: TestMachine, id: string) => {
    const { entries } = await machine.store.trashPreview({ ids: [id] });
    return machine.store.purge(entries, 'user');
  };
  /** A conversation that both machines hold. */
  const shared = async (text: string): Promise<string> => {
    const id = await first.write(text);
    await first.synced();
    await shows(second, id, 'active');
    return id;
  };
  const active = async (machine: TestMachine) =>
    (await machine.store.list({ status: 'active', limit: 100 })).items.map(({ id }) => id);

  it('I7 D5: a conversation purged here is in the trash there, and no new machine sees it', async () => {
    const id = await shared('purged');
    await first.store.trash({ ids: [id] }, uuidv7());
    await purge(first, id);
    await shows(second, id, 'deleted');
    await first.synced();
    const third = await start();
    await third.synced();
    assert.deepEqual([await active(first), await active(third)], [[], []]);
    assert.equal(await statusOn(third, id), undefined);
    assert.deepEqual(
      await second.texts(id),
      ['purged'],
      'I2: its words are there until they are removed there',
    );
  });

  it('I7 D5: what another machine goes on saying in a purged conversation brings it back nowhere', async () => {
    const id = await shared('purged');
    await second.connect(undefined);
    await second.say(id, 'written offline');
    await first.store.trash({ ids: [id] }, uuidv7());
    await first.synced();
    await purge(first, id);
    await second.connect(server.address);
    // There it comes back to its writer, is deleted again by the machine that purged it, and stays deleted.
    await second.synced();
    await first.until(
      async () =>
        (await statusOn(second, id)) === 'deleted' && (await readBackend(server.address)).length === 0,
    );
    await first.synced();
    await second.synced();
    assert.deepEqual(
      await second.texts(id),
      ['purged', 'written offline'],
      'I2: nothing of it is lost there',
    );
    assert.equal(await statusOn(first, id), undefined);
    const third = await start();
    await third.synced();
    assert.deepEqual([await active(first), await active(second), await active(third)], [[], [], []]);
  });

  it('I2 D2: a conversation deleted here while another machine writes in it comes back, here too', async () => {
    const id = await shared('talk');
    await second.connect(undefined);
    await second.say(id, 'written offline');
    await first.store.trash({ ids: [id] }, uuidv7());
    await first.synced();
    await second.connect(server.address);
    await second.synced();
    await shows(first, id, 'active');
    await first.until(async () => (await first.texts(id)).length === 2);
    assert.deepEqual(
      [await first.texts(id), await statusOn(second, id)],
      [['talk', 'written offline'], 'active'],
    );
  });

  it('I2 D2: also when its message reached the server after the deletion and before the news of it', async () => {
    const id = await shared('talk');
    await first.store.trash({ ids: [id] }, uuidv7());
    await first.synced();
    await second.say(id, 'too late');
    await second.until(async () =>
      (await second.deliveries(id)).every((delivery) => delivery === 'confirmed'),
    );
    await shows(second, id, 'active');
    await shows(first, id, 'active');
    await first.until(async () => (await first.texts(id)).length === 2);
  });

  it('I7 D1: a restore reaches the other machine, whose trash had it', async () => {
    const id = await shared('back');
    const act = uuidv7();
    await first.store.trash({ ids: [id] }, act);
    await first.synced();
    await shows(second, id, 'deleted');
    await first.store.restore({ actId: act });
    await first.synced();
    await shows(second, id, 'active');
  });
});
