import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import {
  messagesOf,
  newConversation,
  problem,
  prompt,
  type ContractStore,
  type MakePlace,
  type StorePlace,
} from './place.ts';

export function describeConversations(makePlace: MakePlace): void {
  describe('conversations and drafts', () => {
    let place: StorePlace;
    let store: ContractStore;
    beforeEach(() => {
      place = makePlace();
      store = place.open();
    });
    afterEach(async () => {
      await place.close();
      place.dispose();
    });
    const listed = async (query: Partial<Parameters<ContractStore['list']>[0]> = {}): Promise<string[]> =>
      (await store.list({ status: 'active', limit: 10, ...query })).items.map(({ id }) => id);

    it('I3: creating one id twice creates it once and keeps what it was', async () => {
      const id = uuidv7();
      const workspace = { folders: ['file:///a', 'file:///b'] };
      await store.create({ id, title: 'First', workspace });
      const again = await store.create({ id, title: 'Second' });
      assert.deepEqual([again.title, again.workspace], ['First', workspace]);
    });

    it('lists what holds words, pinned first, newest first; an empty new one is not history yet', async () => {
      const empty = await newConversation(store);
      const drafted = await newConversation(store);
      const older = await newConversation(store);
      const newer = await newConversation(store);
      await store.saveDraft(drafted, { messageId: uuidv7(), text: 'half a thought' });
      await store.append(prompt(older, 'older'));
      await store.append(prompt(newer, 'newer'));
      await store.change(older, { isPinned: true });
      const ids = await listed();
      assert.equal(ids[0], older);
      assert.deepEqual(
        [ids.includes(drafted), ids.includes(newer), ids.includes(empty)],
        [true, true, false],
      );
      assert.deepEqual(new Set(await store.conversationIds()), new Set([older, newer]));
    });

    it('a list says whether there is more, and holds what was asked for', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 3; n += 1) {
        const id = await newConversation(store);
        await store.append(prompt(id, `m${n}`));
        ids.push(id);
      }
      await store.change(ids[0] ?? '', { isStarred: true });
      await store.change(ids[1] ?? '', { status: 'archived' });
      const first = await store.list({ status: 'active', limit: 1 });
      assert.deepEqual([first.items.length, first.hasMore], [1, true]);
      const all = await store.list({ status: 'active', limit: 2 });
      assert.deepEqual([all.items.length, all.hasMore], [2, false]);
      assert.deepEqual(await listed({ starredOnly: true }), [ids[0]]);
      assert.deepEqual(await listed({ status: 'archived' }), [ids[1]]);
    });

    it('a list goes on after any of its places, with nothing twice and nothing left out', async () => {
      for (let n = 0; n < 9; n += 1) await store.append(prompt(await newConversation(store), `c${n}`));
      const [, second, , fourth] = await listed();
      for (const id of [second, fourth]) await store.change(id ?? '', { isPinned: true });
      const whole = (await store.list({ status: 'active', limit: 10 })).items;
      for (const [at, item] of whole.entries()) {
        const after = { id: item.id, isPinned: item.isPinned, at: item.updatedAt };
        assert.deepEqual(
          await listed({ after }),
          whole.slice(at + 1).map(({ id }) => id),
        );
        const next = await store.list({ status: 'active', limit: 2, after });
        assert.deepEqual([next.items.length, next.hasMore], [Math.min(2, 8 - at), at < 6]);
      }
    });

    it('I7: what was deleted is in no list of others; undoing brings it back with its words', async () => {
      const id = await newConversation(store);
      await store.append(prompt(id, 'kept'));
      await store.change(id, { status: 'deleted' });
      assert.deepEqual([await listed(), await store.conversationIds()], [[], []]);
      await store.change(id, { status: 'active' });
      assert.deepEqual(await listed(), [id]);
      assert.deepEqual((await messagesOf(store, id))[0]?.content, 'kept');
    });

    it('a title comes from the first prompt, and the name that the user gave stays', async () => {
      const id = await newConversation(store);
      await store.append(prompt(id, '\n  How do I\tquit vi?\nasking for a friend'));
      assert.equal((await store.read(id, { limit: 1 }))?.conversation.title, 'How do I quit vi?');
      await store.change(id, { title: 'Vi' });
      await store.append(prompt(id, 'And emacs?'));
      const conversation = (await store.read(id, { limit: 1 }))?.conversation;
      assert.deepEqual([conversation?.title, conversation?.preview], ['Vi', 'And emacs?']);
      assert.equal((await store.change(id, { title: 'x'.repeat(300) })).title.length, 255);
    });

    it('I6: a change leaves the fields alone that it does not name', async () => {
      const id = await newConversation(store);
      await store.change(id, { isPinned: true });
      await store.change(id, { isStarred: true });
      const changed = await store.change(id, { isPinned: false });
      assert.deepEqual([changed.isPinned, changed.isStarred, changed.status], [false, true, 'active']);
    });

    it('I1: a draft is there for the next host, and the last one saved counts', async () => {
      const id = await newConversation(store);
      assert.equal(await store.readDraft(id), undefined);
      const draft = { messageId: uuidv7(), text: 'Hel' };
      await Promise.all([store.saveDraft(id, draft), store.saveDraft(id, { ...draft, text: 'Hello' })]);
      await place.close();
      store = place.open();
      assert.deepEqual(await store.readDraft(id), { ...draft, text: 'Hello' });
    });

    it('I1: sending removes the draft in the same transaction, and a late save cannot bring it back', async () => {
      const id = await newConversation(store);
      const messageId = uuidv7();
      await store.saveDraft(id, { messageId, text: 'Hel' });
      await store.append(prompt(id, 'Hello', messageId));
      await store.saveDraft(id, { messageId, text: 'Hello' });
      assert.equal(await store.readDraft(id), undefined);
    });

    it('I1: sending one message leaves the draft of another alone', async () => {
      const id = await newConversation(store);
      await store.saveDraft(id, { messageId: uuidv7(), text: 'the next thought' });
      await store.append(prompt(id, 'sent by another window'));
      assert.equal((await store.readDraft(id))?.text, 'the next thought');
    });

    it('calls for what does not exist are typed errors, or nothing', async () => {
      const none = uuidv7();
      await assert.rejects(store.append(prompt(none, 'x')), problem('no-such-conversation'));
      await assert.rejects(store.change(none, { title: 'x' }), problem('no-such-conversation'));
      await assert.rejects(
        store.saveDraft(none, { messageId: uuidv7(), text: 'x' }),
        problem('no-such-conversation'),
      );
      await assert.rejects(store.extend(none, { text: 'x' }), problem('no-such-message'));
      await assert.rejects(store.settle(none, 'complete'), problem('no-such-message'));
      assert.equal(await store.read(none, { limit: 1 }), undefined);
      assert.equal(await store.readMessage(none), undefined);
      assert.equal(await store.readDraft(none), undefined);
    });
  });
}
