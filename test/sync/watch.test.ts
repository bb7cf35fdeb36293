import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { lookOf } from '../../src/vscode/statusLook.ts';
import { outcomeOf } from '../../src/vscode/syncWords.ts';
import { errorAnswer, startFaultProxy, type Fault, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { until } from '../vscode/until.ts';

const TOKEN = 'secret-token-of-the-test-4711';
const t = (text: string, ...args: (string | number)[]) =>
  text.replace(/\{(\d)\}/g, (_, n: string) => String(args[Number(n)]));

describe('watching sync', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  let machine: TestMachine;
  before(async () => {
    server = await startMemoryServer({ NAVI_DEV_TOKEN: TOKEN });
    proxy = await startFaultProxy(server.address);
  });
  after(async () => {
    await proxy.close();
    await server.close();
  });
  beforeEach(async () => {
    proxy.clear();
    await proxy.accept();
    machine = new TestMachine();
  });
  afterEach(async () => {
    await machine.stop();
    assert.deepEqual(machine.errors, []);
  });
  const isAppend = ({ method, path }: { method: string; path: string }) =>
    method === 'POST' && path.includes('/messages');
  const lineOf = (text: string, start: string) =>
    text.split('\n').find((line) => line.startsWith(start)) ?? `no line "${start}" in ${text}`;

  it('I11: a whole sync with every kind of failure leaves no word, title or token in log, report, status bar or notice', async () => {
    const shown: string[] = [];
    const look = async () => {
      const status = await machine.status();
      const { text, actions } = await machine.report();
      shown.push(text, JSON.stringify(actions), status.detail, JSON.stringify(lookOf(status, t)));
      for (const asked of ['reached', 'failed', 'silent'] as const)
        shown.push(outcomeOf(asked, status, t).text);
    };
    await machine.connect(proxy.url, `wrong-${TOKEN}`);
    const id = await machine.write(...Array.from({ length: 5 }, (_, n) => `Marzipan ${n} is a secret`));
    await machine.store.changeMany([{ id, change: { tags: ['marzipan'] } }]);
    await machine.until(async () => (await machine.status()).state === 'signedOut');
    await look();
    const refuse = proxy.add({ match: isAppend, fault: errorAnswer(422) });
    await machine.connect(proxy.url, TOKEN);
    await machine.until(async () => (await machine.deliveries(id)).includes('parked'));
    const faults: readonly Fault[] = [{ kind: 'cutAnswer', bytes: 9 }, { kind: 'commitThenDrop' }];
    for (const fault of faults) proxy.add({ match: isAppend, fault, times: 1 });
    refuse();
    await look();
    const forbid = proxy.add({ match: ({ method }) => method === 'PATCH', fault: errorAnswer(403) });
    await machine.store.change(id, { title: 'Marzipan, renamed' });
    // Those of before may be there by now.
    await machine.store.changeMany([{ id, change: { addTags: ['more marzipan'] } }]);
    await machine.until(async () =>
      (await machine.store.syncFacts(undefined, 0)).parked.some(({ kind }) => kind === 'fields'),
    );
    await look();
    forbid();
    assert.ok((await machine.store.retryUnsent({ account: undefined })) >= 2);
    await machine.synced();
    await look();
    await machine.connect(undefined);
    await look();

    const all = [...shown, ...machine.log].join('\n');
    assert.match(all, /debug POST append [\w-]+ -> 422, \d+ ms, \d+ B out, \d+ B in/);
    assert.match(all, /debug GET .*-> 401, /);
    assert.match(all, /- the title, the tags of conversation/);
    assert.doesNotMatch(all, /marzipan|is a secret|renamed/i);
    assert.ok(!all.includes(TOKEN), 'the token was written down');
  });

  it('the report says how sync stands, what was counted, and what can be done', async () => {
    await machine.connect(proxy.url, TOKEN);
    const id = await machine.write('one', 'two');
    await machine.synced();
    await machine.until(async () => (await machine.deliveries(id)).every((state) => state === 'confirmed'));
    proxy.add({ match: isAppend, fault: errorAnswer(422), times: 1 });
    await machine.say(id, 'refused');
    await machine.until(async () => (await machine.status()).state === 'attention');
    const { text, actions } = await machine.report();
    assert.match(text, /^# NAVI: Sync Status\n\nConnected\. 1 change needs your attention\.\n/);
    assert.equal(lineOf(text, '- server'), `- server: ${proxy.url}`);
    assert.equal(lineOf(text, '- account'), '- account: the user of the token, with a token');
    assert.match(lineOf(text, '- state'), /connected since 20\d\d-/);
    assert.match(lineOf(text, '- last error'), /status 422.*ago/);
    assert.equal(lineOf(text, '- syncs for'), '- syncs for all windows: this window');
    assert.match(lineOf(text, '- the server announces'), /idempotent/);
    assert.equal(lineOf(text, '- needing attention'), '- needing attention: 1 messages');
    assert.match(lineOf(text, `- message`), new RegExp(`of conversation ${id}: .*status 422`));
    // Other tests have left conversations on the server.
    const [, here, there] = /: (\d+) on this machine, (\d+) of them/.exec(lineOf(text, '- messages')) ?? [];
    assert.equal(Number(here) - Number(there), 1);
    assert.match(lineOf(text, '- last seen on'), /2 messages, 20\d\d-/);
    assert.match(lineOf(text, '- this window, from its start'), /: [\d,]+ ms$/);
    assert.match(lineOf(text, '  - new conversations'), /100 % of 1 request succeeded/);
    const lines = text.split('\n');
    assert.deepEqual(
      actions.map(({ line, action, conversationId }) => [action, conversationId, lines[line]?.slice(0, 9)]),
      [
        ['again', undefined, '# NAVI: S'],
        ['retryAll', undefined, '1 change '],
        ['openConversation', id, '- message'],
        ['syncNow', undefined, '- state: '],
      ],
    );
  });

  it('counters outlive the window that counted, without a write for each request', async () => {
    const folder = tempFolder();
    const first = new TestMachine({ folder: folder.path });
    let second: TestMachine | undefined;
    try {
      await first.connect(proxy.url, TOKEN);
      await first.write('counted', 'counted too');
      await first.synced();
      // The lease is the first window's by now.
      const next = (second = new TestMachine({ folder: folder.path, clock: first.clock }));
      const stored = () => next.store.syncFacts(first.account, first.clock.now());
      assert.equal((await stored()).tally, undefined);
      await first.stop();
      const { tally, leader } = await stored();
      assert.deepEqual([tally?.creates.ok, leader], [1, 'none']);
      assert.ok((tally?.appends.ok ?? 0) > 0);
      await next.connect(proxy.url, TOKEN);
      await next.write('by another window');
      await next.synced();
      assert.equal((await stored()).leader, 'this');
      next.clock.advance(60_000);
      await next.until(async () => ((await stored()).tally?.creates.ok ?? 0) > 1, 90_000);
    } finally {
      await second?.stop();
      folder.dispose();
    }
  });

  describe('Sync Now', () => {
    let folder: ReturnType<typeof tempFolder>;
    let leader: TestMachine;
    let other: TestMachine;
    beforeEach(async () => {
      folder = tempFolder();
      leader = new TestMachine({ folder: folder.path });
      await leader.connect(proxy.url, TOKEN);
      await leader.synced();
      other = new TestMachine({ folder: folder.path, clock: leader.clock });
      await other.connect(proxy.url, TOKEN);
    });
    afterEach(async () => {
      await other.stop();
      await leader.stop();
      folder.dispose();
    });
    /** The answer. Windows hear of each other by real time: the clock goes on no faster. */
    const answered = (asking: Promise<string>) => {
      let answer: string | undefined;
      void asking.then((said) => (answer = said));
      return until(
        async () => {
          await leader.whenIdle();
          leader.clock.advance(100);
          return answer;
        },
        { what: 'an answer' },
      );
    };

    it('in a window that does not sync is done by the one that does, and answered', async () => {
      const asked = proxy.log.length;
      await other.write('written in the other window');
      assert.equal(await answered(other.asking.ask()), 'reached');
      assert.equal((await leader.status()).state, 'synced');
      assert.ok(proxy.log.length > asked);
    });

    it('of an unreachable server is answered as failed, and the queue is kept', async () => {
      await proxy.refuse();
      const id = await other.write('kept');
      assert.equal(await answered(other.asking.ask()), 'failed');
      await proxy.accept();
      assert.deepEqual(await other.deliveries(id), ['queued']);
    });

    it('without a window that syncs says so after a while', async () => {
      await leader.stop();
      const asking = machine.asking.ask();
      await machine.until(async () => (await machine.store.readAsked()).askedAt !== undefined);
      machine.clock.advance(60_000);
      assert.equal(await asking, 'silent');
    });
  });
});
