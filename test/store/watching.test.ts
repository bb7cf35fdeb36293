import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { NO_TRIES, type SyncTally } from '../../src/store/watching.ts';
import { StoreError } from '../../src/store/store.ts';
import { ACCOUNT, DirectStore, remoteFields, remoteMessage, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('what the store tells about sync', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let window: DirectStore;
  let other: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_800_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'one', pid: 1 });
    other = new DirectStore(folder.path, world, { id: 'two', pid: 2 });
  });
  afterEach(() => {
    window.close();
    other.close();
    folder.dispose();
  });
  const facts = (account: string | undefined = ACCOUNT, of = window) =>
    of.store.syncFacts(account, world.now);
  const tally = (fields: Partial<SyncTally> = {}): SyncTally => ({
    account: ACCOUNT,
    since: world.now,
    creates: NO_TRIES,
    appends: NO_TRIES,
    requests: 1,
    sentBytes: 10,
    receivedBytes: 20,
    ...fields,
  });
  /** Sends the first thing of that kind and has it refused. */
  const refuse = (
    lease: ReturnType<DirectStore['lease']>,
    id: string,
    kind: 'create' | 'append' | 'fields',
  ) => {
    const { seq } = window.itemOf(id, kind);
    window.begin(lease, seq);
    window.store.defer(lease, seq, { state: 'parked', reason: `${kind} refused` });
  };

  it('I2: counts what is where: all of a conversation that is there is on the server but what waits', () => {
    const lease = window.lease();
    window.store.confirmAccount(lease, ACCOUNT);
    const there = window.write('a', 'b', 'c');
    window.createThere(lease, there, 'r-1');
    window.appendAllThere(lease, there);
    window.store.append({
      id: '019a0000-0000-7000-8000-000000000001',
      conversationId: there,
      role: 'user',
      content: 'd',
    });
    window.write('only here');
    const { conversations, messages, queue } = facts();
    assert.deepEqual(conversations, { here: 2, onServer: 1 });
    assert.deepEqual(messages, { here: 5, onServer: 3 });
    assert.deepEqual(
      queue.map(({ kind, state, count }) => `${count} ${kind} ${state}`),
      ['2 append queued', '1 create queued'],
    );
  });

  it('I10: counts nothing of another account as ours', () => {
    const lease = window.lease();
    const id = window.write('theirs');
    window.createThere(lease, id, 'r-1');
    const seen = facts('another');
    assert.deepEqual([seen.conversations.here, seen.ofOtherAccounts, seen.queue.length], [0, 1, 0]);
    assert.equal(facts(undefined).conversations.here, 1);
  });

  it('I2: names what is parked with its reason and without a word of it; Retry takes one conversation or all', () => {
    const lease = window.lease();
    const first = window.write('Marzipan');
    window.createThere(lease, first, 'r-1');
    refuse(lease, first, 'append');
    window.store.change(first, { title: 'Marzipan again', isStarred: true });
    world.now += 1_000;
    refuse(lease, first, 'fields');
    const second = window.write('Marzipan too');
    refuse(lease, second, 'create');
    const { parked } = facts();
    assert.deepEqual(
      parked.map(({ kind, conversationId, reason, fields }) => [kind, conversationId, reason, fields]),
      [
        ['fields', first, 'fields refused', ['title', 'isStarred']],
        ['append', first, 'append refused', undefined],
        ['create', second, 'create refused', undefined],
      ],
    );
    assert.doesNotMatch(JSON.stringify(facts()), /marzipan/i);
    const unsent = () => window.store.read(first, { limit: 1 })?.conversation.unsent;
    assert.deepEqual(unsent(), { fields: ['title', 'isStarred'], reason: 'fields refused' });
    const [listed] = window.store
      .list({ status: 'active', limit: 9 })
      .items.filter(({ id }) => id === second);
    assert.equal(listed?.unsent, undefined);
    assert.equal(window.store.retryUnsent({ conversationId: second }), 1);
    assert.equal(facts().parked.length, 2);
    assert.equal(window.store.retryUnsent({ account: 'another' }), 0);
    assert.equal(window.store.retryUnsent({ account: ACCOUNT }), 2);
    assert.equal(window.store.retryUnsent({ account: undefined }), 0);
    assert.deepEqual(facts().parked, []);
    assert.equal(unsent(), undefined);
  });

  it('W6: a damaged message is not sent again by Retry', () => {
    const lease = window.lease();
    const id = window.write('sound', 'sound too');
    window.createThere(lease, id, 'r-1');
    const { messageId = '', seq } = window.itemOf(id, 'append');
    window.db.run("UPDATE messages SET content = 'other' WHERE id = ?", messageId);
    window.store.noteDamaged([messageId]);
    const order = window.begin(lease, seq);
    assert.ok(order?.kind === 'append' && order.message.content === 'sound too', 'the one behind it goes');
    assert.equal(facts().parked.length, 1);
    assert.equal(window.store.retryUnsent({ account: ACCOUNT }), 0);
  });

  it('S3: the link has its time, which another word about the same link does not change', () => {
    const lease = window.lease();
    const since = world.now;
    window.store.writeLinkStatus(lease, { link: 'down', detail: 'No answer.' });
    world.now += 5_000;
    window.store.writeLinkStatus(lease, { link: 'down', detail: 'Still none.' });
    assert.deepEqual(facts().link, { link: 'down', detail: 'Still none.', since });
    window.store.writeLinkStatus(lease, { link: 'up', detail: '' });
    assert.equal(facts().link.since, world.now);
  });

  it('I8: says which window syncs, and what a stale one counted or answered changes nothing', () => {
    assert.equal(facts().leader, 'none');
    const stale = window.lease();
    assert.deepEqual([facts().leader, facts(ACCOUNT, other).leader], ['this', 'another']);
    window.store.writeTally(stale, tally({ appends: { ok: 2, refused: 0, unanswered: 0 } }));
    world.dead.add(1);
    const lease = other.lease();
    const isFenced = (error: unknown) => error instanceof StoreError && error.problem === 'fenced';
    assert.throws(() => window.store.writeTally(stale, tally()), isFenced);
    assert.throws(() => window.store.answerSync(stale, { askedAt: 1, isReached: true }), isFenced);
    other.store.writeTally(
      lease,
      tally({ appends: { ok: 1, refused: 3, unanswered: 0 }, since: world.now + 9 }),
    );
    const kept = facts().tally;
    assert.deepEqual(
      [kept?.appends, kept?.requests, kept?.since],
      [{ ok: 3, refused: 3, unanswered: 0 }, 2, world.now],
    );
    other.store.writeTally(lease, { ...(kept ?? tally()), since: world.now + 9, requests: 5 });
    assert.equal(facts().tally?.requests, 6, 'what one window counted counts once');
    other.store.writeTally(lease, tally({ account: 'another' }));
    assert.equal(facts().tally, undefined);
    assert.equal(facts('another').tally?.requests, 1);
  });

  it('remembers when own messages were last seen there, and how many', () => {
    const lease = window.lease();
    const id = window.write('mine', 'mine too');
    window.createThere(lease, id, 'r-1');
    window.appendAllThere(lease, id);
    assert.equal(facts().confirmed, undefined);
    const sent = window.store.read(id, { limit: 9 })?.messages ?? [];
    const merge = () =>
      window.store.mergeConversation(lease, ACCOUNT, {
        id,
        fields: remoteFields('r-1'),
        messages: sent.map((message) => remoteMessage(message.id, `r-${message.id}`)),
      });
    merge();
    assert.deepEqual(facts().confirmed, { at: world.now, count: 2 });
    const before = world.now;
    world.now += 1_000;
    merge();
    assert.equal(facts().confirmed?.at, before);
  });

  it('hands the word to sync now from one window to the other, and the answer back', () => {
    assert.deepEqual(window.store.readAsked(), {});
    other.store.askSync(7);
    assert.equal(window.store.readAsked().askedAt, 7);
    window.store.answerSync(window.lease(), { askedAt: 7, isReached: false });
    assert.deepEqual(other.store.readAsked().answer, { askedAt: 7, isReached: false });
  });
});
