import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { Ability } from '../../src/protocol/abilities.ts';
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
  /** `abilities`: all that its server is taken to announce; everything, when absent. */
  const start = async (abilities?: readonly Ability[]): Promise<TestMachine> => {
    const machine = new TestMachine({ clock, ...(abilities && { abilities }) });
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
  const purgeable = async (machine: TestMachine, id: string) => {
    await machine.store.trash({ ids: [id] }, uuidv7());
    return machine.store.trashPreview({ ids: [id] });
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

  describe('of a server that only marks what is deleted', () => {
    beforeEach(async () => {
      [first, second] = [await start([]), await start([])];
    });

    it('I7 D5: a conversation purged here is in the trash there, and no new machine sees it', async () => {
      const id = await shared('purged');
      await first.store.trash({ ids: [id] }, uuidv7());
      await purge(first, id);
      await shows(second, id, 'deleted');
      await first.synced();
      const third = await start([]);
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
      const third = await start([]);
      await third.synced();
      assert.deepEqual([await active(first), await active(second), await active(third)], [[], [], []]);
    });
  });

  describe('of a server that removes for good', () => {
    it('I7 D8: a conversation purged here is gone from the server and from there, and a new machine never sees it', async () => {
      const id = await shared('purged');
      const kept = await shared('kept');
      await first.store.trash({ ids: [id] }, uuidv7());
      await first.synced();
      await shows(second, id, 'deleted');
      await purge(first, id);
      await shows(second, id, undefined);
      await first.synced();
      const response = await fetch(`${server.address}/api/navi-memory/conversations?status=deleted`);
      assert.deepEqual(await response.json(), [], 'no words of it are left there');
      const third = await start();
      await third.synced();
      assert.deepEqual([await active(second), await active(third)], [[kept], [kept]]);
      await second.store.append({ id: uuidv7(), conversationId: kept, role: 'user', content: 'goes on' });
      await second.synced();
    });

    it('I2 I7 D8: words that were not sent, and a draft, keep a purged conversation with their writer', async () => {
      const id = await shared('purged');
      const drafted = await shared('with a draft');
      await second.connect(undefined);
      await second.say(id, 'written offline');
      await second.store.saveDraft(drafted, { messageId: uuidv7(), text: 'half a thought' });
      await first.store.trash({ ids: [id, drafted] }, uuidv7());
      await first.synced();
      await purge(first, id);
      await purge(first, drafted);
      await first.synced();
      await second.connect(server.address);
      await second.until(async () => (await second.status()).state === 'attention');
      assert.match((await second.status()).detail, /deleted for good on another machine/);
      assert.deepEqual(await second.texts(id), ['purged', 'written offline']);
      assert.deepEqual(await second.deliveries(id), ['confirmed', 'parked']);
      assert.deepEqual(await second.texts(drafted), ['with a draft']);
      assert.equal((await second.store.readDraft(drafted))?.text, 'half a thought');
      const [, parked] = (await second.store.read(id, { limit: 9 }))?.messages ?? [];
      assert.equal(parked?.isParkedForGood, true);
      await second.store.retryParked(parked.id);
      assert.equal(await second.store.retryUnsent({ conversationId: id }), 0, 'no Retry brings it back');
      assert.deepEqual(await second.deliveries(id), ['confirmed', 'parked']);
      await first.synced();
      assert.deepEqual([await statusOn(first, id), await active(first)], [undefined, []]);
      assert.equal((await readBackend(server.address)).length, 0);
      const { entries } = await purgeable(second, id);
      assert.equal((await second.store.purge(entries, 'user')).purged, 1, 'its user may let it go');
      await second.synced();
    });
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
