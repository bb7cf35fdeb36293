import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { contentHash } from '../../src/model/hash.ts';
import { StoreError } from '../../src/store/store.ts';
import { eventually, openWindow, type TestWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('conversation store on SQLite', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestWindow;
  beforeEach(() => {
    folder = tempFolder();
    window = openWindow(folder.path);
  });
  afterEach(async () => {
    await window.store.close();
    folder.dispose();
  });

  async function conversation(): Promise<string> {
    const id = uuidv7();
    await window.store.create({ id });
    return id;
  }
  const prompt = (conversationId: string, content: string, id: string = uuidv7()) =>
    ({ id, conversationId, role: 'user', content }) as const;
  const problem = (wanted: string) => (error: unknown) =>
    error instanceof StoreError && error.problem === wanted;

  it('I1: an appended message is there for the next host, with its hash', async () => {
    const id = await conversation();
    await window.store.append(prompt(id, 'Hello NAVI'));
    await window.store.close();
    window = openWindow(folder.path);
    const page = await window.store.read(id, { limit: 50 });
    assert.equal(page?.messages[0]?.content, 'Hello NAVI');
    assert.equal(page.messages[0].hash, contentHash(page.messages[0]));
    assert.equal(page.conversation.title, 'Hello NAVI');
  });

  it('I3: appending one id twice stores it once, and refuses other words under it', async () => {
    const id = await conversation();
    const message = prompt(id, 'once');
    await Promise.all([window.store.append(message), window.store.append(message)]);
    await assert.rejects(window.store.append({ ...message, content: 'other' }), problem('id-conflict'));
    assert.equal((await window.store.read(id, { limit: 50 }))?.messages.length, 1);
  });

  it('I1: sending removes the draft in the same transaction, and a late save cannot bring it back', async () => {
    const id = await conversation();
    const messageId = uuidv7();
    await window.store.saveDraft(id, { messageId, text: 'Hel' });
    await window.store.append(prompt(id, 'Hello', messageId));
    await window.store.saveDraft(id, { messageId, text: 'Hello' });
    assert.equal(await window.store.readDraft(id), undefined);
  });

  it('I4: pages come in one order, newest window first, nothing twice and nothing left out', async () => {
    const id = await conversation();
    for (let n = 0; n < 120; n += 1) await window.store.append(prompt(id, `m${n}`));
    const seen: string[] = [];
    let before: Parameters<typeof window.store.read>[1]['before'];
    do {
      const page = await window.store.read(id, { limit: 50, ...(before && { before }) });
      seen.unshift(...(page?.messages ?? []).map((message) => message.content));
      before = page?.older;
    } while (before !== undefined);
    assert.deepEqual(
      seen,
      Array.from({ length: 120 }, (_, n) => `m${n}`),
    );
  });

  it('I1: a reply grows by pieces, settles once and then takes nothing more', async () => {
    const id = await conversation();
    const reply = uuidv7();
    await window.store.append({
      id: reply,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    await window.store.extend(reply, {
      text: 'Hel',
      activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'running' }],
    });
    await window.store.extend(reply, {
      text: 'lo',
      activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done' }],
      commands: [{ id: 'c', command: 'ls', output: 'a\n', status: 'running' }],
    });
    const settled = await window.store.settle(reply, 'complete');
    assert.equal(settled?.content, 'Hello');
    assert.deepEqual(
      settled.activities.map((activity) => activity.status),
      ['done'],
    );
    assert.deepEqual(
      settled.commands.map((command) => command.status),
      ['interrupted'],
    );
    await assert.rejects(window.store.extend(reply, { text: '!' }), problem('already-settled'));
  });

  it('a reply of which nothing arrived leaves no message', async () => {
    const id = await conversation();
    const reply = uuidv7();
    await window.store.append({
      id: reply,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    assert.equal(await window.store.settle(reply, 'failed'), undefined);
    assert.equal((await window.store.read(id, { limit: 10 }))?.messages.length, 0);
    assert.equal((await window.store.summary(undefined)).queued, 1);
  });

  it('I5: another window sees a commit without asking', async () => {
    const id = await conversation();
    const other = openWindow(folder.path);
    try {
      await other.store.list({ status: 'active', limit: 10 });
      const seen = eventually(
        other,
        async () => (await other.store.read(id, { limit: 1 }))?.messages[0]?.content,
      );
      await window.store.append(prompt(id, 'from the first'));
      assert.equal(await seen, 'from the first');
    } finally {
      await other.store.close();
    }
  });

  it('lists what holds words, pinned first, newest first; an empty new one is not history yet', async () => {
    const [empty, drafted, older, newer] = [
      await conversation(),
      await conversation(),
      await conversation(),
      await conversation(),
    ];
    await window.store.saveDraft(drafted, { messageId: uuidv7(), text: 'half a thought' });
    await window.store.append(prompt(older, 'older'));
    await window.store.append(prompt(newer, 'newer'));
    await window.store.change(older, { isPinned: true });
    const { items } = await window.store.list({ status: 'active', limit: 10 });
    assert.deepEqual(items[0]?.id, older);
    assert.ok(items.some((item) => item.id === drafted));
    assert.ok(!items.some((item) => item.id === empty));
  });

  it('text with NUL survives, a lone surrogate is replaced', async () => {
    const id = await conversation();
    await window.store.append(prompt(id, 'a\0b\ud800c'));
    assert.equal((await window.store.read(id, { limit: 1 }))?.messages[0]?.content, 'a\0b\ufffdc');
  });

  it('calls for what does not exist are typed errors', async () => {
    await assert.rejects(window.store.append(prompt(uuidv7(), 'x')), problem('no-such-conversation'));
    await assert.rejects(window.store.extend(uuidv7(), { text: 'x' }), problem('no-such-message'));
    assert.equal(await window.store.read(uuidv7(), { limit: 1 }), undefined);
  });
});
