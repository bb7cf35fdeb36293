import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { contentHash } from '../../src/model/hash.ts';
import type { Lease, RemoteFields, RemoteMessage } from '../../src/store/outbox.ts';
import { ACCOUNT, DirectStore, remoteFields, remoteMessage, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('merging what a backend says', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: DirectStore;
  let lease: Lease;
  beforeEach(() => {
    folder = tempFolder();
    const world: World = { now: 1_700_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    lease = window.lease();
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });
  const merge = (
    id: string,
    fields: RemoteFields,
    messages: readonly RemoteMessage[] = [],
    account = ACCOUNT,
  ) => window.store.mergeConversation(lease, account, { id, fields, messages });
  const page = (id: string) => window.store.read(id, { limit: 100 });
  const texts = (id: string) => page(id)?.messages.map(({ content }) => content);

  it('I3: a conversation and a message of ours are adopted by their client ids, and their rows leave the outbox', () => {
    const id = window.write('mine');
    const messageId = page(id)?.messages[0]?.id ?? '';
    const report = merge(id, remoteFields('r', { title: 'mine' }), [
      remoteMessage(messageId, 'm1', { content: 'mine' }),
    ]);
    assert.deepEqual(report, { conversationId: id, added: 0, adopted: 1, doubled: 0, wantsOlder: false });
    assert.deepEqual(window.states(id), []);
    assert.equal(page(id)?.messages[0]?.delivery, 'confirmed');
    assert.equal(window.store.remoteIdOf(ACCOUNT, id), 'r');
  });

  it('I3: the answer to a create that a pull has confirmed already changes nothing', () => {
    const id = window.write('mine');
    const { seq } = window.itemOf(id, 'create');
    window.begin(lease, seq);
    merge(id, remoteFields('r', { title: 'mine' }));
    window.store.completeCreate(lease, ACCOUNT, seq, remoteFields('r', { title: 'mine' }));
    window.store.defer(lease, seq, { state: 'unknown', notBefore: 0, reason: 'late' });
    assert.deepEqual(window.states(id), ['append queued']);
    assert.equal(window.store.remoteIdOf(ACCOUNT, id), 'r');
  });

  it('I3: rows that the backend holds twice for one client id are shown once and counted', () => {
    const messageId = uuidv7();
    const rows = [remoteMessage(messageId, 'm1'), remoteMessage(messageId, 'm2')];
    const { conversationId, added, doubled } = merge(uuidv7(), remoteFields('r'), rows);
    assert.deepEqual([added, doubled], [1, 1]);
    merge(conversationId, remoteFields('r'), rows.toReversed());
    assert.deepEqual(texts(conversationId), ['from there']);
  });

  it('I3: merging the same again adds nothing', () => {
    const rows = [remoteMessage(uuidv7(), 'm1'), remoteMessage(uuidv7(), 'm2', { content: 'second' })];
    const { conversationId } = merge(uuidv7(), remoteFields('r'), rows);
    const before = page(conversationId);
    assert.equal(merge(conversationId, remoteFields('r'), rows).added, 0);
    assert.deepEqual(page(conversationId), before);
  });

  it('I6: what is here and not there stays', () => {
    const id = window.write('mine', 'not there yet');
    window.createThere(lease, id, 'r');
    merge(id, remoteFields('r', { title: 'mine' }), [remoteMessage(uuidv7(), 'm1', { serverOrder: 1 })]);
    assert.deepEqual(texts(id), ['from there', 'mine', 'not there yet']);
  });

  it('I6: a copied conversation, whose messages carry the ids of the original, is shown whole', () => {
    const messageId = uuidv7();
    const original = merge(uuidv7(), remoteFields('r1'), [remoteMessage(messageId, 'm1')]).conversationId;
    const copy = merge(uuidv7(), remoteFields('r2'), [remoteMessage(messageId, 'm2')]).conversationId;
    merge(copy, remoteFields('r2'), [remoteMessage(messageId, 'm2')]);
    assert.deepEqual([texts(original), texts(copy)], [['from there'], ['from there']]);
    assert.notEqual(page(copy)?.messages[0]?.id, messageId);
  });

  it('I2: a backend that gives two messages one id is merged, and stops nothing', () => {
    const id = window.write('mine');
    window.createThere(lease, id, 'r');
    const ours = page(id)?.messages[0]?.id ?? '';
    merge(id, remoteFields('r'), [
      remoteMessage(uuidv7(), 'same', { content: 'other', serverOrder: 1 }),
      remoteMessage(ours, 'same', { content: 'mine', serverOrder: 2 }),
    ]);
    assert.deepEqual(texts(id), ['other', 'mine']);
    assert.deepEqual(
      window.states(id).filter((state) => state.startsWith('append')),
      [],
    );
  });

  it('I10: a conversation that another account holds here is left alone; its namesake gets an id of its own', () => {
    const id = window.write('for the first');
    window.createThere(lease, id, 'r');
    const report = merge(
      id,
      remoteFields('r', { title: 'of the second' }),
      [remoteMessage(uuidv7(), 'm')],
      'other',
    );
    assert.notEqual(report.conversationId, id);
    assert.deepEqual(texts(id), ['for the first']);
    assert.equal(merge(id, remoteFields('r'), [], 'other').conversationId, report.conversationId);
  });

  it('I10: a conversation that was begun for one account is not adopted by another', () => {
    const id = window.write('for the first');
    const { seq } = window.itemOf(id, 'create');
    window.begin(lease, seq);
    assert.notEqual(merge(id, remoteFields('r'), [], 'other').conversationId, id);
    assert.deepEqual(window.states(id), ['create sending', 'append queued']);
  });

  it('I3: a second row on the backend with one client id becomes a conversation of its own, once', () => {
    const id = window.write('mine');
    window.createThere(lease, id, 'r1');
    const twin = merge(id, remoteFields('r2')).conversationId;
    assert.notEqual(twin, id);
    assert.equal(merge(id, remoteFields('r2')).conversationId, twin);
  });

  it('I9: the stored hash is that of the stored words, also when they hold half a character', () => {
    const { conversationId } = merge(uuidv7(), remoteFields('r', { title: 'x\ud800' }), [
      remoteMessage(uuidv7(), 'm1', { content: 'a\0b\udc00c' }),
    ]);
    const [message] = page(conversationId)?.messages ?? [];
    assert.ok(message);
    assert.equal(message.content, 'a\0b\ufffdc');
    assert.equal(message.hash, contentHash(message));
    assert.deepEqual(window.states(conversationId), [], 'the mended title is no change of ours');
  });

  it('lists as to be read what is unknown or changed, and not what is deleted or unchanged', () => {
    merge(uuidv7(), remoteFields('known'));
    const rows = [remoteFields('known'), remoteFields('new'), remoteFields('gone', { status: 'deleted' })];
    assert.deepEqual(window.store.mergeList(lease, ACCOUNT, rows), ['new']);
    assert.deepEqual(
      window.store.mergeList(lease, ACCOUNT, [remoteFields('known', { remoteUpdatedAt: 'u2' })]),
      ['known'],
    );
    // The window may have died before it read any.
    assert.deepEqual(
      window.store.mergeList(lease, ACCOUNT, [remoteFields('known', { remoteUpdatedAt: 'u2' })]),
      ['known'],
    );
  });

  it('I3: a conversation whose creation was not answered is found again though another machine has deleted it', () => {
    const id = window.write('mine');
    const { seq } = window.itemOf(id, 'create');
    window.begin(lease, seq);
    window.store.defer(lease, seq, { state: 'unknown', notBefore: 0, reason: 'no answer' });
    const there = remoteFields('r', { status: 'deleted', createdAt: window.world.now });
    const old = remoteFields('old', { status: 'deleted', createdAt: window.world.now - 48 * 60 * 60_000 });
    assert.deepEqual(window.store.mergeList(lease, ACCOUNT, [there, old]), ['r']);
    merge(id, there);
    assert.equal(window.store.remoteIdOf(ACCOUNT, id), 'r');
    assert.deepEqual([window.store.unanswered(id), page(id)?.conversation.status], [[], 'active']);
  });

  it('I6 D3: what arrives where others have been replaced is hidden, and no purge that did not see it takes it along', () => {
    const id = window.write('first');
    window.createThere(lease, id, 'r');
    window.appendAllThere(lease, id);
    const metadata = { navi: { replaces: page(id)?.messages[0]?.id ?? '' } };
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'better', metadata });
    window.store.trash({ ids: [id] }, 'act');
    const { entries } = window.store.trashPreview({ all: true });
    const late = remoteMessage(uuidv7(), 'late', { serverOrder: Number.MAX_SAFE_INTEGER - 1 });
    merge(id, remoteFields('r', { status: 'deleted' }), [late]);
    assert.deepEqual(texts(id), ['better']);
    assert.deepEqual(window.store.purge(entries, 'user'), { purged: 0, changed: [id] });
  });

  it('I7: a deletion there hides it here, and no stale row of a list brings it back', () => {
    const { conversationId } = merge(uuidv7(), remoteFields('r'), [remoteMessage(uuidv7(), 'm')]);
    window.store.mergeList(lease, ACCOUNT, [remoteFields('r', { status: 'deleted' })]);
    assert.equal(page(conversationId)?.conversation.status, 'deleted');
    window.store.change(conversationId, { isStarred: true });
    assert.equal(page(conversationId)?.conversation.status, 'deleted');
    assert.equal(window.store.list({ status: 'active', limit: 9 }).items.length, 0);
    assert.deepEqual(texts(conversationId), ['from there'], 'I2: the words are kept');
  });
});
