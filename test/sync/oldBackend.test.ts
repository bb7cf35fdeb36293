import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { errorAnswer, startFaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { OldBackend } from '../support/oldBackend.ts';

const texts = (count: number) => Array.from({ length: count }, (_, n) => `message ${n + 1}`);

describe('sync with the public backend as it is', () => {
  let backend: OldBackend;
  let machine: TestMachine;
  let url: string;
  beforeEach(async () => {
    backend = new OldBackend();
    url = await backend.start();
    machine = new TestMachine();
  });
  afterEach(async () => {
    await machine.stop();
    await backend.close();
    assert.deepEqual(machine.errors, []);
  });
  const only = () => {
    const [conversation] = backend.conversations.values();
    assert.ok(conversation);
    return conversation;
  };
  const onlyHere = async () => {
    const { items } = await machine.store.list({ status: 'active', limit: 9 });
    assert.equal(items.length, 1);
    return items[0]?.id ?? '';
  };
  const histories = () => backend.log.filter((line) => line.startsWith('GET /api/chat/sessions/')).length;

  describe('that refuses every change of fields', () => {
    it('I2 T10: star, pin and archive go through the second door, and messages go on', async () => {
      await machine.connect(url);
      const id = await machine.write('first');
      await machine.synced();
      await machine.store.change(id, { isStarred: true, isPinned: true, status: 'archived' });
      await machine.synced();
      const { is_starred: isStarred, is_pinned: isPinned, status } = only();
      assert.deepEqual(
        { isStarred, isPinned, status },
        { isStarred: true, isPinned: true, status: 'archived' },
      );
      await machine.store.change(id, { isStarred: false, isPinned: false, status: 'active' });
      await machine.say(id, 'second');
      await machine.synced();
      const after = only();
      assert.deepEqual([after.is_starred, after.is_pinned, after.status], [false, false, 'active']);
      assert.deepEqual(
        after.messages.map(({ content }) => content),
        ['first', 'second'],
      );
    });

    it('I2 T10: a title is kept here and parked with its reason; what was changed with it is taken', async () => {
      await machine.connect(url);
      const id = await machine.write('first');
      await machine.synced();
      await machine.store.change(id, { title: 'renamed', isStarred: true });
      await machine.until(async () => (await machine.status()).state === 'attention');
      assert.equal(only().is_starred, true);
      assert.match((await machine.status()).detail, /403/);
      await machine.say(id, 'second');
      await machine.until(() => Promise.resolve(only().messages.length === 2));
      machine.syncNow();
      await machine.until(async () => (await machine.deliveries(id)).every((one) => one === 'confirmed'));
      const page = await machine.store.read(id, { limit: 1 });
      assert.equal(page?.conversation.title, 'renamed');
      assert.equal(page.conversation.isStarred, true);
      assert.ok(!machine.links.includes('denied'), 'messages were held up');
    });

    it('I7 T10: a deleted conversation is deleted there although its title was refused, and restored', async () => {
      await machine.connect(url);
      const id = await machine.write('first');
      await machine.synced();
      await machine.store.change(id, { title: 'renamed', status: 'deleted' });
      await machine.until(() => Promise.resolve(only().status === 'deleted'));
      await machine.store.change(id, { status: 'active' });
      await machine.until(() => Promise.resolve(only().status === 'active'));
    });
  });

  describe('that shows the newest 200 messages', () => {
    it('I5 T11: what is older comes through the second door, each once and in order', async () => {
      backend.write('long', texts(1_250));
      await machine.connect(url);
      await machine.synced();
      const id = await onlyHere();
      await machine.until(
        async () =>
          (await machine.store.list({ status: 'active', limit: 9 })).items[0]?.messageCount === 1_250,
      );
      const newest = await machine.texts(id);
      assert.deepEqual(newest, texts(1_250).slice(250));
      assert.equal((await machine.store.list({ status: 'active', limit: 9 })).items[0]?.isUnread, false);
      backend.write('another', ['x']);
      machine.syncNow();
      await machine.until(
        async () => (await machine.store.list({ status: 'active', limit: 9 })).items.length === 2,
      );
      assert.equal(histories(), 1, 'asked for once');
    });

    it('I5 T11: more than 200 that others wrote in between leave no gap', async () => {
      const conversation = backend.write('long', texts(150));
      await machine.connect(url);
      await machine.synced();
      const id = await onlyHere();
      assert.equal(histories(), 0);
      for (const text of texts(450).slice(150)) backend.say(conversation, text);
      machine.syncNow();
      await machine.until(async () => (await machine.texts(id)).length === 450);
      assert.deepEqual(await machine.texts(id), texts(450));
    });

    it('I2 T11: trouble with the second door is no reason to give the older ones up', async () => {
      backend.options.failingHistories = 2;
      backend.write('long', texts(300));
      await machine.connect(url);
      await machine.until(
        async () => (await machine.store.list({ status: 'active', limit: 9 })).items[0]?.messageCount === 300,
      );
      assert.equal(histories(), 3);
    });

    for (const histories of ['silent', 'huge'] as const)
      it(`I2 T11: a history that is ${histories} holds up neither other conversations nor what is sent`, async () => {
        backend.options.histories = histories;
        const long = backend.write('long', texts(300));
        backend.write('another', ['x']);
        await machine.connect(url);
        await machine.until(
          async () => (await machine.store.list({ status: 'active', limit: 9 })).items.length === 2,
        );
        const mine = await machine.write('mine');
        await machine.until(async () => (await machine.deliveries(mine)).every((one) => one === 'confirmed'));
        const links = machine.links.filter((link) => link !== 'unknown');
        assert.deepEqual(links, ['up'], 'the backend never counted as away');
        const { items } = await machine.store.list({ status: 'active', limit: 9 });
        const id = items.find(({ title }) => title === long.title)?.id ?? '';
        const page = await machine.store.read(id, { limit: 500 });
        assert.deepEqual([page?.messages.length, page?.lacksOlder === true], [200, histories === 'huge']);
      });

    it('I10 T11: a history that has not what the contract shows is not believed', async () => {
      backend.options.histories = 'others';
      backend.write('long', texts(300));
      await machine.connect(url);
      await machine.synced();
      const id = await onlyHere();
      await machine.until(async () => (await machine.store.read(id, { limit: 500 }))?.lacksOlder === true);
      assert.deepEqual(await machine.texts(id), texts(300).slice(100));
    });

    it('I2 I3 T11: what had no answer and may lie before those is not sent again without the user’s word', async () => {
      backend.options.door = 'missing';
      const proxy = await startFaultProxy(url);
      try {
        await machine.connect(proxy.url);
        const id = await machine.write('first');
        await machine.synced();
        const fault = { kind: 'commitThenDrop' } as const;
        proxy.add({ match: ({ path }) => path.endsWith('/messages'), fault, times: 1 });
        // Nobody looks before the others have written.
        const remove = proxy.add({ match: ({ method }) => method === 'GET', fault: errorAnswer(500) });
        await machine.say(id, 'lost?');
        await machine.until(() => Promise.resolve(only().messages.length === 2));
        for (const text of texts(250)) backend.say(only(), text);
        await machine.until(async () => (await machine.status()).state === 'offline');
        remove();
        await machine.until(async () => (await machine.status()).state === 'attention');
        assert.match((await machine.status()).detail, /only its newest/);
        const later = machine.clock.now() + 10 * 60_000;
        await machine.until(() => Promise.resolve(machine.clock.now() > later), 11 * 60_000);
        assert.equal(only().messages.filter(({ content }) => content === 'lost?').length, 1);
        assert.ok((await machine.texts(id)).includes('lost?'));
      } finally {
        await proxy.close();
      }
    });

    it('I3 T11: what had no answer is looked for again while what is older does not come', async () => {
      const proxy = await startFaultProxy(url);
      try {
        await machine.connect(proxy.url);
        const id = await machine.write('first');
        await machine.synced();
        const fault = { kind: 'commitThenDrop' } as const;
        proxy.add({ match: ({ path }) => path.endsWith('/messages'), fault, times: 1 });
        const history = ({ path }: { path: string }) => path.startsWith('/api/chat/sessions/');
        const remove = proxy.add({ match: history, fault: errorAnswer(500) });
        const away = proxy.add({ match: ({ method }) => method === 'GET', fault: errorAnswer(500) });
        await machine.say(id, 'lost?');
        await machine.until(() => Promise.resolve(only().messages.length === 2));
        for (const text of texts(250)) backend.say(only(), text);
        await machine.until(async () => (await machine.status()).state === 'offline');
        away();
        const later = machine.clock.now() + 3 * 60_000;
        await machine.until(() => Promise.resolve(machine.clock.now() > later), 4 * 60_000);
        assert.equal(only().messages.filter(({ content }) => content === 'lost?').length, 1);
        remove();
        await machine.synced();
        assert.equal(only().messages.filter(({ content }) => content === 'lost?').length, 1);
        assert.ok((await machine.deliveries(id)).every((one) => one === 'confirmed'));
      } finally {
        await proxy.close();
      }
    });

    for (const door of ['missing', 'stranger'] as const) {
      it(`I5 T11: says that older ones are not available where the second door is ${door}, and keeps what is here`, async () => {
        backend.options.door = door;
        backend.write('long', texts(300));
        await machine.connect(url);
        await machine.synced();
        const id = await onlyHere();
        await machine.until(async () => (await machine.store.read(id, { limit: 500 }))?.lacksOlder === true);
        assert.deepEqual(await machine.texts(id), texts(300).slice(100));
        assert.equal(
          (await machine.store.read(id, { limit: 50 }))?.lacksOlder,
          undefined,
          'only where they would stand',
        );
        await machine.say(id, 'mine');
        await machine.synced();
        assert.equal((await machine.texts(id)).length, 201);
        assert.equal(histories(), 0);
      });
    }
  });

  it('I12 T22: a start with nothing changed asks for no page more than it knows; the next pull lists all', async () => {
    const first = backend.write('with words', ['x']);
    for (let n = 1; n < 200; n += 1) backend.write(`conversation ${n}`, []);
    await machine.connect(url);
    await machine.synced();
    await machine.connect(undefined);
    backend.log.length = 0;
    await machine.connect(url);
    await machine.synced();
    const lists = () => backend.log.filter((line) => line === 'GET /api/navi-memory/conversations').length;
    assert.equal(lists(), 1, 'one full page, and no look for a second or for what is deleted');
    assert.equal(backend.log.length, 1, 'nor for what it announces, which was nothing');
    await machine.until(() => Promise.resolve(lists() === 4), 60_000);
    await machine.connect(undefined);
    first.status = 'deleted';
    await machine.connect(url);
    await machine.synced();
    const { items } = await machine.store.list({ status: 'deleted', limit: 9 });
    assert.deepEqual(
      items.map(({ title }) => title),
      ['with words'],
      'where one is missing, the start looks for it',
    );
  });

  it('I1 T9: nothing that is sent is answered with 500 for what it says', async () => {
    await machine.connect(url);
    const id = await machine.write('NUL \0, token <|endoftext|>', 'and another');
    await machine.until(async () => (await machine.deliveries(id)).every((one) => one === 'confirmed'));
    assert.deepEqual(await machine.texts(id), ['NUL \0, token <|endoftext|>', 'and another']);
  });
});
