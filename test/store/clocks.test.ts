import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { FieldsOrder, Lease, RemoteFields } from '../../src/store/outbox.ts';
import {
  ACCOUNT,
  type DirectStore,
  remoteFields,
  remoteMessage,
  type World,
} from '../support/directStore.ts';
import { useWindow } from '../support/useWindow.ts';

const START = 1_700_000_000_000;

describe('clocks of fields in the file', () => {
  let world: World;
  let window: DirectStore;
  let lease: Lease;
  useWindow(START, (made) => ({ world, window, lease } = made));

  /** A conversation that both sides agree on. */
  const agreed = (title = 'agreed'): string => {
    const id = uuidv7();
    window.store.create({ id, title });
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'hello' });
    window.createThere(lease, id, `r-${id}`);
    window.appendAllThere(lease, id);
    merge(id, { title, clocks: {} });
    window.db.run('DELETE FROM outbox');
    return id;
  };
  const there = (id: string, other: Partial<RemoteFields>): RemoteFields =>
    remoteFields(`r-${id}`, { title: 'agreed', tags: [], clocks: {}, ...other });
  const merge = (id: string, other: Partial<RemoteFields>) =>
    window.store.mergeList(lease, ACCOUNT, [there(id, other)]);
  const get = (id: string) => window.store.read(id, { limit: 1 })?.conversation ?? assert.fail();
  const clocksOf = (id: string) =>
    JSON.parse(
      window.db.get<{ clocks: string }>('SELECT clocks FROM conversations WHERE id = ?', id)?.clocks ?? '',
    ) as Record<string, number>;
  const send = (id: string): { seq: number; order: FieldsOrder } => {
    world.now += 1_000;
    const { seq } = window.itemOf(id, 'fields');
    const order = window.begin(lease, seq);
    assert.ok(order?.kind === 'fields');
    return { seq, order };
  };
  const listed = () =>
    window.store
      .conflicts()
      .map(({ conversationId, field, kept, other }) => [conversationId, field, kept, other]);

  it('T30: what the user changes has a clock, later than all that was seen, also when the time was set back', () => {
    const id = window.write('hello');
    world.now += 1_000;
    window.store.change(id, { title: 'a', isPinned: true });
    const first = (START + 1_000) * 1_000;
    assert.deepEqual(clocksOf(id), { title: first, isPinned: first });
    world.now = START - 60_000;
    window.store.change(id, { title: 'a', isStarred: true });
    window.store.changeMany([{ id, change: { addTags: ['x'] } }]);
    window.store.trash({ ids: [id] }, uuidv7());
    window.store.restore({ ids: [id] });
    assert.deepEqual(clocksOf(id), {
      title: first,
      isPinned: first,
      isStarred: first + 1,
      tags: first + 2,
      status: first + 4,
    });
  });

  it('T30: a message that brings its conversation back gives the status a clock', () => {
    const id = window.write('hello');
    window.store.trash({ ids: [id] }, uuidv7());
    const { status = 0 } = clocksOf(id);
    window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'more' });
    assert.ok((clocksOf(id)['status'] ?? 0) > status);
    assert.equal(get(id).status, 'active');
  });

  it('I5 T30: the later change wins, here and in what is sent, and the other is listed', () => {
    const [ours, theirs] = [agreed(), agreed()];
    world.now += 10_000;
    for (const id of [ours, theirs]) window.store.change(id, { title: 'ours' });
    const at = world.now * 1_000;
    merge(ours, { title: 'theirs', clocks: { title: at - 1 } });
    merge(theirs, { title: 'theirs', clocks: { title: at + 1 } });
    assert.deepEqual([get(ours).title, get(theirs).title], ['ours', 'theirs']);
    assert.deepEqual(listed(), [
      [theirs, 'title', 'theirs', 'ours'],
      [ours, 'title', 'ours', 'theirs'],
    ]);
    const { order } = send(ours);
    assert.deepEqual([order.change, order.clocks.title, order.seen.title], [{ title: 'ours' }, at, at - 1]);
    merge(ours, { title: 'theirs', clocks: { title: at - 1 } });
    assert.equal(listed().length, 2, 'seen again it is no news');
  });

  it('T30: an answer that took all leaves nothing to send; what the user changed meanwhile goes next', () => {
    const id = agreed();
    window.store.change(id, { title: 'a' });
    const { seq, order } = send(id);
    window.store.change(id, { title: 'b' });
    window.store.completeWithClocks(lease, seq, order, there(id, { title: 'a', clocks: order.clocks }));
    assert.deepEqual([get(id).title, listed()], ['b', []]);
    const next = send(id);
    assert.deepEqual([next.order.change, next.order.seen], [{ title: 'b' }, order.clocks]);
    const answer = there(id, { title: 'b', clocks: next.order.clocks });
    window.store.completeWithClocks(lease, next.seq, next.order, answer);
    assert.deepEqual(window.states(id), []);
  });

  it('T30: what the backend did not take, because another machine was there first, is merged and sent again', () => {
    const id = agreed();
    window.store.change(id, { title: 'ours', isStarred: true });
    const { seq, order } = send(id);
    const title = (order.clocks.title ?? 0) - 1;
    const clocks = { title, isStarred: order.clocks.isStarred ?? 0 };
    window.store.completeWithClocks(
      lease,
      seq,
      order,
      there(id, { title: 'theirs', isStarred: true, clocks }),
    );
    assert.deepEqual(listed(), [[id, 'title', 'ours', 'theirs']]);
    const { order: next } = send(id);
    assert.deepEqual([next.change, next.seen.title], [{ title: 'ours' }, title]);
  });

  it('T30: also when the stream of events told of the other machine before the answer came', () => {
    const id = agreed();
    window.store.change(id, { title: 'ours' });
    const { seq, order } = send(id);
    const theirs = { title: 'theirs', clocks: { title: (order.clocks.title ?? 0) - 1 } };
    merge(id, theirs);
    window.store.completeWithClocks(lease, seq, order, there(id, theirs));
    const { order: next } = send(id);
    assert.deepEqual([next.change, next.seen.title], [{ title: 'ours' }, theirs.clocks.title]);
  });

  it('I12 T30: a backend that takes a change never is not asked for ever', () => {
    const id = agreed();
    window.store.change(id, { title: 'ours' });
    const { seq, order } = send(id);
    window.store.completeWithClocks(lease, seq, order, there(id, {}));
    assert.deepEqual(window.states(id), ['fields parked']);
    assert.equal(get(id).title, 'ours');
  });

  it('T30: a clock that the backend refused as too far ahead becomes that which it gave', () => {
    const id = agreed();
    window.store.change(id, { title: 'ours' });
    const { seq, order } = send(id);
    window.store.completeWithClocks(lease, seq, order, there(id, { title: 'ours', clocks: { title: 7 } }));
    assert.equal(clocksOf(id)['title'], 7);
    merge(id, { title: 'theirs', clocks: { title: 8 } });
    assert.equal(get(id).title, 'theirs');
  });

  it('T31: from a backend with clocks to one without and back, three ways where no clock is known', () => {
    const id = agreed();
    window.store.change(id, { isStarred: true });
    const { seq, order } = send(id);
    assert.deepEqual([order.change, order.fields.isStarred], [{ isStarred: true }, true]);
    window.store.completeFields(lease, seq, order.fields);
    const { tags: _tags, clocks: _clocks, ...plain } = there(id, { isStarred: true, title: 'there' });
    window.store.mergeList(lease, ACCOUNT, [plain]);
    assert.deepEqual([get(id).title, window.states(id)], ['there', []]);
    merge(id, { title: 'there', isStarred: true, clocks: { title: 5 } });
    window.store.change(id, { title: 'here' });
    merge(id, { title: 'there', isStarred: true, clocks: { title: 5 } });
    assert.equal(get(id).title, 'here');
  });

  describe('tags', () => {
    it('I5 T32: are sent where the backend has a place for them, and merged as a set', () => {
      const id = agreed();
      window.store.changeMany([{ id, change: { addTags: ['ours'] } }]);
      const { seq, order } = send(id);
      assert.deepEqual([order.change, order.tags, order.seen.tags], [{}, ['ours'], undefined]);
      const answer = there(id, { tags: ['theirs'], clocks: { tags: 9 } });
      window.store.completeWithClocks(lease, seq, order, answer);
      assert.deepEqual([...get(id).tags].sort(), ['ours', 'theirs']);
      const { order: next } = send(id);
      assert.deepEqual([[...(next.tags ?? [])].sort(), next.seen.tags], [['ours', 'theirs'], 9]);
      assert.ok((next.clocks.tags ?? 0) > 9);
    });

    it('T32: wait for nothing where it has none', () => {
      const id = window.write('hello');
      window.createThere(lease, id, 'r');
      window.appendAllThere(lease, id);
      window.store.mergeList(lease, ACCOUNT, [remoteFields('r', { title: 'hello' })]);
      window.store.changeMany([{ id, change: { addTags: ['here'] } }]);
      assert.deepEqual(window.states(id), []);
    });

    it('T32: of a conversation that comes from there are shown here', () => {
      const fields = remoteFields('r', { tags: ['a', 'b'], clocks: { tags: 3, title: 4 } });
      const id = uuidv7();
      window.store.mergeConversation(lease, ACCOUNT, {
        id,
        fields,
        messages: [remoteMessage(uuidv7(), 'm')],
      });
      assert.deepEqual([get(id).tags, clocksOf(id)], [['a', 'b'], { tags: 3, title: 4 }]);
      assert.deepEqual(window.states(id), []);
    });
  });

  describe('a conversation deleted there while something was said here', () => {
    const deleted = (id: string, clock: number) =>
      merge(id, { status: 'deleted', clocks: { status: clock } });

    it('I2 D2: comes back when the deletion cannot know of the message, and that is told', () => {
      const id = agreed();
      window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'waits' });
      deleted(id, (START + 50_000) * 1_000);
      assert.equal(get(id).status, 'active');
      assert.deepEqual(listed(), [[id, 'status', 'active', 'deleted']]);
    });

    it('I2 D2: also when the message was sent meanwhile, and its clock is later', () => {
      const id = agreed();
      world.now += 1_000;
      window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'said' });
      window.appendAllThere(lease, id);
      deleted(id, world.now * 1_000 - 1);
      assert.equal(get(id).status, 'active');
      const { order } = send(id);
      assert.deepEqual(order.change, { status: 'active' });
      assert.ok((order.clocks.status ?? 0) > world.now * 1_000 - 1_000_001);
    });

    it('I7 D2: not for one whose clock is more than a day ahead of the server that took it before', () => {
      const id = agreed();
      const right = world.now;
      world.now += 2 * 86_400_000;
      window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'said' });
      world.now = right;
      window.appendAllThere(lease, id);
      deleted(id, (right + 60_000) * 1_000);
      assert.equal(get(id).status, 'deleted');
    });

    it('I7 D2: does not come back for a message that the deletion knows of', () => {
      const id = agreed();
      deleted(id, world.now * 1_000 + 5_000);
      assert.equal(get(id).status, 'deleted');
      assert.deepEqual(listed(), []);
    });
  });

  describe('the list of conflicts', () => {
    const conflict = (): string => {
      const id = agreed();
      world.now += 10_000;
      window.store.change(id, { title: 'ours' });
      merge(id, { title: 'theirs', clocks: { title: world.now * 1_000 + 1 } });
      return id;
    };

    it('T33: the other value can be taken, as a change of now that wins everywhere', () => {
      const id = conflict();
      const [found] = window.store.conflicts();
      assert.deepEqual([found?.title, found?.foundAt], ['theirs', world.now]);
      window.store.settleConflict(found?.id ?? 0, 'other');
      assert.deepEqual([get(id).title, listed()], ['ours', []]);
      const { order } = send(id);
      assert.ok((order.clocks.title ?? 0) > (order.seen.title ?? Infinity));
      window.store.settleConflict(found?.id ?? 0, 'other');
      assert.equal(get(id).title, 'ours', 'settled twice is settled once');
    });

    it('T33: or all can be left as it is', () => {
      const id = conflict();
      window.store.settleConflict(window.store.conflicts()[0]?.id ?? 0, 'kept');
      assert.deepEqual([get(id).title, listed()], ['theirs', []]);
      const { seq } = window.itemOf(id, 'fields');
      assert.equal(window.begin(lease, seq), undefined, 'nothing is to be said');
    });

    it('I12 T33: holds the newest 200', () => {
      const id = agreed();
      for (let n = 0; n < 205; n += 1) {
        world.now += 1_000;
        window.store.change(id, { title: `ours ${n}` });
        merge(id, { title: `theirs ${n}`, clocks: { title: world.now * 1_000 + 1 } });
      }
      const titles = window.store.conflicts().map(({ other }) => other);
      assert.deepEqual([titles.length, titles[0], titles.at(-1)], [200, 'ours 204', 'ours 5']);
    });

    it('I7 T33: goes with a conversation that is deleted for good', () => {
      const id = conflict();
      window.store.trash({ ids: [id] }, uuidv7());
      window.store.purge(window.store.trashPreview({ ids: [id] }).entries, 'user');
      assert.deepEqual(listed(), []);
      assert.deepEqual(window.db.all('SELECT * FROM conflicts'), []);
      const row = window.db.get<{ base: string }>('SELECT base FROM conversations WHERE id = ?', id);
      assert.doesNotMatch(
        row?.base ?? '',
        /theirs/,
        'nor does the row that tells the backend know its title',
      );
    });
  });
});
