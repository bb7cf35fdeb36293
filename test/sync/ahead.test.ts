import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Lease } from '../../src/store/outbox.ts';
import type { Operations } from '../../src/store/sqlite/operations.ts';
import { StoreError } from '../../src/store/store.ts';
import { sendAppends } from '../../src/sync/append.ts';
import { pushItem } from '../../src/sync/push.ts';
import type { PushContext } from '../../src/sync/pushContext.ts';
import { RemoteError, type AppendWithId, type Remote } from '../../src/sync/remote.ts';
import { DirectStore, type World } from '../support/directStore.ts';
import { MemoryBackend } from '../support/memoryBackend.ts';
import { memoryRemote } from '../support/memoryRemote.ts';
import { pushContext } from '../support/pushContext.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** So many go at first where each needs a request of its own. */
const FIRST = 16;
const OWNER = 'somebody';
const texts = (count: number) => Array.from({ length: count }, (_, n) => `m${n}`);

describe('messages that are begun while others are on their way', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  let backend: MemoryBackend;
  let signal: AbortController;
  /** Before a request with this text is carried out. */
  let before: (text: string) => void | Promise<void>;
  /** Before a call of the store: it may throw. */
  let calls: (name: keyof Operations) => void;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_700_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    lease = window.lease();
    backend = new MemoryBackend({ abilities: [] }, world.now);
    signal = new AbortController();
    before = () => undefined;
    calls = () => undefined;
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });

  function there(count: number): { readonly id: string; readonly remoteId: string } {
    const id = window.write(...texts(count));
    const { id: remoteId } = backend.create(OWNER, { initial_context: { navi: { id } } });
    window.createThere(lease, id, remoteId);
    return { id, remoteId };
  }
  function context(): PushContext {
    const asked = memoryRemote(backend, OWNER);
    const remote: Remote = {
      ...asked,
      append: async (id, body: AppendWithId, aborted) => {
        await before(body.content);
        return await asked.append(id, body, aborted);
      },
    };
    return pushContext(window, lease, remote, { signal: signal.signal, onCall: (name) => calls(name) });
  }
  const onBackend = (remoteId: string) =>
    backend.read(OWNER, remoteId).messages?.map(({ content }) => content) ?? [];
  const attempts = (id: string) => window.items(id).map(({ state, attempts: tried }) => `${state} ${tried}`);

  it('I2 I4 T16: all go, in order, with a transaction for each part and none that a request waits for', async () => {
    const { id, remoteId } = there(60);
    const log: string[] = [];
    before = (text) => void log.push(text);
    calls = (name) => log.push(name);
    assert.deepEqual(await sendAppends(context(), id), { kind: 'ok' });
    assert.deepEqual(onBackend(remoteId), texts(60));
    assert.deepEqual(window.items(id), []);
    const [, second, ...rest] = log;
    assert.equal(second, 'settleAppends', 'the second part is begun before the first is answered');
    assert.ok(rest.lastIndexOf('settleAppends') > rest.indexOf('m59'));
    assert.ok(log.filter((name) => name === 'settleAppends').length <= 6, log.join(' '));
  });

  it('I2 I4 T16: the first of a conversation are begun in the transaction that enters its creation', async () => {
    const id = window.write(...texts(3));
    const log: string[] = [];
    before = (text) => void log.push(text);
    calls = (name) => log.push(name);
    const push = () => pushItem(context(), window.itemOf(id, 'create'));
    assert.deepEqual(await push(), { kind: 'ok' });
    assert.deepEqual(log, ['beginSend', 'completeCreate', ...texts(3), 'settleAppends']);
    assert.deepEqual(window.items(id), []);
  });

  it('I2 T16: nothing is begun behind a creation where something else comes first', async () => {
    const id = window.write('m0');
    const stopped = { ...context(), mayGoOn: () => false };
    assert.deepEqual(await pushItem(stopped, window.itemOf(id, 'create')), { kind: 'ok' });
    assert.deepEqual(attempts(id), ['queued 0']);
  });

  it('I4 T16: another conversation may have its place once nothing of it follows, before it is entered', async () => {
    const { id } = there(22);
    const log: string[] = [];
    before = (text) => void log.push(text);
    calls = (name) => log.push(name);
    const answered = (conversationId: string) => log.push(conversationId === id ? 'answered' : 'another');
    await sendAppends({ ...context(), answered }, id);
    assert.deepEqual(log.slice(-3), ['m21', 'answered', 'settleAppends']);
    assert.equal(log.filter((entry) => entry === 'answered').length, 1);
  });

  it('S2 T16: it keeps its place while what went wrong is entered', async () => {
    const { id } = there(3);
    before = () => {
      throw new RemoteError('unknown', 'No answer');
    };
    const answered = () => assert.fail('the next request would fail too');
    assert.equal((await sendAppends({ ...context(), answered }, id)).kind, 'unreachable');
  });

  it('I4 T16: one that is not taken keeps back those that were begun behind it, which were not tried', async () => {
    const { id, remoteId } = there(22);
    before = (text) => {
      if (text === 'm2') throw new RemoteError('unknown', 'No answer');
    };
    assert.equal((await sendAppends(context(), id)).kind, 'unreachable');
    assert.deepEqual(onBackend(remoteId), ['m0', 'm1']);
    assert.deepEqual(attempts(id), ['unknown 1', ...Array.from({ length: 19 }, () => 'queued 0')]);
  });

  it('I2 I3 T16: what was answered is entered also when the store refused to begin those behind it', async () => {
    const { id, remoteId } = there(22);
    let settled = 0;
    calls = (name) => {
      if (name === 'settleAppends' && (settled += 1) === 2) throw new StoreError('busy', 'Busy.');
    };
    await assert.rejects(sendAppends(context(), id), { problem: 'busy' });
    assert.deepEqual(onBackend(remoteId), texts(FIRST));
    assert.deepEqual(
      attempts(id),
      Array.from({ length: 6 }, () => 'queued 0'),
    );
  });

  it('I8 T16: a lease that is lost meanwhile ends it with the request that is under way', async () => {
    const { id, remoteId } = there(22);
    before = (text) => {
      if (text !== 'm1') return;
      world.now += 31_000;
      const other = new DirectStore(folder.path, world, { id: 'w2', pid: 2 });
      other.lease();
      other.close();
    };
    await assert.rejects(sendAppends(context(), id), { problem: 'fenced' });
    assert.deepEqual(onBackend(remoteId), ['m0', 'm1']);
    assert.ok(
      attempts(id).every((row) => row.startsWith('unknown')),
      'the next window looks for all of them',
    );
  });

  it('I8 T15: a batch that is refused after another window has taken over sends nothing more', async () => {
    backend = new MemoryBackend({ abilities: ['idempotent', 'batch'] }, world.now);
    const { id, remoteId } = there(3);
    const asked = context();
    const appendAll = () => {
      world.now += 31_000;
      const other = new DirectStore(folder.path, world, { id: 'w2', pid: 2 });
      other.lease();
      other.close();
      return Promise.reject(new RemoteError('refused', 'Not together', { status: 413 }));
    };
    const remote = { ...asked.remote, announced: { ...asked.remote.announced, appendAll } };
    await asked.announcement.ask(signal.signal);
    await assert.rejects(sendAppends({ ...asked, remote }, id), { problem: 'fenced' });
    assert.deepEqual(onBackend(remoteId), []);
    assert.deepEqual(attempts(id), Array(3).fill('unknown 1'));
  });

  it('I12 T16: a session that ends sends none of those that were begun', async () => {
    const { id, remoteId } = there(22);
    before = (text) => {
      if (text === `m${FIRST - 1}`) signal.abort();
    };
    await sendAppends(context(), id);
    assert.deepEqual(onBackend(remoteId), texts(FIRST - 1));
    assert.ok(attempts(id).every((row) => row === 'queued 0' || row === 'queued 1'));
  });

  it('I8 T12: what was noted long ago is not sent by its client id either: another window may have the lease', async () => {
    backend = new MemoryBackend({ abilities: ['idempotent', 'batch'] }, world.now);
    const { id, remoteId } = there(3);
    const draft = window.write('a beginning');
    const asked = context();
    await asked.announcement.ask(signal.signal);
    calls = (name) => {
      if (name === 'settleAppends' || name === 'beginSend') world.now += 20_000;
    };
    assert.equal((await sendAppends(asked, id)).kind, 'unreachable');
    assert.deepEqual(onBackend(remoteId), []);
    assert.deepEqual(attempts(id), Array(3).fill('queued 0'));
    assert.equal((await pushItem(asked, window.itemOf(draft, 'create'))).kind, 'unreachable');
    assert.equal(backend.conversations.size, 1);
  });

  it('I3 T16: a window that was stopped meanwhile sends nothing of what it had begun', async () => {
    const { id, remoteId } = there(22);
    before = (text) => {
      if (text === `m${FIRST - 1}`) world.now += 20_000;
    };
    assert.deepEqual(await sendAppends(context(), id), { kind: 'ok' });
    assert.deepEqual(onBackend(remoteId), texts(FIRST));
    assert.deepEqual(
      attempts(id),
      Array.from({ length: 6 }, () => 'queued 0'),
    );
  });
});
