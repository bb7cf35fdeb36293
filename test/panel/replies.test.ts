import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { ResponderError } from '../../src/chat/responder.ts';
import type { MessageItem } from '../../src/protocol/panel.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { says, saysAndWaits, TestPanel, texts } from './testPanel.ts';

describe('replies and edits in the panel', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestPanel;
  let conversationId: string;
  beforeEach(async () => {
    folder = tempFolder();
    window = new TestPanel(folder.path);
    conversationId = await window.newConversation();
  });
  afterEach(async () => {
    await window.close();
    folder.dispose();
  });

  const cut = new ResponderError('broken-answer', 'The reply was cut off.');
  /** Waits until these are shown and no reply arrives. */
  const shows = (...expected: readonly string[]): Promise<readonly MessageItem[]> =>
    window.shows(
      (snapshot) =>
        texts(snapshot).join('|') === expected.join('|') &&
        snapshot.open?.isReplying === false &&
        snapshot.open.messages,
    );
  const last = (messages: readonly MessageItem[]) => messages.at(-1) ?? assert.fail();
  const ask = (kind: 'answer' | 'continue' | 'retry', message: MessageItem): void =>
    window.panel.receive({
      type: 'askReply',
      conversationId,
      kind,
      after: message.furtherIds?.at(-1) ?? message.id,
    });
  /** A conversation with this prompt and the reply to it. */
  async function said(prompt: string, reply: string): Promise<readonly MessageItem[]> {
    window.respond = says(reply);
    const before = window.snapshots.at(-1);
    await window.send(conversationId, prompt);
    return shows(...(before === undefined ? [] : texts(before)), prompt, reply);
  }
  async function edit(message: MessageItem, text: string): Promise<void> {
    window.panel.receive({ type: 'startEdit', conversationId, messageId: message.id });
    const started = await window.shows((snapshot) => snapshot.open?.edit);
    assert.deepEqual([started.replaces, started.text], [message.id, message.content]);
    const { messageId, replaces } = started;
    window.panel.receive({ type: 'sendEdit', conversationId, messageId, replaces, text });
  }

  it('R3 I1: a reply that broke off goes on as one message; what it is made of is kept apart', async () => {
    window.respond = says('Once upon', cut);
    await window.send(conversationId, 'A tale');
    const [, partial] = await shows('A tale', 'Once upon');
    assert.deepEqual([partial?.status, partial?.replyProblem], ['failed', 'The reply was cut off.']);
    assert.ok(partial?.endedAt !== undefined);
    window.respond = says(' a time');
    ask('continue', partial);
    const [, whole] = await shows('A tale', 'Once upon a time');
    assert.deepEqual([whole?.id, whole?.status, whole?.replyProblem], [partial.id, 'complete', undefined]);
    assert.equal(whole?.furtherIds?.length, 1);
    window.panel.receive({
      type: 'copyMessage',
      conversationId,
      messageId: partial.id,
      furtherIds: [...whole.furtherIds],
    });
    window.panel.receive({ type: 'setPinned', conversationId, value: true });
    await window.shows((snapshot) => snapshot.open?.conversation.isPinned === true);
    assert.deepEqual(window.effects.copy.args, [['Once upon a time']]);
    const stored = await window.store.read(conversationId, { limit: 9 });
    assert.deepEqual(
      stored?.messages.map(({ content }) => content),
      ['A tale', 'Once upon', ' a time'],
    );
  });

  it('R1 R4: any last reply can be tried again; each try is a version, and every one can be shown', async () => {
    const [, first] = await said('Prompt', 'first');
    window.respond = says('second');
    ask('retry', first ?? assert.fail());
    const second = last(await shows('Prompt', 'second'));
    assert.deepEqual([second.version?.number, second.version?.count], [2, 2]);
    window.panel.receive({
      type: 'showVersion',
      conversationId,
      restore: [...(second.version?.earlier ?? [])],
    });
    const again = last(await shows('Prompt', 'first'));
    assert.deepEqual([again.id, again.version?.number, again.version?.count], [first?.id, 1, 2]);
    window.respond = says('third');
    ask('retry', again);
    const third = last(await shows('Prompt', 'third'));
    assert.deepEqual([third.version?.number, third.version?.count], [3, 3]);
    window.panel.receive({
      type: 'showVersion',
      conversationId,
      restore: [...(third.version?.earlier ?? [])],
    });
    assert.equal(last(await shows('Prompt', 'second')).version?.number, 2);
  });

  it('R1 I3: asked in two windows at once, one reply is begun, and the other window says why not', async () => {
    const [, first] = await said('Prompt', 'first');
    window.respond = saysAndWaits('second');
    ask('retry', first ?? assert.fail());
    await window.shows((snapshot) => texts(snapshot).includes('second'));
    const other = new TestPanel(folder.path);
    try {
      other.panel.receive({ type: 'askReply', conversationId, kind: 'retry', after: first?.id });
      const busy = await other.shows(({ notices }) => notices[0]);
      assert.match(busy.text, /A reply is arriving already/);
      window.panel.receive({ type: 'stopReply', conversationId });
      await shows('Prompt', 'second');
      other.panel.receive({ type: 'askReply', conversationId, kind: 'retry', after: first?.id });
      await other.shows(({ notices }) =>
        notices.some(({ text }) => text.includes('gone on in the meantime')),
      );
    } finally {
      await other.close();
    }
    assert.equal((await window.store.read(conversationId, { limit: 9 }))?.messages.length, 2);
  });

  it('R1: a prompt sent while a reply arrives in another window says so, and can be asked again', async () => {
    const other = openWindow(folder.path);
    try {
      const [, first] = await said('Prompt', 'first');
      const id = uuidv7();
      await other.store.beginReply({ id, conversationId, kind: 'retry', after: first?.id ?? '' });
      window.respond = says('reply');
      await window.send(conversationId, 'Another');
      const asked = await window.shows((snapshot) =>
        snapshot.open?.messages.find(({ replyProblem }) => replyProblem?.includes('another window')),
      );
      await other.store.extend(id, { text: 'second' });
      await other.store.settle(id, 'complete');
      ask('answer', asked);
      await shows('Prompt', 'second', 'Another', 'reply');
    } finally {
      await other.store.close();
    }
  });

  it('E1 I6: an edited prompt takes the place of the old one and of what followed; both branches are kept', async () => {
    const [prompt] = await said('one', 'reply to one');
    await said('two', 'reply to two');
    window.respond = says('reply to better');
    await edit(prompt ?? assert.fail(), 'one, better');
    const [edited] = await shows('one, better', 'reply to better');
    assert.deepEqual([edited?.version?.number, edited?.version?.count], [2, 2]);
    const notice = await window.shows(({ notices }) => notices.find(({ id }) => id.startsWith('edited-')));
    assert.match(notice.text, /with the 3 messages after it/);
    window.panel.receive(notice.action?.intent);
    const [first] = await shows('one', 'reply to one', 'two', 'reply to two');
    window.panel.receive(notice.action?.intent);
    assert.equal(first?.version?.number, 1);
    window.panel.receive({ type: 'showVersion', conversationId, restore: [...(first.version.later ?? [])] });
    await shows('one, better', 'reply to better');
  });

  it('E2 I1: the text of an edit outlives the window, and is gone when it is sent', async () => {
    const [prompt] = await said('one', 'reply');
    window.panel.receive({ type: 'startEdit', conversationId, messageId: prompt?.id });
    const { messageId, replaces } = await window.shows((snapshot) => snapshot.open?.edit);
    window.panel.receive({ type: 'saveEdit', conversationId, messageId, replaces, text: 'one, half' });
    const other = new TestPanel(folder.path);
    try {
      other.panel.receive({ type: 'openConversation', conversationId });
      await other.shows((snapshot) => snapshot.open?.edit?.text === 'one, half');
      other.panel.receive({ type: 'sendEdit', conversationId, messageId, replaces, text: 'one, whole' });
      await window.shows((snapshot) => texts(snapshot)[0] === 'one, whole' && !snapshot.open?.edit);
    } finally {
      await other.close();
    }
  });

  it('E2 I1: a second edit does not take the words of the first; a cancelled one can be undone', async () => {
    const [one] = await said('one', 'reply to one');
    const messages = await said('two', 'reply to two');
    const two = messages[2];
    window.panel.receive({ type: 'startEdit', conversationId, messageId: one?.id });
    const { messageId, replaces } = await window.shows((snapshot) => snapshot.open?.edit);
    window.panel.receive({ type: 'saveEdit', conversationId, messageId, replaces, text: 'one, typed' });
    window.panel.receive({ type: 'startEdit', conversationId, messageId: two?.id });
    await window.shows(({ notices }) => notices.some(({ id }) => id === 'edit-open'));
    assert.equal((await window.store.readEdit(conversationId))?.text, 'one, typed');
    window.panel.receive({ type: 'cancelEdit', conversationId, messageId });
    const notice = await window.shows(
      ({ open, notices }) => !open?.edit && notices.find(({ id }) => id.startsWith('edit-cancelled')),
    );
    window.panel.receive(notice.action?.intent);
    await window.shows((snapshot) => snapshot.open?.edit?.text === 'one, typed');
  });

  it('E1 I1: sending an edit while a reply arrives ends that reply first, and keeps it with the old prompt', async () => {
    window.respond = saysAndWaits('half of it');
    await window.send(conversationId, 'one');
    const open = await window.shows((snapshot) => texts(snapshot).includes('half of it') && snapshot.open);
    window.respond = says('reply to better');
    await edit(open.messages[0] ?? assert.fail(), 'one, better');
    const [edited] = await shows('one, better', 'reply to better');
    window.panel.receive({
      type: 'showVersion',
      conversationId,
      restore: [...(edited?.version?.earlier ?? [])],
    });
    assert.equal(last(await shows('one', 'half of it')).status, 'interrupted');
  });
});
