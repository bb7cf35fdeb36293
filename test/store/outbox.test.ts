import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { Deferral, Lease, OutboxState } from '../../src/store/outbox.ts';
import { ACCOUNT, DirectStore, remoteFields, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { useWindow } from '../support/useWindow.ts';

describe('outbox', () => {
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  useWindow(1_700_000_000_000, (made) => ({ world, window, lease } = made));

  /** A conversation on the backend with one message whose row is in this state. */
  function messageIn(state: OutboxState): { conversationId: string; messageId: string; seq: number } {
    const conversationId = window.write('words');
    window.createThere(lease, conversationId, uuidv7());
    const { seq, messageId = '' } = window.itemOf(conversationId, 'append');
    if (state !== 'queued') window.begin(lease, seq);
    if (state === 'unknown') window.store.defer(lease, seq, { state, notBefore: 0, reason: 'no answer' });
    if (state === 'parked') window.store.defer(lease, seq, { state, reason: 'refused' });
    assert.deepEqual(window.states(conversationId), [`append ${state}`]);
    return { conversationId, messageId, seq };
  }

  const actions = {
    begin: (seq: number) => window.begin(lease, seq),
    complete: (seq: number) =>
      window.store.settleAppends(lease, [{ seq: seq, sent: { remoteId: 'r1', serverOrder: 7 } }]),
    'defer to queued': (seq: number) => defer(seq, { state: 'queued', notBefore: 0 }),
    'defer to unknown': (seq: number) => defer(seq, { state: 'unknown', notBefore: 0, reason: 'no answer' }),
    'defer to parked': (seq: number) => defer(seq, { state: 'parked', reason: 'refused' }),
    retry: (_: number, messageId: string) => window.store.retryParked(messageId),
  };
  const defer = (seq: number, deferral: Deferral) => window.store.defer(lease, seq, deferral);

  it('I2: a request that nobody looked at counts as no attempt, one without an answer does', () => {
    const { conversationId, seq } = messageIn('queued');
    const tried = () => window.items(conversationId).map(({ state, attempts }) => `${state} ${attempts}`);
    for (let n = 0; n < 7; n += 1) {
      window.begin(lease, seq);
      defer(seq, { state: 'queued', notBefore: world.now, isUntried: true });
    }
    assert.deepEqual(tried(), ['queued 0']);
    window.begin(lease, seq);
    defer(seq, { state: 'unknown', notBefore: world.now, reason: 'no answer' });
    assert.deepEqual(tried(), ['unknown 1']);
    // Where no request was under way there is none to take back.
    defer(seq, { state: 'unknown', notBefore: world.now, reason: 'not sent', isUntried: true });
    assert.deepEqual(tried(), ['unknown 1']);
  });

  // The transitions drawn in src/store/outbox.ts; `-`: forbidden, nothing changes.
  const table: Record<OutboxState, Record<keyof typeof actions, OutboxState | 'gone' | '-'>> = {
    queued: {
      begin: 'sending',
      complete: '-',
      'defer to queued': '-',
      'defer to unknown': '-',
      'defer to parked': '-',
      retry: '-',
    },
    sending: {
      begin: '-',
      complete: 'gone',
      'defer to queued': 'queued',
      'defer to unknown': 'unknown',
      'defer to parked': 'parked',
      retry: '-',
    },
    unknown: {
      begin: '-',
      complete: '-',
      'defer to queued': 'queued',
      'defer to unknown': 'unknown',
      'defer to parked': 'parked',
      retry: '-',
    },
    parked: {
      begin: '-',
      complete: '-',
      'defer to queued': '-',
      'defer to unknown': '-',
      'defer to parked': '-',
      retry: 'queued',
    },
  };
  for (const [from, row] of Object.entries(table) as [OutboxState, (typeof table)['queued']][]) {
    for (const [name, to] of Object.entries(row) as [keyof typeof actions, (typeof row)['retry']][]) {
      it(`I8 T1: ${from}, ${name}: ${to === '-' ? 'changes nothing' : to}`, () => {
        const { conversationId, messageId, seq } = messageIn(from);
        const before = window.db.get('SELECT * FROM outbox WHERE seq = ?', seq);
        actions[name](seq, messageId);
        if (to === '-') assert.deepEqual(window.db.get('SELECT * FROM outbox WHERE seq = ?', seq), before);
        else assert.deepEqual(window.states(conversationId), to === 'gone' ? [] : [`append ${to}`]);
        assert.equal(window.store.readMessage(messageId)?.content, 'words', 'I2: the text stays');
      });
    }
  }

  it('I4: create and appends go in order, one at a time; fields come last', () => {
    const id = window.write('one', 'two');
    window.store.change(id, { isStarred: true });
    const order: string[] = [];
    for (;;) {
      world.now += 10_000;
      const [item] = window.store.dueItems(ACCOUNT, world.now, 10);
      if (item === undefined) break;
      order.push(item.kind);
      const sent = window.begin(lease, item.seq);
      assert.deepEqual(window.store.dueItems(ACCOUNT, world.now, 10), [], 'nothing beside what is under way');
      if (sent?.kind === 'create')
        window.store.completeCreate(lease, ACCOUNT, item.seq, remoteFields('r', { title: 'one' }));
      else if (sent?.kind === 'append')
        window.store.settleAppends(lease, [
          { seq: item.seq, sent: { remoteId: `r${item.seq}`, serverOrder: item.seq } },
        ]);
      else if (sent?.kind === 'fields') window.store.completeFields(lease, item.seq, sent.fields);
    }
    assert.deepEqual(order, ['create', 'append', 'append', 'fields']);
  });

  it('I2: a parked message lets the ones after it go, and keeps its place', () => {
    const id = window.write('one');
    window.createThere(lease, id, 'r');
    window.appendAllThere(lease, id);
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'poison' });
    const { seq } = window.itemOf(id, 'append');
    window.begin(lease, seq);
    defer(seq, { state: 'parked', reason: 'refused' });
    world.now += 1_000;
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'after' });
    assert.equal(window.store.dueItems(ACCOUNT, world.now, 10).length, 1);
    const last = window.items(id).at(-1);
    window.begin(lease, last?.seq ?? 0);
    window.store.settleAppends(lease, [
      {
        seq: last?.seq ?? 0,
        sent: {
          remoteId: 'r-after',
          serverOrder: world.now * 1000,
        },
      },
    ]);
    const page = window.store.read(id, { limit: 9 });
    assert.deepEqual(
      page?.messages.map(({ content, delivery }) => `${content} ${delivery}`),
      ['one sent', 'poison parked', 'after sent'],
    );
  });

  it('I4: a first prompt that is refused stays above its reply, which is sent', () => {
    const id = window.write('poison');
    window.createThere(lease, id, 'r');
    const { seq } = window.itemOf(id, 'append');
    window.begin(lease, seq);
    defer(seq, { state: 'parked', reason: 'refused' });
    world.now += 1_000;
    window.store.append({ id: uuidv7(), conversationId: id, role: 'assistant', content: 'reply' });
    const reply = window.items(id).at(-1)?.seq ?? 0;
    window.begin(lease, reply);
    window.store.settleAppends(lease, [
      { seq: reply, sent: { remoteId: 'r-reply', serverOrder: world.now * 1000 } },
    ]);
    assert.deepEqual(
      window.store.read(id, { limit: 9 })?.messages.map(({ content }) => content),
      ['poison', 'reply'],
    );
  });

  it('I2: a request whose end the store could not take down is looked up once it can no longer be alive', () => {
    const { seq } = messageIn('sending');
    assert.deepEqual(window.store.dueItems(ACCOUNT, world.now + 59_000, 9), []);
    const [item] = window.store.dueItems(ACCOUNT, world.now + 61_000, 9);
    assert.deepEqual([item?.seq, item?.state], [seq, 'unknown']);
    defer(seq, { state: 'queued', notBefore: 0 });
    assert.equal(window.store.dueItems(ACCOUNT, world.now, 9)[0]?.state, 'queued');
  });

  it('I2: a clock that was set back holds up nothing: what waits is due, and a request without an answer is old one day', () => {
    const waiting = messageIn('sending');
    defer(waiting.seq, { state: 'queued', notBefore: world.now + 10 * 60_000 });
    const doubtful = messageIn('sending');
    const due = () => window.store.dueItems(ACCOUNT, world.now, 9).map(({ seq, state }) => [seq, state]);
    assert.deepEqual(due(), []);
    world.now -= 365 * 24 * 60 * 60_000;
    assert.deepEqual(due(), [
      [waiting.seq, 'queued'],
      [doubtful.seq, 'unknown'],
    ]);
    assert.equal(window.store.summary(ACCOUNT).nextDueAt, undefined);
    defer(doubtful.seq, { state: 'unknown', notBefore: world.now, reason: 'looked at' });
    const [, item] = window.store.dueItems(ACCOUNT, world.now, 9);
    assert.equal(item?.sentAt, world.now);
  });

  it('I10: what belongs to another account is neither offered nor sent', () => {
    const { seq, conversationId } = messageIn('queued');
    assert.deepEqual(window.store.dueItems('another', world.now, 9), []);
    assert.equal(window.begin(lease, seq, 'another'), undefined);
    assert.equal(window.store.remoteIdOf('another', conversationId), undefined);
    assert.equal(window.store.summary('another').queued, 0);
    assert.deepEqual(window.states(conversationId), ['append queued']);
  });

  it('tells when the next waiting item becomes due, also when others are due already', () => {
    messageIn('queued');
    const { seq } = messageIn('sending');
    defer(seq, { state: 'unknown', notBefore: world.now + 9_000, reason: 'no answer' });
    assert.equal(window.store.summary(ACCOUNT).nextDueAt, world.now + 9_000);
  });

  it('I2: also when a row becomes due whose request has ended and whose answer could not be entered', () => {
    const { seq } = messageIn('sending');
    const sentAt = world.now;
    world.now += 1_000;
    assert.equal(window.store.summary(ACCOUNT).nextDueAt, sentAt + 60_000);
    assert.deepEqual(window.store.dueItems(ACCOUNT, sentAt + 60_000 - 1, 9), []);
    assert.deepEqual(
      window.store.dueItems(ACCOUNT, sentAt + 60_000, 9).map((item) => [item.seq, item.state]),
      [[seq, 'unknown']],
    );
  });

  it('I3: the backend naming one message for two appends is no answer to the second', () => {
    const id = window.write('one', 'two');
    window.createThere(lease, id, 'r');
    const [first, second] = window.items(id);
    for (const item of [first, second]) {
      window.begin(lease, item?.seq ?? 0);
      window.store.settleAppends(lease, [
        { seq: item?.seq ?? 0, sent: { remoteId: 'same', serverOrder: 5 } },
      ]);
    }
    assert.deepEqual(window.states(id), ['append unknown']);
    assert.equal(window.store.read(id, { limit: 9 })?.messages[1]?.delivery, 'unknown');
  });

  it('I8 I10: on the word of the user of one account nothing of it waits any longer, and nothing moves', () => {
    const later = world.now + 300_000;
    const ids = (['queued', 'unknown'] as const).map((state) => {
      const { conversationId, seq } = messageIn('queued');
      window.begin(lease, seq);
      defer(seq, { state, notBefore: later, reason: 'wait' });
      return conversationId;
    });
    const due = (account: string) =>
      window.store.dueItems(account, world.now, 9).map((one) => one.conversationId);
    window.store.endWaits(lease, 'another account');
    assert.deepEqual(due(ACCOUNT), []);
    assert.throws(() => window.store.endWaits({ ...lease, token: lease.token - 1 }, ACCOUNT), {
      problem: 'fenced',
    });
    assert.deepEqual(due(ACCOUNT), []);
    window.store.endWaits(lease, ACCOUNT);
    assert.deepEqual(due(ACCOUNT), ids);
    assert.deepEqual(
      ids.flatMap((id) => window.states(id)),
      ['append queued', 'append unknown'],
    );
  });

  it('I3: the backend naming one conversation for two creates is no answer to the second', () => {
    const [one, two] = [window.write('one'), window.write('two')];
    window.createThere(lease, one, 'same');
    window.createThere(lease, two, 'same');
    assert.deepEqual(window.states(two), ['create unknown', 'append queued']);
  });

  it('I2: a refused create shows its messages as needing attention, and Retry sends them', () => {
    const id = window.write('words');
    const { seq } = window.itemOf(id, 'create');
    window.begin(lease, seq);
    defer(seq, { state: 'parked', reason: 'refused by the server' });
    const [message] = window.store.read(id, { limit: 9 })?.messages ?? [];
    assert.deepEqual([message?.delivery, message?.deliveryReason], ['parked', 'refused by the server']);
    window.store.retryParked(message?.id ?? '');
    assert.deepEqual(window.states(id), ['create queued', 'append queued']);
    assert.equal(window.store.readMessage(message?.id ?? '')?.delivery, 'queued');
  });
});

describe('outbox row for changed fields', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  let id: string;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_700_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    lease = window.lease();
    id = window.write('words');
    window.createThere(lease, id, 'r');
    window.appendAllThere(lease, id);
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });
  const begin = () => window.begin(lease, window.itemOf(id, 'fields').seq);
  const there = (status: 'active' | 'deleted' = 'active') => remoteFields('r', { title: 'words', status });

  it('a conversation that is on no backend has nothing to change there', () => {
    const draft = window.write();
    window.store.change(draft, { title: 'renamed' });
    assert.deepEqual(window.states(draft), []);
    assert.equal(window.store.summary(ACCOUNT).queued, 0);
  });

  it('clicks go out together, and clicking on and on does not hold them back', () => {
    for (let n = 0; n < 20; n += 1) {
      window.store.change(id, { isStarred: n % 2 === 0, isPinned: true });
      world.now += 400;
    }
    assert.equal(window.store.dueItems(ACCOUNT, world.now, 9).length, 1);
    assert.equal(window.items(id).length, 1);
  });

  it('I5: a click while a change is under way is sent after it', () => {
    window.store.change(id, { isStarred: true });
    const sent = begin();
    window.store.change(id, { isPinned: true });
    assert.ok(sent?.kind === 'fields');
    assert.deepEqual(window.states(id), ['fields sending']);
    window.store.completeFields(lease, window.itemOf(id, 'fields').seq, sent.fields);
    const next = begin();
    assert.deepEqual(next?.kind === 'fields' ? next.change : undefined, { isPinned: true });
  });

  it('a change taken back before it was sent sends nothing', () => {
    window.store.change(id, { isStarred: true });
    window.store.change(id, { isStarred: false });
    assert.equal(begin(), undefined);
    assert.deepEqual(window.states(id), []);
  });

  it('I12: a refused change rests until the user changes something, however often the list is read', () => {
    window.store.change(id, { isStarred: true });
    begin();
    window.store.defer(lease, window.itemOf(id, 'fields').seq, { state: 'parked', reason: 'not allowed' });
    for (let n = 0; n < 3; n += 1) window.store.mergeList(lease, ACCOUNT, [there()]);
    assert.deepEqual(window.states(id), ['fields parked']);
    window.store.change(id, { isPinned: true });
    assert.deepEqual(window.states(id), ['fields queued']);
  });

  it('I7 T4: what a refused change did not hold goes out beside it: a deletion that the server has lost', () => {
    window.store.mergeConversation(lease, ACCOUNT, { id, fields: there(), messages: [] });
    window.store.change(id, { status: 'deleted' });
    begin();
    const { seq } = window.itemOf(id, 'fields');
    window.store.completeFields(lease, seq, { ...there('deleted'), title: 'words' });
    window.store.change(id, { title: 'refused' });
    begin();
    window.store.defer(lease, window.itemOf(id, 'fields').seq, { state: 'parked', reason: 'not allowed' });
    window.store.mergeList(lease, ACCOUNT, [there('deleted')]);
    assert.deepEqual(window.states(id), ['fields parked']);
    window.store.mergeList(lease, ACCOUNT, [there()]);
    const next = begin();
    assert.deepEqual(next?.kind === 'fields' && next.change, { title: 'refused', status: 'deleted' });
  });

  it('I7: undoing a deletion whose request is under way brings it back, whatever the list says meanwhile', () => {
    window.store.change(id, { status: 'deleted' });
    begin();
    window.store.change(id, { status: 'active' });
    window.store.mergeList(lease, ACCOUNT, [there('deleted')]);
    assert.equal(window.store.read(id, { limit: 1 })?.conversation.status, 'active');
    window.store.defer(lease, window.itemOf(id, 'fields').seq, { state: 'queued', notBefore: 0 });
    const next = begin();
    assert.deepEqual(next?.kind === 'fields' ? next.change.status : undefined, 'active');
    window.store.completeFields(lease, window.itemOf(id, 'fields').seq, {
      title: 'words',
      status: 'active',
      isPinned: false,
      isStarred: false,
    });
    window.store.mergeList(lease, ACCOUNT, [there()]);
    assert.deepEqual(window.states(id), []);
  });

  it("I7: another machine's deletion wins over a star that is under way here", () => {
    window.store.change(id, { isStarred: true });
    begin();
    window.store.mergeList(lease, ACCOUNT, [there('deleted')]);
    assert.equal(window.store.read(id, { limit: 1 })?.conversation.status, 'deleted');
  });
});
