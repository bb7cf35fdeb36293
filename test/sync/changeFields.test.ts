import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'mocha';
import type { Lease } from '../../src/store/outbox.ts';
import { pullConversation } from '../../src/sync/reading.ts';
import { pushItem } from '../../src/sync/push.ts';
import type { PushContext } from '../../src/sync/pushContext.ts';
import { RemoteError, type Remote } from '../../src/sync/remote.ts';
import { ACCOUNT, type DirectStore, type World } from '../support/directStore.ts';
import { MemoryBackend, type BackendHabits } from '../support/memoryBackend.ts';
import { memoryRemote } from '../support/memoryRemote.ts';
import { pushContext } from '../support/pushContext.ts';
import { useWindow } from '../support/useWindow.ts';

const OWNER = 'somebody';

describe('changes of fields on their way', () => {
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  useWindow(1_700_000_000_000, (made) => ({ world, window, lease } = made));
  let log: string[];
  beforeEach(() => {
    log = [];
  });

  /** A conversation that is there, changed here; `meanwhile` happens when the change was carried out, before its answer. */
  async function push(
    habits: BackendHabits,
    meanwhile: (there: { backend: MemoryBackend; remoteId: string; context: PushContext }) => unknown,
  ) {
    const backend = new MemoryBackend({ abilities: [], ...habits }, world.now);
    const id = window.write('hello');
    const { id: remoteId } = backend.create(OWNER, { title: 'Talk', initial_context: { navi: { id } } });
    const asked = memoryRemote(backend, OWNER);
    const remote: Remote = {
      ...asked,
      patch: async (...args) => {
        log.push('patch');
        try {
          return await asked.patch(...args);
        } finally {
          await meanwhile({ backend, remoteId, context });
        }
      },
      take: (...args) => {
        log.push(args[1]);
        return asked.take(...args);
      },
      read: (...args) => {
        log.push('read');
        return asked.read(...args);
      },
    };
    const context = pushContext(window, lease, remote);
    window.createThere(lease, id, remoteId);
    window.appendAllThere(lease, id);
    window.store.change(id, { title: 'Talk', isPinned: true });
    await pullConversation(context, remoteId);
    world.now += 1_000;
    log = [];
    const outcome = await pushItem(context, window.itemOf(id, 'fields'));
    const { status, isPinned } = window.store.read(id, { limit: 1 })?.conversation ?? assert.fail();
    return { outcome, here: { status, isPinned }, left: window.items(id).map(({ state }) => state) };
  }

  it('I5 T40: what the stream told while a change was under way is not taken for what it was before', async () => {
    const { outcome, here } = await push({}, async ({ backend, remoteId, context }) => {
      backend.patch(OWNER, remoteId, { status: 'archived', is_pinned: false });
      context.told.streamed([remoteId]);
      await pullConversation(context, remoteId);
    });
    assert.deepEqual(outcome, { kind: 'ok' });
    assert.deepEqual(here, { status: 'archived', isPinned: false });
    assert.deepEqual(log, ['patch', 'read', 'read']);
    // It may be looked at once more, and then says nothing.
    for (const { seq } of window.items())
      assert.equal(window.store.beginSend(lease, ACCOUNT, seq, world.now), undefined);
    assert.deepEqual(window.items(), []);
  });

  it('I5 T40: a change of which nothing was told meanwhile is not read again', async () => {
    const { here, left } = await push({}, () => undefined);
    assert.deepEqual([here, left, log], [{ status: 'active', isPinned: true }, [], ['patch']]);
  });

  it('I5 T40: where that reading fails the change waits, and is made again', async () => {
    const { outcome, left } = await push({}, ({ remoteId, context }) => {
      context.told.streamed([remoteId]);
      Object.assign(context.remote, {
        read: () => Promise.reject(new RemoteError('unknown', 'No answer')),
      });
    });
    assert.equal(outcome.kind, 'unreachable');
    assert.deepEqual(left, ['queued']);
  });

  const REFUSES: BackendHabits = { refusesFields: true, door: 'open' };

  it('I8: a refusal that comes after another window has taken over leads to no further request', async () => {
    const { outcome } = await push(REFUSES, () => {
      world.now += 31_000;
      window.db.run(`UPDATE leases SET holder = 'w2', token = token + 1, expires_at = ?`, world.now + 30_000);
    });
    assert.deepEqual([outcome, log], [{ kind: 'fenced' }, ['patch']]);
  });

  it('I5: a refusal that was slow to come is followed by the second door all the same', async () => {
    const { outcome, left } = await push(REFUSES, () => {
      world.now += 20_000;
    });
    assert.deepEqual([outcome, left, log], [{ kind: 'ok' }, [], ['patch', 'pin']]);
  });
});
