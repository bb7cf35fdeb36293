import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import sinon from 'sinon';
import { v7 as uuidv7 } from 'uuid';
import { tempFolder } from '../support/tempFolder.ts';
import { TestPanel } from './testPanel.ts';

describe('attachments in the panel', () => {
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
  const attached = (count: number) =>
    window.shows(({ open }) => {
      const { attachments = [] } = open?.draft ?? {};
      return attachments.length === count && attachments;
    });
  const file = (name: string, content: string) => ({
    kind: 'file' as const,
    name,
    mime: 'text/plain',
    size: content.length,
    content: () => Promise.resolve(new Uint8Array(Buffer.from(content))),
  });

  it('A11: an edited prompt begins with the attachments of the earlier version; one that is taken out is not sent', async () => {
    const { messageId } = await window.draft();
    window.effects.pickFiles = sinon.fake.resolves([file('a.txt', 'first'), file('b.txt', 'second')]);
    window.panel.receive({ type: 'pickAttachments', conversationId, messageId });
    const attachmentIds = (await attached(2)).map(({ id }) => id);
    window.panel.receive({ type: 'sendMessage', conversationId, messageId, text: 'look', attachmentIds });
    await window.shows(({ open }) => open?.messages[0]?.attachments);
    window.panel.receive({ type: 'startEdit', conversationId, messageId });
    const edit = await window.shows(({ open }) => open?.edit);
    assert.deepEqual(
      edit.attachments?.map(({ name }) => name),
      ['a.txt', 'b.txt'],
    );
    window.panel.receive({ type: 'detachFromEdit', conversationId, attachmentId: attachmentIds[0] });
    // At once, with what the snapshot before showed.
    window.panel.receive({
      type: 'sendEdit',
      conversationId,
      messageId: edit.messageId,
      replaces: messageId,
      text: 'look again',
      attachmentIds,
    });
    const sent = await window.shows(({ open }) => open?.messages.find(({ id }) => id === edit.messageId));
    assert.deepEqual(
      sent.attachments?.map(({ name }) => name),
      ['b.txt'],
    );
  });

  it('A8 I1: what was picked and pasted is in the draft, is sent with it, and opens', async () => {
    const { messageId } = await window.draft();
    window.effects.pickFiles = sinon.fake.resolves([file('a.txt', 'picked')]);
    window.panel.receive({ type: 'pickAttachments', conversationId, messageId });
    await attached(1);
    const piece = {
      type: 'attachPiece',
      conversationId,
      messageId,
      attachmentId: uuidv7(),
      name: 'b.png',
    } as const;
    const pasted = { ...piece, mime: 'image/png', size: 6 };
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    window.panel.receive({ ...pasted, from: 0, content: base64('pas') });
    window.panel.receive({ ...pasted, from: 3, content: base64('ted') });
    const items = await attached(2);
    assert.deepEqual(
      items.map(({ name, kind, size }) => [name, kind, size]),
      [
        ['a.txt', 'file', 6],
        ['b.png', 'image', 6],
      ],
    );
    const attachmentIds = items.map(({ id }) => id);
    window.panel.receive({ type: 'sendMessage', conversationId, messageId, text: 'look', attachmentIds });
    const sent = await window.shows(({ open }) => open?.messages[0]?.attachments);
    assert.deepEqual(sent, items);
    await attached(0);
    window.panel.receive({
      type: 'openAttachment',
      conversationId,
      messageId,
      attachmentId: attachmentIds[1] ?? '',
    });
    await window.shows(() => window.effects.openContent.callCount === 1);
    const [opened] = window.effects.openContent.args[0] as [{ hash: string }];
    assert.equal(Buffer.from((await window.store.readContent(opened.hash)) ?? []).toString(), 'pasted');
  });

  it('A8 I12: what is too large is refused in words, and is not read; what is taken out is gone', async () => {
    const { messageId } = await window.draft();
    const read = sinon.fake.resolves(new Uint8Array());
    window.effects.pickFiles = sinon.fake.resolves([
      { ...file('large.bin', ''), size: 10_000_001, content: read },
      file('small.txt', 'x'),
    ]);
    window.panel.receive({ type: 'pickAttachments', conversationId, messageId });
    const [small] = await attached(1);
    const [notice] = await window.shows(({ notices }) => notices.length > 0 && notices);
    assert.match(notice?.text ?? '', /large\.bin is larger than 10 MB/);
    assert.equal(read.callCount, 0);
    window.panel.receive({ type: 'detach', conversationId, attachmentId: small?.id ?? '' });
    await attached(0);
  });
});
