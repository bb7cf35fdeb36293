import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { Ability } from '../../src/protocol/abilities.ts';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { otherClient, type Ask } from '../support/otherClient.ts';

const API = '/api/navi-memory';
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `message ${n + 1}`);

describe('the feed of changes', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let orgId: string;
  let machines: TestMachine[];
  let seen: number;
  before(async () => {
    server = await startMemoryServer();
  });
  after(() => server.close());
  beforeEach(async () => {
    proxy = await startFaultProxy(server.address);
    orgId = randomUUID();
    machines = [];
    seen = 0;
  });
  afterEach(async () => {
    for (const machine of machines) await machine.stop();
    await proxy.close();
    assert.deepEqual(
      machines.flatMap(({ errors }) => errors),
      [],
    );
  });

  const start = async (abilities?: readonly Ability[]): Promise<TestMachine> => {
    const machine = new TestMachine({ orgId, ...(abilities && { abilities }) });
    machines.push(machine);
    await machine.connect(proxy.url);
    await machine.synced();
    return machine;
  };
  const ask: Ask = (...given) => otherClient(server.address, orgId)(...given);
  const write = async (title: string, texts: readonly string[]): Promise<string> => {
    const { id } = (await ask('POST', '/conversations', { title })) as { id: string };
    for (let from = 0; from < texts.length; from += 500) await say(id, texts.slice(from, from + 500));
    return id;
  };
  const say = (id: string, texts: readonly string[]) =>
    ask('POST', `/conversations/${id}/messages/batch`, {
      messages: texts.map((content) => ({ role: 'user', content, client_id: uuidv7() })),
    });
  const titled = async (machine: TestMachine, title: string) => {
    const { items } = await machine.store.list({ status: 'active', limit: 500 });
    return items.find((item) => item.title === title);
  };
  const shows = (machine: TestMachine, title: string, count: number) =>
    machine.until(async () => ((await titled(machine, title))?.messageCount ?? 0) === count);
  const textsOf = async (machine: TestMachine, title: string) =>
    machine.texts((await titled(machine, title))?.id ?? '');
  /** Requests since the last call, without what follows a `?`. */
  const asked = (): string[] => {
    const fresh = proxy.log.slice(seen).filter(({ path }) => !path.includes('/events'));
    seen = proxy.log.length;
    return fresh.map(({ method, path }) => `${method} ${path.replace(API, '').replace(/\?.*/, '')}`);
  };

  it('I12 T20: a start with nothing changed is two requests', async () => {
    await write('one', ['a']);
    await write('two', ['b']);
    const machine = await start();
    await shows(machine, 'two', 1);
    await machine.connect(undefined);
    asked();
    await machine.connect(proxy.url);
    await machine.synced();
    assert.deepEqual(asked(), ['GET /capabilities', 'GET /changes']);
  });

  it('I5 T20: a new machine gets everything in order, without reading any conversation', async () => {
    await write('long', numbered(450));
    const renamed = await write('old name', numbered(3));
    await ask('PATCH', `/conversations/${renamed}`, { title: 'renamed after its messages' });
    const machine = await start();
    assert.deepEqual(await textsOf(machine, 'long'), numbered(450));
    assert.deepEqual(await textsOf(machine, 'renamed after its messages'), numbered(3));
    assert.equal((await titled(machine, 'long'))?.isUnread, false, 'history is no news');
    assert.deepEqual(
      asked().filter((line) => line.startsWith('GET /conversations/')),
      [],
    );
    await say(renamed, ['news']);
    machine.syncNow();
    await shows(machine, 'renamed after its messages', 4);
    assert.equal((await titled(machine, 'renamed after its messages'))?.isUnread, true);
  });

  it('I5 T20: with the feed alone, a conversation that comes after its messages is read first', async () => {
    const renamed = await write('old name', numbered(3));
    await write('long', numbered(450));
    await ask('PATCH', `/conversations/${renamed}`, { title: 'renamed' });
    const gone = await write('gone', ['x']);
    await ask('PATCH', `/conversations/${gone}`, { title: 'gone too' });
    await ask('DELETE', `/conversations/${gone}`);
    const machine = await start(['changes']);
    assert.deepEqual(await textsOf(machine, 'renamed'), numbered(3));
    assert.deepEqual(await textsOf(machine, 'long'), numbered(450));
    assert.equal((await machine.store.list({ status: 'deleted', limit: 9 })).items.length, 0);
  });

  it('I1 T20: the place moves with its rows and never before them; what broke off goes on where it was', async () => {
    await write('long', numbered(450));
    const isSecondPage = ({ path }: { path: string }) => path.includes('/changes') && path.includes('since');
    const remove = proxy.add({ match: isSecondPage, fault: { kind: 'reset' } });
    const machine = new TestMachine({ orgId });
    machines.push(machine);
    await machine.connect(proxy.url);
    await machine.until(async () => (await machine.status()).state === 'offline');
    const before = (await textsOf(machine, 'long')).length;
    assert.ok(before > 0 && before < 450, `${before} of the first page`);
    remove();
    asked();
    await machine.synced();
    assert.deepEqual(await textsOf(machine, 'long'), numbered(450));
    assert.deepEqual(
      asked().filter((line) => line.endsWith('/conversations')),
      [],
      'not begun anew',
    );
  });

  it('I2 I6 T20: a server with another history is read from its start, and nothing here is lost', async () => {
    const theirs = await write('theirs', ['before']);
    const machine = await start();
    const mine = await machine.write('mine');
    await machine.synced();
    await say(theirs, ['after']);
    const isFeed = ({ path }: { path: string }) => path.includes('/changes');
    proxy.add({ match: isFeed, fault: errorAnswer(410), times: 1 });
    machine.syncNow();
    // Live events may tell the message before the feed is asked.
    await machine.until(async () => machine.warnings.some((text) => text.includes('another history')));
    await shows(machine, 'theirs', 2);
    await machine.synced();
    assert.deepEqual(await machine.texts(mine), ['mine']);
  });

  it('I5 T20: what was deleted before a machine first came is not in its trash, and whole once it is restored', async () => {
    const gone = await write('restored', numbered(250));
    await ask('DELETE', `/conversations/${gone}`);
    const machine = await start();
    assert.equal((await machine.store.list({ status: 'deleted', limit: 9 })).items.length, 0);
    await ask('PATCH', `/conversations/${gone}`, { status: 'active' });
    machine.syncNow();
    await shows(machine, 'restored', 250);
    assert.deepEqual(await textsOf(machine, 'restored'), numbered(250));
  });

  it('I2 T20: a server that announces a feed and has none is read by its list', async () => {
    await write('listed', ['a']);
    proxy.add({ match: ({ path }) => path.includes('/changes'), fault: errorAnswer(404) });
    const machine = await start();
    assert.deepEqual(await textsOf(machine, 'listed'), ['a']);
  });

  it('I5 T21: history comes by pages where they are announced, and a way that broke off goes on where it was', async () => {
    await write('long', numbered(1_000));
    const isThird = ({ path }: { path: string }) => path.includes('/messages?') && path.includes('before');
    proxy.add({ match: isThird, fault: { kind: 'pass' }, times: 1 });
    proxy.add({ match: isThird, fault: errorAnswer(500), times: 1 });
    const machine = await start(['paging']);
    await shows(machine, 'long', 1_000);
    const pages = proxy.log.filter(({ path }) => path.includes('/messages?'));
    assert.equal(pages.length, 6, 'five pages, one of them twice');
    assert.deepEqual(await textsOf(machine, 'long'), numbered(1_000));
  });
});
