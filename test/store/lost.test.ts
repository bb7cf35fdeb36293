import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Lease, RemoteMessage } from '../../src/store/outbox.ts';
import {
  ACCOUNT,
  type DirectStore,
  remoteFields,
  remoteMessage,
  type World,
} from '../support/directStore.ts';
import { useWindow } from '../support/useWindow.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

describe('what a backend has lost, in the store', () => {
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  useWindow(1_800_000_000_000, (made) => ({ world, window, lease } = made));

  /** A conversation that is there, with these prompts. */
  const there = (remoteId: string, ...texts: readonly string[]) => {
    const id = window.write(...texts);
    window.createThere(lease, id, remoteId);
    window.appendAllThere(lease, id);
    return id;
  };
  const messagesOf = (id: string) => window.store.read(id, { limit: 500 })?.messages ?? [];
  const deliveries = (id: string) => messagesOf(id).map(({ delivery }) => delivery);
  /** As one reading of the whole list. */
  const miss = (gone: readonly string[], account = ACCOUNT) => {
    const there = all().filter((id) => !gone.includes(id));
    const { absent, agreesAfterMs } = window.store.unlisted(account, there, world.now);
    window.store.noteAsked(lease, account, { absent, gone, agreesAfterMs, askedAt: world.now });
    return window.store.resendLost(lease, account, world.now, false);
  };
  const all = () =>
    window.db
      .all<{ remote_id: string | null }>('SELECT remote_id FROM conversations')
      .map((row) => row.remote_id ?? '');
  const read = (remoteId: string, id: string, messages: readonly RemoteMessage[], isCut = false) => {
    window.store.mergeConversation(lease, ACCOUNT, {
      id,
      fields: remoteFields(remoteId),
      messages,
      isCut,
      readAt: world.now,
    });
    return window.store.resendLost(lease, ACCOUNT, world.now, false);
  };
  const shown = (id: string, ...texts: readonly string[]): RemoteMessage[] =>
    messagesOf(id)
      .filter(({ content }) => texts.includes(content))
      .map((one) =>
        remoteMessage(one.id, `r-${one.id}`, { content: one.content, serverOrder: orderOf(one.id) }),
      );
  const orderOf = (id: string) =>
    window.db.get<{ server_order: number }>('SELECT server_order FROM messages WHERE id = ?', id)
      ?.server_order ?? 0;

  for (const [what, others, ms] of [
    ['twenty seconds', ['a', 'b'], 20 * SECOND],
    ['five minutes, when more than half is missing', [], 5 * MINUTE],
  ] as const)
    it(`I3 T35: two readings agree after ${what}`, () => {
      for (const name of others) there(`r-${name}`, name);
      const id = there('r', 'one', 'two');
      assert.equal(miss(['r']), undefined);
      world.now += ms - 1;
      assert.equal(miss(['r']), undefined);
      assert.deepEqual(deliveries(id), ['sent', 'sent']);
      world.now += 1;
      assert.deepEqual(miss(['r']), { conversations: 1, messages: 2 });
      assert.deepEqual(deliveries(id), ['queued', 'queued']);
      assert.deepEqual(window.states(id), ['create queued', 'append queued', 'append queued']);
    });

  it('I3 T35: a reading that found it, or a clock that was set back, begins anew', () => {
    for (const name of ['a', 'b', 'c']) there(`r-${name}`, name);
    there('r', 'one');
    miss(['r']);
    world.now += 10 * SECOND;
    miss([]);
    world.now += 15 * SECOND;
    assert.equal(miss(['r']), undefined);
    world.now -= 60 * MINUTE;
    assert.equal(miss(['r']), undefined);
    world.now += 19 * SECOND;
    assert.equal(miss(['r']), undefined);
    world.now += SECOND;
    assert.deepEqual(miss(['r']), { conversations: 1, messages: 1 });
  });

  it('I10 T35: what is missed of one account says nothing of another, and waits for its own', () => {
    for (const name of ['a', 'b', 'c']) there(`r-${name}`, name);
    const id = there('r', 'one');
    for (const ms of [0, 6 * MINUTE]) {
      world.now += ms;
      assert.equal(miss(['r'], 'another'), undefined);
    }
    assert.deepEqual(deliveries(id), ['sent']);
    miss(['r']);
    world.now += 6 * MINUTE;
    miss(['r']);
    assert.deepEqual(
      window.store.dueItems('another', world.now, 9).map(({ conversationId }) => conversationId),
      [],
    );
    assert.equal(window.store.dueItems(ACCOUNT, world.now, 9)[0]?.conversationId, id);
  });

  it('I7 T37: what is deleted between the readings is not sent again', () => {
    for (const name of ['a', 'b', 'c']) there(`r-${name}`, name);
    const id = there('r', 'one');
    miss(['r']);
    window.store.trash({ ids: [id] }, 'act');
    world.now += MINUTE;
    miss(['r']);
    assert.deepEqual(window.states(id), ['fields queued']);
    assert.equal(window.db.get<{ n: number }>('SELECT count(*) AS n FROM doubts')?.n, 0);
  });

  it('I7 T37: what is deleted after both readings, before it is queued, is not sent again', () => {
    for (const name of ['a', 'b', 'c']) there(`r-${name}`, name);
    const id = there('r', 'one');
    for (const askedAt of [world.now, world.now + MINUTE])
      window.store.noteAsked(lease, ACCOUNT, { absent: ['r'], gone: ['r'], agreesAfterMs: 20_000, askedAt });
    window.store.trash({ ids: [id] }, 'act');
    assert.deepEqual(window.store.resendLost(lease, ACCOUNT, world.now, false), {
      conversations: 0,
      messages: 0,
    });
    assert.deepEqual(window.states(id), ['fields queued']);
  });

  it('I7 T37: what is sent again is no reason for a conversation that was deleted elsewhere to come back', () => {
    const id = there('r', 'one', 'two');
    read('r', id, shown(id, 'one', 'two'));
    read('r', id, shown(id, 'one'));
    world.now += 20 * SECOND;
    assert.deepEqual(read('r', id, shown(id, 'one')), { conversations: 0, messages: 1 });
    window.store.mergeList(lease, ACCOUNT, [
      remoteFields('r', { status: 'deleted', remoteUpdatedAt: 'u2', lastChange: 5 }),
    ]);
    assert.equal(window.store.read(id, { limit: 1 })?.conversation.status, 'deleted');
  });

  it('I3 T36: of the newest 200 only what is later than the oldest shown is missed', () => {
    const id = there('r', 'one', 'two', 'three');
    for (const ms of [0, 20 * SECOND]) {
      world.now += ms;
      assert.equal(read('r', id, shown(id, 'two', 'three'), true), undefined);
    }
    assert.equal(read('r', id, shown(id, 'two'), true), undefined);
    world.now += 20 * SECOND;
    assert.deepEqual(read('r', id, shown(id, 'two'), true), { conversations: 0, messages: 1 });
    assert.deepEqual(deliveries(id).filter((one) => one === 'queued').length, 1);
  });

  it('I4 T36: a message keeps its number when it is sent again, and tells it', () => {
    const id = there('r', 'one', 'two', 'three');
    const order = messagesOf(id).map((one) => orderOf(one.id));
    for (const ms of [0, 20 * SECOND]) {
      world.now += ms;
      read('r', id, shown(id, 'one', 'three'));
    }
    const terms = { account: ACCOUNT, now: world.now, isById: false, messages: 9, bytes: Infinity };
    const [sending] = window.store.settleAppends(lease, [], { conversationId: id, terms });
    assert.equal(sending?.order.place, order[1]);
    window.store.settleAppends(lease, [
      { seq: sending?.item.seq ?? 0, sent: { remoteId: 'again', serverOrder: world.now * 1_000 + 99 } },
    ]);
    assert.deepEqual(
      messagesOf(id).map(({ content }) => content),
      ['one', 'two', 'three'],
    );
  });

  it('I4 T36: what the backend had refused keeps its place too when all is sent again', () => {
    const id = window.write('one', 'two', 'three');
    window.createThere(lease, id, 'r');
    for (const { seq, messageId } of window.items(id)) {
      window.begin(lease, seq);
      const isRefused = messagesOf(id).find((one) => one.id === messageId)?.content === 'two';
      const sent = { remoteId: `r-${messageId ?? ''}`, serverOrder: (world.now += 1) * 1_000 };
      const deferral = { state: 'parked', reason: 'Refused.' } as const;
      window.store.settleAppends(lease, [isRefused ? { seq, deferral } : { seq, sent }]);
    }
    there('r-other', 'other');
    miss(['r']);
    world.now += 5 * MINUTE;
    assert.deepEqual(miss(['r']), { conversations: 1, messages: 2 });
    window.createThere(lease, id, 'anew');
    window.appendAllThere(lease, id);
    assert.deepEqual(
      messagesOf(id).map(({ content, delivery }) => `${content} ${delivery}`),
      ['one sent', 'two sent', 'three sent'],
    );
  });

  it('I2 T38: what another machine wrote is held back for half an hour at least, and holds up nothing', () => {
    const id = there('r', 'mine');
    const theirs = remoteMessage('019a0000-0000-7000-8000-0000000000aa', 'r-theirs', { serverOrder: 5 });
    read('r', id, [...shown(id, 'mine'), theirs]);
    for (const ms of [0, 20 * SECOND]) {
      world.now += ms;
      read('r', id, shown(id, 'mine'));
    }
    assert.deepEqual(window.store.dueItems(ACCOUNT, world.now, 9), []);
    window.store.append({
      id: '019a0000-0000-7000-8000-0000000000ab',
      conversationId: id,
      role: 'user',
      content: 'after',
    });
    const due = () =>
      window.store.dueItems(ACCOUNT, world.now, 9).map(({ messageId }) => messageId?.slice(-2));
    assert.deepEqual(due(), ['ab']);
    world.now += 30 * MINUTE - SECOND;
    assert.deepEqual(due(), ['ab']);
    world.now += 10 * MINUTE + SECOND;
    assert.deepEqual(due(), ['aa']);
    const terms = { account: ACCOUNT, now: world.now, isById: false, messages: 9, bytes: Infinity };
    // Only after a look whether the other machine has sent it.
    const ids = (takesHeld: boolean) =>
      window.store
        .settleAppends(lease, [], { conversationId: id, terms: { ...terms, takesHeld } })
        .map(({ item }) => item.messageId?.slice(-2));
    assert.deepEqual(ids(false), ['ab']);
    assert.deepEqual(ids(true), ['aa']);
  });

  it('I3 T38: what another machine has made again, and somebody has deleted, is found before it is made once more', () => {
    const id = '019a0000-0000-7000-8000-0000000000ac';
    const createdAt = world.now;
    const theirs = remoteMessage('019a0000-0000-7000-8000-0000000000aa', 'r-theirs', { serverOrder: 5 });
    const read = (remoteId: string, fields: Parameters<typeof remoteFields>[1]) =>
      window.store.mergeConversation(lease, ACCOUNT, {
        id,
        fields: remoteFields(remoteId, { createdAt, ...fields }),
        messages: [theirs],
        isCut: false,
        readAt: world.now,
      });
    read('r', {});
    there('r-other', 'other');
    there('r-more', 'more');
    miss(['r']);
    world.now += 20 * SECOND;
    assert.deepEqual(miss(['r']), { conversations: 1, messages: 1 });
    const list = (remoteId: string, made: number) =>
      window.store.mergeList(lease, ACCOUNT, [
        remoteFields(remoteId, { status: 'deleted', createdAt: made }),
      ]);
    assert.deepEqual(list('again', world.now), [], 'it is left to the other machine for now');
    world.now += 70 * MINUTE;
    assert.deepEqual(list('again', world.now), ['again']);
    assert.deepEqual(list('older', createdAt - 25 * 60 * MINUTE), [], 'from before it was there at all');
    read('again', { status: 'deleted', createdAt: world.now });
    assert.deepEqual(
      window.items(id).map(({ kind }) => kind),
      ['fields'],
      'it is not made once more',
    );
  });

  it('I7 T38: what was purged here and refused there, for it was lost, is deleted where another machine made it again', () => {
    const id = there('r', 'mine');
    window.store.change(id, { status: 'deleted' });
    window.store.purge(window.store.trashPreview({ ids: [id] }).entries, 'user');
    const waiting = () => window.items(id).map(({ kind, state }) => `${kind} ${state}`);
    const refuse = () => {
      world.now += SECOND;
      const { seq } = window.itemOf(id, 'fields');
      window.store.beginSend(lease, ACCOUNT, seq, world.now);
      window.store.defer(lease, seq, { state: 'parked', reason: 'Not found' });
    };
    refuse();
    assert.deepEqual(waiting(), ['fields parked']);
    const list = () => window.store.mergeList(lease, ACCOUNT, [remoteFields('again')]);
    assert.deepEqual(list(), ['again']);
    window.store.mergeConversation(lease, ACCOUNT, {
      ...{ id, insteadOf: ['r'], fields: remoteFields('again'), messages: [], readAt: world.now },
    });
    assert.equal(window.store.read(id, { limit: 1 }), undefined);
    assert.deepEqual(waiting(), ['fields queued']);
    const order = window.store.beginSend(lease, ACCOUNT, window.itemOf(id, 'fields').seq, world.now);
    assert.ok(order?.kind === 'fields' && order.remoteId === 'again' && order.change.status === 'deleted');
    window.store.defer(lease, window.itemOf(id, 'fields').seq, { state: 'parked', reason: 'Forbidden' });
    list();
    assert.deepEqual(waiting(), ['fields parked'], 'refused of this one, it rests');
  });
});
