import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import type { TestMachine } from '../support/machines.ts';
import { OldBackend } from '../support/oldBackend.ts';
import { Together } from '../support/together.ts';

const MINUTE = 60_000;
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `message ${n + 1}`);
const lossesOf = (machine: TestMachine) => machine.log.filter((line) => line.includes('has lost'));

describe('what a server has lost, by the plain contract', () => {
  let backend: OldBackend;
  let proxy: FaultProxy;
  let together: Together;
  beforeEach(async () => {
    backend = new OldBackend();
    proxy = await startFaultProxy(await backend.start());
    together = new Together();
  });
  afterEach(async () => {
    await together.stop();
    await proxy.close();
    await backend.close();
    together.assertSound();
  });
  const until = (...given: Parameters<Together['until']>) => together.until(...given);
  const wait = (ms: number) => together.wait(ms);
  const start = (options: Parameters<Together['start']>[1] = {}) => together.start(proxy.url, options);
  const isConfirmed = async (machine: TestMachine, id: string) => {
    const deliveries = await machine.deliveries(id);
    return deliveries.length > 0 && deliveries.every((delivery) => delivery === 'confirmed');
  };
  /** A conversation that is there. */
  const write = async (machine: TestMachine, ...texts: readonly string[]) => {
    const id = await machine.write(...texts);
    await until(() => isConfirmed(machine, id));
    return id;
  };
  /** What it holds, without what it has as its own. */
  const there = () =>
    [...backend.conversations.values()]
      .filter(({ status }) => status !== 'deleted')
      .map(({ messages }) => messages.map(({ content }) => content))
      .sort();
  const moved = (machine: TestMachine, id: string, from: string | undefined) => async () => {
    const now = await machine.remoteIdOf(id);
    return now !== undefined && now !== from;
  };

  it('I2 T35: a conversation that is gone is created anew, with all its messages, once', async () => {
    const machine = await start();
    await write(machine, 'a');
    await write(machine, 'b');
    const backup = backend.backUp();
    const id = await write(machine, 'first', 'second', 'third');
    const before = await machine.remoteIdOf(id);
    backend.goBackTo(backup);
    const isCreation = ({ method }: { method: string }) => method === 'POST';
    const undo = proxy.add({ match: isCreation, fault: errorAnswer(429) });
    await until(async () => (await machine.deliveries(id)).every((delivery) => delivery === 'queued'));
    undo();
    assert.match(
      (await machine.report()).text,
      /has lost 1 conversation and 3 messages; they are sent again/,
    );
    await until(moved(machine, id, before));
    await until(() => isConfirmed(machine, id));
    assert.deepEqual(there(), [['a'], ['b'], ['first', 'second', 'third']]);
    assert.deepEqual(await machine.texts(id), ['first', 'second', 'third']);
    assert.deepEqual(lossesOf(machine), [
      'The server has lost 1 conversation and 3 messages; they are sent again.',
    ]);
    assert.match((await machine.report()).text, /None of it waits any more/);
    await wait(2 * MINUTE);
    assert.equal(lossesOf(machine).length, 1);
  });

  it('I2 T35: an empty database is filled again, after five minutes, with what is starred as well', async () => {
    const machine = await start();
    const id = await write(machine, 'mine');
    await machine.store.change(id, { isStarred: true });
    await until(() => [...backend.conversations.values()].every((one) => one.is_starred));
    backend.goBackTo();
    const lostAt = together.clock.now();
    await until(() => backend.conversations.size > 0, 10 * MINUTE);
    assert.ok(together.clock.now() - lostAt >= 5 * MINUTE);
    await until(() => isConfirmed(machine, id));
    await until(() => [...backend.conversations.values()].every((one) => one.is_starred));
    assert.deepEqual(there(), [['mine']]);
  });

  it('I2 I4 T36: messages that are gone are sent again, and stand where they stood, here and on a new machine', async () => {
    const machine = await start();
    const id = await write(machine, 'one', 'two');
    const backup = backend.backUp();
    for (const text of ['three', 'four']) await machine.say(id, text);
    await until(() => isConfirmed(machine, id));
    backend.goBackTo(backup);
    const [conversation] = backend.conversations.values();
    assert.ok(conversation);
    backend.say(conversation, 'from elsewhere');
    await until(async () => (await machine.texts(id)).length === 5);
    const shown = ['one', 'two', 'three', 'four', 'from elsewhere'];
    assert.deepEqual(await machine.texts(id), shown);
    await until(() => conversation.messages.length === 5);
    await until(() => isConfirmed(machine, id));
    assert.deepEqual(await machine.texts(id), shown);
    const newcomer = await start();
    await until(async () => (await newcomer.texts(id)).length === 5);
    assert.deepEqual(await newcomer.texts(id), shown);
    assert.deepEqual(lossesOf(machine), ['The server has lost 2 messages; they are sent again.']);
  });

  it('I2 T36: what the server took and lost before it was seen there is sent again', async () => {
    const machine = await start();
    const id = await write(machine, 'one');
    await wait(MINUTE);
    const backup = backend.backUp();
    await machine.say(id, 'two');
    await until(async () =>
      (await machine.deliveries(id)).every((one) => one !== 'queued' && one !== 'sending'),
    );
    assert.deepEqual(await machine.deliveries(id), ['confirmed', 'sent']);
    backend.goBackTo(backup);
    await until(() => isConfirmed(machine, id));
    assert.deepEqual(there(), [['one', 'two']]);
  });

  it('I3 T36: what lies behind the newest 200 is not missed, and what is missed among them is sent again', async () => {
    const machine = await start();
    const id = await machine.write(...numbered(230));
    const isSent = async () => (await machine.status()).state === 'synced';
    await until(isSent);
    await wait(MINUTE);
    const backup = backend.backUp();
    await machine.say(id, 'after the backup');
    await until(isSent);
    await wait(2 * MINUTE);
    assert.deepEqual(lossesOf(machine), []);
    backend.goBackTo(backup);
    await until(() => lossesOf(machine).length > 0);
    await until(isSent);
    assert.deepEqual(lossesOf(machine), ['The server has lost 1 message; it is sent again.']);
    assert.deepEqual(there(), [[...numbered(230), 'after the backup']]);
  });

  it('I3 T35: a 404 from a proxy for a while, or a list without it, is no loss', async () => {
    const machine = await start();
    for (const text of ['a', 'b', 'c', 'd']) await write(machine, text);
    const id = await write(machine, 'mine');
    const remoteId = (await machine.remoteIdOf(id)) ?? '';
    const [kept] = [...backend.conversations].filter(([one]) => one === remoteId);
    assert.ok(kept);
    const creates = () => backend.log.filter((line) => line === 'POST /api/navi-memory/conversations').length;
    const before = creates();
    // Not on the list, but there.
    backend.hidden.add(remoteId);
    await wait(2 * MINUTE);
    backend.hidden.clear();
    await wait(MINUTE);
    // Gone for one reading.
    backend.conversations.delete(remoteId);
    const reads = () =>
      backend.log.filter((line) => line === `GET /api/navi-memory/conversations/${remoteId}`);
    const seen = reads().length;
    await until(() => reads().length > seen);
    backend.conversations.set(...kept);
    await wait(2 * MINUTE);
    // All conversations answer 404, and the list is empty: for a minute.
    const remove = [/\/conversations\/[^/?]+/, /\/conversations\?/].map((path, index) =>
      proxy.add({
        match: (request) => path.test(request.path),
        fault: index === 0 ? errorAnswer(404) : { kind: 'answer', status: 200, body: '[]' },
      }),
    );
    await wait(MINUTE);
    for (const undo of remove) undo();
    // The list is whole, but nothing can be read.
    const undo = proxy.add({
      match: (request) => /\/conversations\/[^/?]+/.test(request.path),
      fault: errorAnswer(404),
    });
    backend.hidden.add(remoteId);
    await wait(3 * MINUTE);
    undo();
    backend.hidden.clear();
    await wait(MINUTE);
    assert.deepEqual([creates(), lossesOf(machine)], [before, []]);
    assert.ok(await isConfirmed(machine, id));
  });

  it('I3 T35: a conversation that the account may not see (403) is no loss', async () => {
    const machine = await start();
    for (const text of ['a', 'b', 'c']) await write(machine, text);
    const remoteId = (await machine.remoteIdOf(await write(machine, 'mine'))) ?? '';
    backend.hidden.add(remoteId);
    proxy.add({ match: ({ path }) => path.includes(remoteId), fault: errorAnswer(403) });
    await wait(3 * MINUTE);
    assert.deepEqual([backend.conversations.size, lossesOf(machine)], [4, []]);
  });

  it('I10 T35: what was lost at one server is sent to that one, though another is used meanwhile', async () => {
    const machine = await start();
    for (const text of ['a', 'b', 'c']) await write(machine, text);
    const backup = backend.backUp();
    const id = await write(machine, 'lost');
    backend.goBackTo(backup);
    const refusal = { match: ({ method }: { method: string }) => method === 'POST', fault: errorAnswer(429) };
    const undo = proxy.add(refusal);
    await until(async () => (await machine.deliveries(id)).includes('queued'));
    const another = new OldBackend();
    await machine.connect(await another.start());
    await wait(2 * MINUTE);
    assert.equal(another.conversations.size, 0);
    assert.doesNotMatch((await machine.report()).text, /has lost/);
    undo();
    await machine.connect(proxy.url);
    await until(() => isConfirmed(machine, id));
    await another.close();
    assert.deepEqual(there(), [['a'], ['b'], ['c'], ['lost']]);
  });

  it('I7 T37: what was deleted is not sent again; restored here, it is', async () => {
    const machine = await start();
    for (const text of ['a', 'b', 'c', 'd']) await write(machine, text);
    const backup = backend.backUp();
    const trashed = await write(machine, 'in the trash');
    const purged = await write(machine, 'deleted for good');
    await machine.store.trash({ ids: [trashed, purged] }, 'act');
    const { entries } = await machine.store.trashPreview({ ids: [purged] });
    await machine.store.purge(entries, 'user');
    await until(
      () => [...backend.conversations.values()].filter(({ status }) => status === 'deleted').length === 2,
    );
    backend.goBackTo(backup);
    await wait(3 * MINUTE);
    assert.deepEqual(there(), [['a'], ['b'], ['c'], ['d']]);
    await machine.store.restore({ ids: [trashed] });
    await until(() => there().length === 5, 3 * MINUTE);
    await until(() => isConfirmed(machine, trashed));
    assert.deepEqual(there(), [['a'], ['b'], ['c'], ['d'], ['in the trash']]);
  });

  it('I7 T37: a deletion that the server has lost is given anew', async () => {
    const machine = await start();
    await write(machine, 'kept');
    const id = await write(machine, 'to be deleted');
    await wait(MINUTE);
    const backup = backend.backUp();
    await machine.store.trash({ ids: [id] }, 'act');
    await until(() => there().length === 1);
    await wait(MINUTE);
    backend.goBackTo(backup);
    assert.equal(there().length, 2);
    await until(() => there().length === 1);
    await wait(MINUTE);
    assert.deepEqual(there(), [['kept']]);
    assert.equal((await machine.store.list({ status: 'deleted', limit: 9 })).items.length, 1);
  });

  describe('with several machines', () => {
    /** Both have the conversation, of which each wrote a part; the server has lost all of it. */
    const shared = async (one: TestMachine, other: TestMachine) => {
      for (const text of ['a', 'b', 'c', 'd']) await write(one, text);
      const backup = backend.backUp();
      const id = await write(one, 'first');
      await until(async () => (await other.texts(id)).length === 1);
      await other.say(id, 'second');
      await until(async () => (await one.texts(id)).length === 2);
      await until(async () => (await isConfirmed(one, id)) && (await isConfirmed(other, id)));
      return { id, before: await one.remoteIdOf(id), lose: () => backend.goBackTo(backup) };
    };
    const leave = async (machine: TestMachine) => {
      together.machines.splice(together.machines.indexOf(machine), 1);
      await machine.connect(undefined);
      await machine.whenIdle();
    };
    const comeBack = async (machine: TestMachine) => {
      together.machines.push(machine);
      await machine.connect(proxy.url);
    };

    it('I2 I3 T38: what a machine wrote that does not come back is sent by one of the others, half an hour later', async () => {
      const [one, other, third] = [await start(), await start(), await start()];
      const { id, before, lose } = await shared(one, other);
      await until(async () => (await third.texts(id)).length === 2);
      await leave(one);
      lose();
      const lostAt = together.clock.now();
      for (const machine of [other, third])
        await until(async () => (await machine.deliveries(id)).every((delivery) => delivery === 'queued'));
      assert.match((await third.report()).text, /2 messages; they are sent again.* wait, safe/);
      for (const machine of [other, third]) await until(moved(machine, id, before), 60 * MINUTE);
      assert.ok(together.clock.now() - lostAt >= 30 * MINUTE);
      for (const machine of [other, third]) await until(() => isConfirmed(machine, id), 60 * MINUTE);
      assert.deepEqual(there().at(-1)?.length, 2);
      assert.equal(backend.conversations.size, 5);
      await comeBack(one);
      await until(moved(one, id, before));
      await wait(5 * MINUTE);
      assert.equal(backend.conversations.size, 5);
      for (const machine of together.machines) assert.deepEqual(await machine.texts(id), ['first', 'second']);
      assert.deepEqual([...backend.conversations.values()].at(-1)?.messages.length, 2);
    });

    it('I3 I5 T38: a machine that was away while another found the loss takes the new one for the old one', async () => {
      const [one, other] = [await start(), await start()];
      const { id, before, lose } = await shared(one, other);
      await leave(other);
      lose();
      await until(moved(one, id, before));
      await until(async () => (await one.deliveries(id))[0] === 'confirmed');
      const again = await one.remoteIdOf(id);
      await comeBack(other);
      await until(async () => (await other.remoteIdOf(id)) === again, 15_000);
      for (const machine of together.machines) await until(() => isConfirmed(machine, id));
      for (const machine of together.machines) {
        assert.deepEqual(await machine.texts(id), ['first', 'second']);
        assert.equal((await machine.store.list({ status: 'active', limit: 99 })).items.length, 5);
      }
      assert.deepEqual([...backend.conversations.values()].at(-1)?.messages.length, 2);
    });

    it('I7 T37: what another machine purged does not come back by one that had not heard of it', async () => {
      const [one, other] = [await start(), await start()];
      const { id, before, lose } = await shared(one, other);
      await leave(one);
      await other.store.trash({ ids: [id] }, 'act');
      const { entries } = await other.store.trashPreview({ ids: [id] });
      await other.store.purge(entries, 'user');
      await until(() => there().length === 4);
      lose();
      await wait(MINUTE);
      await leave(other);
      await comeBack(one);
      await until(moved(one, id, before));
      await until(() => isConfirmed(one, id), 60 * MINUTE);
      assert.equal(there().length, 5);
      await comeBack(other);
      await until(() => there().length === 4);
      await wait(2 * MINUTE);
      assert.equal(there().length, 4);
      assert.equal(await other.store.read(id, { limit: 1 }), undefined);
      const { items } = await one.store.list({ status: 'active', limit: 99 });
      assert.equal(items.length, 4);
    });

    it('I2 I3 T38: what another client wrote is sent again once, with its words and its place', async () => {
      const machine = await start();
      for (const text of ['a', 'b', 'c', 'd']) await write(machine, text);
      const other = await start();
      const backup = backend.backUp();
      backend.write('of an old panel', ['its prompt', 'its next']);
      const old = async (one: TestMachine) =>
        (await one.store.list({ status: 'active', limit: 9 })).items.find(
          ({ title }) => title === 'of an old panel',
        );
      for (const one of together.machines) await until(async () => (await old(one))?.messageCount === 2);
      const id = (await old(machine))?.id ?? '';
      backend.goBackTo(backup);
      await until(() => there().length === 5, 60 * MINUTE);
      for (const one of together.machines) await until(() => isConfirmed(one, id), 60 * MINUTE);
      for (const one of together.machines) assert.deepEqual(await one.texts(id), ['its prompt', 'its next']);
      await wait(45 * MINUTE);
      assert.deepEqual(there().at(-1), ['its prompt', 'its next']);
      assert.equal(await other.remoteIdOf(id), await machine.remoteIdOf(id));
    });

    it('I2 I3 I5 T38: each sends again what it wrote, once, and all show the old order', async () => {
      const [one, other] = [await start(), await start()];
      for (const text of ['a', 'b', 'c']) await write(one, text);
      const backup = backend.backUp();
      const id = await write(one, 'first');
      await until(async () => (await other.texts(id)).length === 1);
      await other.say(id, 'second');
      await until(async () => (await one.texts(id)).length === 2);
      await one.say(id, 'third');
      await until(async () => (await other.texts(id)).length === 3);
      await until(() => isConfirmed(one, id));
      const before = await one.remoteIdOf(id);
      backend.goBackTo(backup);
      for (const machine of together.machines) await until(moved(machine, id, before), 4 * MINUTE);
      for (const machine of together.machines) await until(() => isConfirmed(machine, id), 4 * MINUTE);
      assert.equal(backend.conversations.size, 4);
      assert.deepEqual(
        [...backend.conversations.values()]
          .at(-1)
          ?.messages.map(({ content }) => content)
          .sort(),
        ['first', 'second', 'third'],
      );
      const newcomer = await start();
      await until(async () => (await newcomer.texts(id)).length === 3);
      for (const machine of together.machines)
        assert.deepEqual(await machine.texts(id), ['first', 'second', 'third']);
    });
  });
});
