import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { contentHash } from '../../../src/model/hash.ts';
import type { Position } from '../../../src/model/order.ts';
import {
  beginReply,
  messagesOf,
  newConversation,
  problem,
  prompt,
  type ContractStore,
  type MakePlace,
  type StorePlace,
} from './place.ts';

export function describeMessages(makePlace: MakePlace): void {
  describe('messages', () => {
    let place: StorePlace;
    let store: ContractStore;
    let id: string;
    beforeEach(async () => {
      place = makePlace();
      store = place.open();
      id = await newConversation(store);
    });
    afterEach(async () => {
      await place.close();
      place.dispose();
    });

    it('I1: an appended message is there for the next host, whole, with its hash', async () => {
      const message = {
        ...prompt(id, 'Hello NAVI'),
        metadata: { model: 'm', nested: { list: [1, null, 'x'] } },
        activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done', extra: { own: 1 } }],
        commands: [{ id: 'c', command: 'ls', output: 'a\n', status: 'done', exitCode: 0 }],
      } as const;
      const acknowledged = await store.append(message);
      await place.close();
      store = place.open();
      const found = await store.readMessage(message.id);
      assert.ok(found);
      assert.deepEqual(found, acknowledged);
      const { role, content, activities, commands, metadata } = found;
      assert.deepEqual(
        { id: found.id, conversationId: id, role, content, activities, commands, metadata },
        message,
      );
      assert.equal(found.hash, contentHash(found));
      assert.deepEqual(await messagesOf(store, id), [found]);
    });

    it('I4: words that had to wait keep the time of their writing, and stand where they were stored', async () => {
      await store.append(prompt(id, 'first'));
      const waited = await store.append({ ...prompt(id, 'waited'), writtenAt: 1_600_000_000_000.7 });
      const late = await store.append({ ...prompt(id, 'of the future'), writtenAt: 4_000_000_000_000 });
      assert.equal(waited.createdAt, 1_600_000_000_000);
      assert.ok(late.createdAt < 4_000_000_000_000);
      const shown = (await messagesOf(store, id)).map(({ content }) => content);
      assert.deepEqual(shown, ['first', 'waited', 'of the future']);
    });

    it('K3 I12: a page of excerpts is bounded and holds the two ends of what is long; the rest is read in pieces', async () => {
      const texts = {
        content: 'c'.repeat(600_001),
        detail: 'd'.repeat(8_001),
        output: `${'o'.repeat(1_200_000)}😀`,
      };
      const message = await store.append({
        ...prompt(id, texts.content),
        activities: [
          { id: 'a', kind: 'edit', label: 'Edit', status: 'done', detail: texts.detail, extra: { n: 1 } },
        ],
        commands: [
          { id: 'c', command: 'make', output: texts.output, status: 'done' },
          { id: 'd', command: 'ls', output: 'o'.repeat(8_000), status: 'done' },
        ],
      });
      const [shown] = (await store.read(id, { limit: 1, excerpts: true }))?.messages ?? [];
      assert.deepEqual(
        shown?.cuts?.map(({ tail, ...cut }) => [cut, tail]),
        [
          [{ part: 'content', bytes: 600_001 }, 'c'.repeat(2_000)],
          [{ part: 'detail', id: 'a', bytes: 8_001 }, 'd'.repeat(2_000)],
          [{ part: 'output', id: 'c', bytes: 1_200_004 }, `${'o'.repeat(1_998)}😀`],
        ],
      );
      assert.deepEqual(
        [shown.content, shown.activities[0]?.detail, ...shown.commands.map(({ output }) => output)].map(
          (text = '') => text.length,
        ),
        [10_000, 4_000, 4_000, 8_000],
      );
      assert.equal(shown.activities[0]?.extra, undefined);
      assert.deepEqual(await messagesOf(store, id), [message], 'whole for everybody else');
      for (const { part, id: partId } of shown.cuts ?? []) {
        let [text, isEnd] = ['', false];
        while (!isEnd) {
          const piece = await store.readText(
            message.id,
            { part, ...(partId !== undefined && { id: partId }) },
            text.length,
          );
          assert.ok(piece && piece.text.length <= 500_000);
          text += piece.text;
          ({ isEnd } = piece);
        }
        assert.equal(text, texts[part]);
      }
      assert.equal(await store.readText(message.id, { part: 'output', id: 'x' }, 0), undefined);
    });

    it('K3 I12: of many long messages the newest are shown whole, and of the others their beginnings', async () => {
      for (let n = 0; n < 15; n += 1) await store.append(prompt(id, `${n}${'x'.repeat(100_000)}`));
      const page = await store.read(id, { limit: 50, excerpts: true });
      const lengths = page?.messages.map(({ content }) => content.length) ?? [];
      assert.equal(page?.messages.length, 15);
      assert.deepEqual([lengths[0], lengths.at(-1)], [2_000, 100_002]);
      assert.ok(lengths.reduce((sum, length) => sum + length, 0) < 1_000_000);
    });

    it('counts what waits up to a thousand, and no further', async () => {
      for (let n = 0; n < 10; n += 1)
        await Promise.all(Array.from({ length: 101 }, () => store.append(prompt(id, 'waits'))));
      assert.equal((await store.read(id, { limit: 1 }))?.conversation.pendingCount, 1_000);
    });

    it('I3: appending one id twice stores it once, and refuses other words under it', async () => {
      const message = prompt(id, 'once');
      const [first, second] = await Promise.all([store.append(message), store.append(message)]);
      assert.deepEqual(second, first);
      const other = await newConversation(store);
      for (const wrong of [{ content: 'other' }, { role: 'system' }, { conversationId: other }] as const)
        await assert.rejects(store.append({ ...message, ...wrong }), problem('id-conflict'));
      assert.equal((await messagesOf(store, id)).length, 1);
      assert.equal((await messagesOf(store, other)).length, 0);
      assert.equal((await store.read(id, { limit: 1 }))?.conversation.messageCount, 1);
    });

    it('I3: the same words under two ids are two messages', async () => {
      await store.append(prompt(id, 'yes'));
      await store.append(prompt(id, 'yes'));
      assert.equal((await messagesOf(store, id)).length, 2);
    });

    it('I4: pages come in one order, newest window first, nothing twice and nothing left out', async () => {
      for (let n = 0; n < 120; n += 1) await store.append(prompt(id, `m${n}`));
      const seen: string[] = [];
      let before: Position | undefined;
      do {
        const page = await store.read(id, { limit: 50, ...(before && { before }) });
        seen.unshift(...(page?.messages ?? []).map((message) => message.content));
        before = page?.older;
      } while (before !== undefined);
      assert.deepEqual(
        seen,
        Array.from({ length: 120 }, (_, n) => `m${n}`),
      );
    });

    it('I4: a page around any message has its neighbours, says what is beyond them, and joins the pages beside it', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 40; n += 1) ids.push((await store.append(prompt(id, `m${n}`))).id);
      const around = async (n: number, limit = 10) => {
        const page = await store.read(id, { limit, around: ids[n] ?? '' });
        const found = page?.messages.map(({ content }) => Number(content.slice(1))) ?? [];
        return [found[0], found.at(-1), found.length, page?.older !== undefined, page?.hasNewer];
      };
      assert.deepEqual(await around(20), [15, 24, 10, true, true]);
      assert.deepEqual(await around(2), [0, 6, 7, false, true]);
      assert.deepEqual(await around(5), [0, 9, 10, false, true]);
      assert.deepEqual(await around(35), [30, 39, 10, true, false]);
      assert.deepEqual(await around(34), [29, 38, 10, true, true]);
      assert.deepEqual(await around(38), [33, 39, 7, true, false]);
      assert.deepEqual(await around(7, 1), [7, 7, 1, true, true]);
      const page = await store.read(id, { limit: 10, around: ids[20] ?? '' });
      const above = await store.read(id, { limit: 3, ...(page?.older && { before: page.older }) });
      assert.deepEqual(
        [above?.messages.map(({ content }) => content), above?.hasNewer],
        [['m12', 'm13', 'm14'], true],
      );
      const newest = await store.read(id, { limit: 10 });
      assert.equal(newest?.hasNewer, false);
      const unknown = await store.read(id, { limit: 10, around: await newConversation(store) });
      assert.deepEqual(unknown?.messages, newest.messages, 'what is not there leads to the newest');
    });

    it('I4: messages of two windows stand in one order for both, each in the order it was written', async () => {
      const other = place.open();
      for (let n = 0; n < 10; n += 1) {
        await store.append(prompt(id, `first ${n}`));
        await other.append(prompt(id, `second ${n}`));
      }
      const texts = (await messagesOf(store, id)).map(({ content }) => content);
      assert.deepEqual(
        texts,
        (await messagesOf(other, id)).map(({ content }) => content),
      );
      for (const writer of ['first', 'second'])
        assert.deepEqual(
          texts.filter((text) => text.startsWith(writer)),
          Array.from({ length: 10 }, (_, n) => `${writer} ${n}`),
        );
    });

    it('I1: a reply grows by pieces, settles once and then takes nothing more', async () => {
      const reply = await beginReply(store, id);
      await store.extend(reply, {
        text: 'Hel',
        activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'running' }],
      });
      await store.extend(reply, {
        text: 'lo',
        activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done' }],
        commands: [{ id: 'c', command: 'ls', output: 'a\n', status: 'running' }],
      });
      const open = await store.readMessage(reply);
      assert.deepEqual([open?.content, open?.status, open?.hash], ['Hello', 'streaming', undefined]);
      const settled = await store.settle(reply, 'complete');
      assert.deepEqual([settled?.content, settled?.status], ['Hello', 'complete']);
      assert.deepEqual(
        [...(settled?.activities ?? []), ...(settled?.commands ?? [])].map(({ status }) => status),
        ['done', 'interrupted'],
      );
      await assert.rejects(store.extend(reply, { text: '!' }), problem('already-settled'));
      assert.deepEqual(await store.settle(reply, 'failed'), settled, 'the first end is the end');
      assert.deepEqual(await messagesOf(store, id), [settled]);
    });

    it('I1: a whole text with a step that still runs ends with that step', async () => {
      const message = prompt(id, 'run it');
      const step = { id: 'c', command: 'make', output: '', status: 'running' } as const;
      const open = await store.append({ ...message, role: 'assistant', commands: [step] });
      assert.equal(open.hash, undefined);
      await store.extend(message.id, { commands: [{ ...step, output: 'done\n', status: 'done' }] });
      const settled = await store.readMessage(message.id);
      assert.equal(settled?.hash, settled && contentHash(settled));
      await assert.rejects(store.extend(message.id, { text: '!' }), problem('already-settled'));
    });

    it('I3: a reply of which nothing arrived leaves no message', async () => {
      await store.append(prompt(id, 'anyone?'));
      const reply = await beginReply(store, id);
      assert.equal(await store.settle(reply, 'failed'), undefined);
      const page = await store.read(id, { limit: 10 });
      assert.deepEqual([page?.messages.length, page?.conversation.messageCount], [1, 1]);
      assert.equal(page?.conversation.pendingCount, 1);
      assert.equal(await store.readMessage(reply), undefined);
    });

    it('why a prompt has no reply is noted and taken back', async () => {
      const { id: messageId } = await store.append(prompt(id, 'anyone?'));
      await store.noteReplyProblem(messageId, 'Nobody is there.');
      assert.deepEqual((await store.readMessage(messageId))?.replyProblem, { reason: 'Nobody is there.' });
      await store.noteReplyProblem(messageId, undefined);
      assert.equal((await store.readMessage(messageId))?.replyProblem, undefined);
    });

    it('I9: text with NUL survives, a lone surrogate is replaced, and the hash is that of the stored words', async () => {
      await store.append(prompt(id, 'a\0b\ud800c'));
      const reply = await beginReply(store, id);
      await store.extend(reply, { text: 'x\udc00' });
      await store.settle(reply, 'complete');
      const messages = await messagesOf(store, id);
      assert.deepEqual(
        messages.map(({ content }) => content),
        ['a\0b\ufffdc', 'x\ufffd'],
      );
      for (const message of messages) assert.equal(message.hash, contentHash(message));
    });

    it('I5: every window hears of a commit', async () => {
      const other = place.open();
      const heard = [store, other].map(
        (window) =>
          new Promise<void>((resolve) => {
            const subscription = window.onDidChange(() => {
              subscription.dispose();
              resolve();
            });
          }),
      );
      await other.list({ status: 'active', limit: 1 });
      await store.append(prompt(id, 'from the first'));
      await Promise.all(heard);
      assert.equal((await messagesOf(other, id))[0]?.content, 'from the first');
    });

    it('what a caller does to its own objects afterwards changes nothing in the store', async () => {
      const metadata: Record<string, string> = { model: 'm' };
      const message = prompt(id, 'mine');
      const done = store.append({ ...message, metadata });
      metadata['model'] = 'changed';
      await done;
      assert.deepEqual((await store.readMessage(message.id))?.metadata, { model: 'm' });
    });
  });
}
