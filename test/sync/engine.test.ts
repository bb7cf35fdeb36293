import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { doubledOnBackend, readBackend, textsOnBackend } from '../support/backend.ts';
import {
  HTML_ANSWER,
  announceOnly,
  errorAnswer,
  startFaultProxy,
  type Fault,
  type FaultProxy,
} from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';

describe('sync engine against a real server, by the plain contract', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let machine: TestMachine;
  beforeEach(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    announceOnly(proxy, []);
    machine = new TestMachine();
  });
  afterEach(async () => {
    await machine.stop();
    await proxy.close();
    await server.close();
    assert.deepEqual(machine.errors, []);
  });
  const onServer = (title: string) => textsOnBackend(server.address, title);
  const posts = () => proxy.log.filter((request) => request.method === 'POST').length;

  it('I2: what was written offline arrives once, in order, without a word from the user', async () => {
    await proxy.refuse();
    await machine.connect(proxy.url);
    const first = await machine.write('a1', 'a2', 'a3');
    await machine.write('b1', 'b2');
    await machine.until(async () => (await machine.status()).state === 'offline');
    assert.deepEqual(await machine.deliveries(first), ['queued', 'queued', 'queued']);
    await proxy.accept();
    await machine.synced();
    assert.deepEqual(await onServer('a1'), ['a1', 'a2', 'a3']);
    assert.deepEqual(await onServer('b1'), ['b1', 'b2']);
    assert.equal(posts(), 7);
  });

  it('I3: an answer that is lost after the commit does not double the conversation or the message', async () => {
    await machine.connect(proxy.url);
    proxy.add({ match: (request) => request.method === 'POST', fault: { kind: 'commitThenDrop' }, times: 2 });
    const id = await machine.write('only once');
    await machine.synced();
    assert.deepEqual(await onServer('only once'), ['only once']);
    assert.equal((await readBackend(server.address)).length, 1);
    assert.deepEqual(await machine.texts(id), ['only once']);
    assert.equal(posts(), 2);
  });

  it('I3: a request that vanished is only sent again when it can no longer be alive', async () => {
    await machine.connect(proxy.url);
    proxy.add({ match: ({ path }) => path.endsWith('/messages'), fault: { kind: 'reset' }, times: 1 });
    await machine.write('late');
    const start = machine.clock.now();
    await machine.synced();
    assert.ok(machine.clock.now() - start >= 60_000, `waited only ${machine.clock.now() - start} ms`);
    assert.deepEqual(await onServer('late'), ['late']);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  it('I2: after many tries that nobody looked at, one lost answer is no reason to give the message up', async () => {
    await machine.connect(proxy.url);
    const isAppend = ({ path }: { path: string }) => path.endsWith('/messages');
    proxy.add({ match: isAppend, fault: { kind: 'reset' }, times: 1 });
    // The rule that was added last counts first.
    proxy.add({ match: isAppend, fault: errorAnswer(429, { 'retry-after': '1' }), times: 7 });
    await machine.write('after all');
    await machine.synced();
    assert.deepEqual(await onServer('after all'), ['after all']);
    assert.equal(proxy.log.filter(({ method, path }) => method === 'POST' && isAppend({ path })).length, 9);
  });

  const nonsense: readonly [string, Fault][] = [
    ['HTML', HTML_ANSWER],
    ['cut JSON', { kind: 'cutAnswer', bytes: 10 }],
    [
      'wrong types',
      { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body: '{"id":7}' },
    ],
    ['429', errorAnswer(429, { 'retry-after': '2' })],
    ['500', errorAnswer(500)],
    ['503', errorAnswer(503)],
  ];
  for (const [name, fault] of nonsense) {
    it(`I2 I3: the backend answers ${name} for a while: nothing lost, nothing doubled`, async () => {
      await machine.connect(proxy.url);
      const id = await machine.write('before');
      await machine.synced();
      const remove = proxy.add({ fault });
      await machine.say(id, 'during');
      machine.syncNow();
      await machine.until(async () => (await machine.status()).state === 'offline');
      remove();
      await machine.synced();
      assert.deepEqual(await onServer('before'), ['before', 'during']);
      assert.deepEqual(await doubledOnBackend(server.address), []);
    });
  }

  it('I12: a backend that answers nonsense is asked at most once a second, and rarely after a while', async () => {
    await machine.connect(proxy.url);
    await machine.write('before');
    await machine.synced();
    proxy.add({ fault: HTML_ANSWER });
    machine.syncNow();
    await machine.until(async () => (await machine.status()).state === 'offline');
    const asked = proxy.log.length;
    const end = machine.clock.now() + 5 * 60_000;
    await machine.until(async () => machine.clock.now() >= end);
    assert.ok(proxy.log.length - asked <= 20, `${proxy.log.length - asked} requests in five minutes`);
  });

  it('401: says signed out, keeps the queue and goes on by itself once the token is right', async () => {
    const remove = proxy.add({ fault: errorAnswer(401) });
    await machine.connect(proxy.url);
    await machine.write('patience');
    await machine.until(async () => (await machine.status()).state === 'signedOut');
    const asked = proxy.log.length;
    machine.clock.advance(10 * 60_000);
    assert.equal(proxy.log.length, asked);
    remove();
    await machine.connect(proxy.url);
    await machine.synced();
    assert.deepEqual(await onServer('patience'), ['patience']);
  });

  it('403: needs attention, keeps the queue, asks rarely', async () => {
    const remove = proxy.add({ fault: errorAnswer(403) });
    await machine.connect(proxy.url);
    await machine.write('not for you');
    await machine.until(async () => (await machine.status()).state === 'attention');
    remove();
    await machine.synced();
    assert.deepEqual(await onServer('not for you'), ['not for you']);
  });

  for (const status of [404, 422]) {
    it(`I2: a message refused with ${status} is parked with its text; the others go on`, async () => {
      await machine.connect(proxy.url);
      const id = await machine.write('fine');
      await machine.synced();
      const posting = ({ method, path }: { method: string; path: string }) =>
        method === 'POST' && path.endsWith('/messages');
      proxy.add({ match: posting, fault: errorAnswer(status), times: 1 });
      const poisoned = await machine.say(id, 'poison');
      await machine.until(async () => (await machine.deliveries(id))[1] === 'parked');
      await machine.say(id, 'after');
      await machine.until(async () => (await onServer('fine')).length === 2);
      assert.deepEqual(await machine.texts(id), ['fine', 'poison', 'after']);
      assert.equal((await machine.status()).state, 'attention');
      await machine.store.retryParked(poisoned.id);
      await machine.synced();
      assert.deepEqual((await onServer('fine')).toSorted(), ['after', 'fine', 'poison']);
    });
  }

  it('I5: star, pin, archive, rename and delete reach the server and another machine', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('shared');
    const gone = await machine.write('to delete');
    await machine.synced();
    const other = new TestMachine();
    try {
      await other.connect(server.address);
      await other.synced();
      await machine.store.change(id, {
        isStarred: true,
        isPinned: true,
        title: 'renamed',
        status: 'archived',
      });
      await machine.store.change(gone, { status: 'deleted' });
      await machine.synced();
      await other.until(
        async () => (await other.store.list({ status: 'archived', limit: 9 })).items.length === 1,
      );
      const page = await other.store.read(id, { limit: 9 });
      const { title, isStarred, isPinned, status } = page?.conversation ?? {};
      assert.deepEqual(
        { title, isStarred, isPinned, status },
        { title: 'renamed', isStarred: true, isPinned: true, status: 'archived' },
      );
      await other.until(
        async () => (await other.store.read(gone, { limit: 1 }))?.conversation.status === 'deleted',
      );
      await machine.store.change(gone, { status: 'active' });
      await machine.synced();
      await other.until(
        async () => (await other.store.read(gone, { limit: 1 }))?.conversation.status === 'active',
      );
    } finally {
      await other.stop();
    }
  });

  it('a burst of clicks on the star is one request', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('clicked');
    await machine.synced();
    for (const isStarred of [true, false, true, false, true]) await machine.store.change(id, { isStarred });
    await machine.synced();
    assert.equal(proxy.log.filter((request) => request.method === 'PATCH').length, 1);
  });

  it('I5: a machine that only has the backend holds the same messages, activities and commands', async () => {
    await machine.connect(proxy.url);
    const id = await machine.write('with steps');
    await machine.store.append({
      id: '0190f3c0-0000-7000-8000-000000000001',
      conversationId: id,
      role: 'assistant',
      content: 'done',
      activities: [{ id: 'a', kind: 'read', label: 'Read a file', status: 'done', filePath: 'a.ts' }],
      commands: [{ id: 'c', command: 'ls', output: 'a.ts\n', status: 'done', exitCode: 0 }],
      metadata: { model: 'x' },
    });
    await machine.synced();
    const other = new TestMachine();
    try {
      await other.connect(server.address);
      await other.synced();
      const ours = await machine.store.read(id, { limit: 9 });
      const theirs = await other.store.read(id, { limit: 9 });
      assert.deepEqual(
        theirs?.messages.map((message) => message.hash),
        ours?.messages.map((message) => message.hash),
      );
      assert.deepEqual(theirs?.messages[1]?.commands, ours?.messages[1]?.commands);
    } finally {
      await other.stop();
    }
  });

  it('I1 I5 T9: what a backend cannot store is sent as something that it can, and read whole again', async () => {
    const said = 'a NUL \0 and a token <|endoftext|> in a prompt';
    const output = 'binary \0\ud800 \\u0000';
    await machine.connect(proxy.url);
    const id = await machine.write(said);
    await machine.store.append({
      id: '0190f3c0-0000-7000-8000-000000000001',
      conversationId: id,
      role: 'assistant',
      content: 'done',
      commands: [{ id: 'c', command: 'cat a.bin', output, status: 'done', exitCode: 0 }],
    });
    await machine.synced();
    const sent = JSON.stringify(
      (await readBackend(server.address)).flatMap(({ messages }) => messages ?? []),
    );
    assert.ok(!sent.includes('<|endoftext|>'));
    const other = new TestMachine();
    try {
      await other.connect(server.address);
      await other.synced();
      const ours = await machine.store.read(id, { limit: 9 });
      const theirs = await other.store.read(id, { limit: 9 });
      assert.equal(theirs?.messages[0]?.content, said);
      assert.deepEqual(theirs.messages[1]?.commands, ours?.messages[1]?.commands);
      assert.deepEqual(
        theirs.messages.map((message) => message.hash),
        ours?.messages.map((message) => message.hash),
      );
    } finally {
      await other.stop();
    }
  });

  it('I5 T9: a title that a backend cannot store is made one that it can where it is written, at a creation and a rename', async () => {
    const poison = `${'\u{1f600}'.repeat(300)} \0\ud800 <|endoftext|>`;
    await machine.connect(proxy.url);
    const [made, renamed] = [await machine.write('made'), await machine.write('renamed')];
    await machine.store.change(made, { title: poison });
    await machine.synced();
    await machine.store.change(renamed, { title: `\0\ud800 <|endoftext|>` });
    await machine.synced();
    machine.syncNow();
    await machine.synced();
    const titleOf = async (id: string) =>
      (await machine.store.read(id, { limit: 1 }))?.conversation.title ?? '';
    const titles = [await titleOf(made), await titleOf(renamed)];
    assert.deepEqual(titles, [`${'\u{1f600}'.repeat(254)}…`, '\ufffd <|endoftext|>']);
    assert.deepEqual((await readBackend(server.address)).map(({ title }) => title).sort(), titles.sort());
    assert.equal((await machine.status()).parked, 0);
  });

  it('I10: conversations of one backend are never sent to another', async () => {
    await machine.connect(proxy.url);
    await machine.write('for the first');
    await machine.synced();
    const second = await startMemoryServer();
    try {
      await proxy.refuse();
      const unsent = await machine.write('written for the first, not sent yet');
      await machine.connect(second.address);
      await machine.write('for the second');
      await machine.synced();
      assert.deepEqual(
        (await readBackend(second.address)).map((conversation) => conversation.title),
        ['for the second'],
      );
      assert.equal((await machine.texts(unsent)).length, 1);
    } finally {
      await second.close();
    }
  });

  it('I2 I3: sync switched off and on at any request loses nothing and doubles nothing', async () => {
    await machine.connect(proxy.url);
    await machine.write('before');
    await machine.synced();
    const texts: string[] = [];
    let id = '';
    // Off just before the first request of a piece of work, just before the second, and so on.
    for (let n = 0; n < 6; n += 1) {
      const title = `switched ${n}`;
      texts.push(title);
      if (n % 3 === 0) id = await machine.write(title);
      else await machine.say(id, title);
      const asked = proxy.log.length;
      await machine.until(async () => proxy.log.length > asked + (n % 2));
      await machine.connect(undefined);
      assert.equal((await machine.status()).state, 'off');
      await machine.say(id, `off ${n}`);
      texts.push(`off ${n}`);
      await machine.connect(proxy.url);
    }
    await machine.synced();
    const there = [...(await onServer('switched 0')), ...(await onServer('switched 3'))];
    assert.deepEqual(there, texts);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  it('sync switched off and on again loses nothing', async () => {
    await machine.connect(undefined);
    const id = await machine.write('kept here');
    assert.equal((await machine.status()).state, 'off');
    await machine.connect(proxy.url);
    await machine.synced();
    await machine.connect(undefined);
    await machine.say(id, 'also here');
    await machine.connect(proxy.url);
    await machine.synced();
    assert.deepEqual(await onServer('kept here'), ['kept here', 'also here']);
  });
});
