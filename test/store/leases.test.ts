import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { createOperations } from '../../src/store/sqlite/operations.ts';
import { StoreError } from '../../src/store/store.ts';
import { ACCOUNT, DirectStore, remoteFields, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const isFenced = (error: unknown): boolean => error instanceof StoreError && error.problem === 'fenced';

describe('the lease of two windows', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let first: DirectStore;
  let second: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_700_000_000_000, dead: new Set() };
    first = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    second = new DirectStore(folder.path, world, { id: 'w2', pid: 2 });
  });
  afterEach(() => {
    first.close();
    second.close();
    folder.dispose();
  });
  const take = (window: DirectStore) => window.store.takeLease(world.now, 30_000);

  it('I8: is held by one; asking again keeps it under the same token', () => {
    const lease = take(first);
    assert.equal(take(second), undefined);
    world.now += 20_000;
    assert.deepEqual(take(first), lease);
    world.now += 20_000;
    assert.equal(take(second), undefined, 'renewed in time');
  });

  it('I8: changes hands at once when its holder gives it back or its process is gone, with a higher token', () => {
    const lease = first.lease();
    first.store.releaseLease(lease);
    const next = second.lease();
    assert.ok(next.token > lease.token);
    world.dead.add(2);
    assert.ok((take(first)?.token ?? 0) > next.token);
  });

  it('I8: changes hands when it expires; the process of another machine is only judged by that', () => {
    const far = new DirectStore(folder.path, world, { id: 'far', pid: 3, host: 'elsewhere' });
    try {
      far.lease();
      world.dead.add(3);
      assert.equal(take(first), undefined);
      world.now += 30_000;
      assert.ok(take(first));
    } finally {
      far.close();
    }
  });

  it('I8: a holder that was stopped for too long changes nothing any more', () => {
    const id = first.write('one', 'two');
    const old = first.lease();
    const create = first.itemOf(id, 'create');
    first.begin(old, create.seq);
    world.now += 31_000;
    const lease = second.lease();
    assert.deepEqual(second.states(id), ['create unknown', 'append queued', 'append queued']);
    const before = JSON.stringify([second.items(), second.store.read(id, { limit: 9 })]);
    const remote = { fields: remoteFields('r9'), id: uuidv7(), messages: [] };
    const stale: (() => unknown)[] = [
      () => first.begin(old, create.seq),
      () => first.store.completeCreate(old, ACCOUNT, create.seq, remoteFields('r1')),
      () =>
        first.store.settleAppends(old, [{ seq: create.seq + 1, sent: { remoteId: 'x', serverOrder: 1 } }]),
      () => first.store.completeFields(old, create.seq, remoteFields('r1')),
      () => first.store.defer(old, create.seq, { state: 'parked', reason: 'no' }),
      () => first.store.mergeList(old, ACCOUNT, [remoteFields('r1')]),
      () => first.store.mergeConversation(old, ACCOUNT, remote),
      () => first.store.confirmAccount(old, ACCOUNT),
      () => first.store.writeLinkStatus(old, { link: 'up', detail: '' }),
    ];
    for (const act of stale) assert.throws(act, isFenced);
    first.store.releaseLease(old);
    assert.equal(JSON.stringify([second.items(), second.store.read(id, { limit: 9 })]), before);
    second.store.writeLinkStatus(lease, { link: 'down', detail: 'still the holder' });
  });
});

describe('a lease taken again', () => {
  it('I8: what its holder began before it lost the lease stays fenced', () => {
    const folder = tempFolder();
    const world: World = { now: 1_700_000_000_000, dead: new Set() };
    const first = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    const second = new DirectStore(folder.path, world, { id: 'w2', pid: 2 });
    try {
      const old = first.lease();
      first.store.releaseLease(old);
      second.store.releaseLease(second.lease());
      assert.equal(first.lease().holder, old.holder);
      assert.throws(() => first.store.writeLinkStatus(old, { link: 'up', detail: '' }), isFenced);
    } finally {
      first.close();
      second.close();
      folder.dispose();
    }
  });
});

describe('open messages of other windows', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World & { awakeSince: number };
  let owner: DirectStore;
  let reply: string;
  let conversationId: string;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_700_000_000_000, dead: new Set(), awakeSince: 0 };
    owner = new DirectStore(folder.path, world, { id: 'owner', pid: 1 });
    conversationId = owner.write('prompt');
    reply = uuidv7();
    owner.store.append({ id: reply, conversationId, role: 'assistant', content: '', status: 'streaming' });
    owner.store.extend(reply, { text: 'half' });
  });
  afterEach(() => {
    owner.close();
    folder.dispose();
  });
  /** What another window on this machine ends. */
  function interruptedByOther(): number {
    const db = new Connection(owner.db.file, () => undefined);
    try {
      return createOperations({
        db,
        session: { id: 'other', pid: 2, host: 'here' },
        now: () => world.now,
        awakeSince: () => world.awakeSince,
        isAlive: (pid) => !world.dead.has(pid),
      }).interruptOrphans();
    } finally {
      db.close();
    }
  }

  it('I1: one whose process is gone is ended at once, with what had arrived', () => {
    assert.equal(interruptedByOther(), 0);
    world.dead.add(1);
    assert.equal(interruptedByOther(), 1);
    const message = owner.store.readMessage(reply);
    assert.deepEqual([message?.content, message?.status], ['half', 'interrupted']);
    assert.equal(interruptedByOther(), 0);
  });

  it('I1: one of which nothing had arrived leaves a word under its prompt', () => {
    const other = uuidv7();
    owner.store.settle(reply, 'complete');
    const id = owner.write('lonely');
    owner.store.append({
      id: other,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    world.dead.add(1);
    interruptedByOther();
    const messages = owner.store.read(id, { limit: 9 })?.messages ?? [];
    assert.deepEqual(
      messages.map(({ content, replyProblem }) => [content, replyProblem?.reason]),
      [['lonely', 'The window closed before a reply arrived.']],
    );
  });

  it('I12: a session is forgotten a day after its last sign of life, unless a message is still its own', () => {
    const sessions = () =>
      owner.db.all<{ id: string }>('SELECT id FROM sessions ORDER BY id').map(({ id }) => id);
    const other = new DirectStore(folder.path, world, { id: 'other', pid: 2 });
    world.now += 24 * 60 * 60_000 + 1;
    other.store.append({ id: uuidv7(), conversationId, role: 'assistant', content: '', status: 'streaming' });
    assert.deepEqual(sessions(), ['other', 'owner']);
    owner.store.settle(reply, 'complete');
    other.store.append({ id: uuidv7(), conversationId, role: 'assistant', content: '', status: 'streaming' });
    assert.deepEqual(sessions(), ['other']);
    other.close();
  });

  it('I1: a minute of silence ends one, but not when this window slept through that minute itself', () => {
    world.now += 8 * 60 * 60_000;
    world.awakeSince = world.now;
    assert.equal(interruptedByOther(), 0, 'the machine has just woken up');
    owner.store.extend(reply, { text: ' and more' });
    world.now += 60_001;
    assert.equal(interruptedByOther(), 1);
    assert.equal(owner.store.readMessage(reply)?.content, 'half and more');
  });
});
