import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { tempFolder } from '../support/tempFolder.ts';
import { TestPanel } from './testPanel.ts';

describe('long texts in the panel', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestPanel;
  beforeEach(() => {
    folder = tempFolder();
    window = new TestPanel(folder.path);
  });
  afterEach(async () => {
    await window.close();
    folder.dispose();
  });

  it('P10 I12: a long output is in the snapshot by its two ends, and its middle is sent when it is asked for', async () => {
    const id = uuidv7();
    await window.store.create({ id });
    const output = Array.from({ length: 100_000 }, (_, n) => `line ${n}`).join('\n');
    const messageId = uuidv7();
    await window.store.append({
      id: messageId,
      conversationId: id,
      role: 'assistant',
      content: 'x'.repeat(300_000),
      commands: [{ id: 'c', command: 'make', output, status: 'done' }],
    });
    window.panel.receive({ type: 'openConversation', conversationId: id });
    const shown = await window.shows((snapshot) => snapshot.open?.messages[0]);
    assert.ok(JSON.stringify(shown).length < 30_000);
    const [content, cut] = shown.cuts ?? [];
    assert.deepEqual([content?.part, content?.bytes, content?.at], ['content', 300_000, 10_000]);
    let whole = shown.commands[0]?.output ?? '';
    assert.deepEqual([cut?.part, cut?.bytes, cut?.from], ['output', output.length, whole.length]);
    for (let isEnd = false; !isEnd;) {
      const place = { messageId, part: 'output', partId: 'c', from: whole.length } as const;
      window.panel.receive({ type: 'readText', ...place });
      const { text, isEnd: ended, ...answered } = await window.text();
      assert.deepEqual(answered, { ...place, type: 'text' });
      whole += text;
      isEnd = ended;
    }
    assert.equal(whole, output);
    window.panel.receive({ type: 'readText', messageId: uuidv7(), part: 'content', from: 0 });
    assert.equal((await window.text()).isMissing, true);
    window.panel.receive({ type: 'copyMessage', conversationId: id, messageId });
    window.panel.receive({ type: 'setPinned', conversationId: id, value: true });
    const bytes = await window.shows(({ open }) => open?.conversation.isPinned && open.conversation.bytes);
    assert.deepEqual(window.effects.copy.args, [['x'.repeat(300_000)]]);
    assert.equal(bytes, 300_000 + output.length + 'make'.length);
  });

  it('P10: a reply in several parts is missing what each of them is missing, where it is missing', async () => {
    const id = uuidv7();
    await window.store.create({ id });
    const [first, second] = [uuidv7(), uuidv7()];
    const part = { conversationId: id, role: 'assistant', status: 'interrupted' } as const;
    await window.store.append({ ...part, id: first, content: 'a'.repeat(300_000) });
    const metadata = { navi: { continues: first } };
    await window.store.append({ ...part, id: second, content: 'b'.repeat(300_000), metadata });
    window.panel.receive({ type: 'openConversation', conversationId: id });
    const { cuts, content } = await window.shows((snapshot) => snapshot.open?.messages[0]);
    assert.equal(content, 'a'.repeat(10_000) + 'b'.repeat(10_000));
    assert.deepEqual(
      cuts?.map(({ messageId, at, from, tail }) => [messageId, at, from, tail[0]]),
      [
        [first, 10_000, 10_000, 'a'],
        [second, 20_000, 10_000, 'b'],
      ],
    );
  });
});
