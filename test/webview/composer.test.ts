import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { conversation, message, messages, notice, open, snapshot, uuid } from './fixtures.ts';
import { Stage, type Panel } from './panel.ts';

const CONVERSATION = uuid(1);
const [D1, D2] = [uuid(9000), uuid(9001)];

describe('The composer in a browser', function () {
  // A browser on a busy machine.
  this.timeout(60_000);
  let stage: Stage;
  let panel: Panel;
  const field = () => panel.page.getByRole('textbox', { name: 'Message' });

  before(async () => (stage = await Stage.start()));
  after(() => stage.stop());
  beforeEach(async () => {
    panel = await stage.open();
    await panel.show(snapshot({ open: open({ messages: messages(2) }) }));
  });
  afterEach(async () => {
    assert.deepEqual(panel.problems, []);
    await panel.close();
  });

  it('sends with Enter and starts a new line with Shift+Enter', async () => {
    await field().pressSequentially('one');
    await field().press('Shift+Enter');
    await field().pressSequentially('two');
    await field().press('Enter');
    assert.deepEqual(await panel.intentsOf('sendMessage'), [
      { type: 'sendMessage', conversationId: CONVERSATION, messageId: D1, text: 'one\ntwo' },
    ]);
  });

  it('I1: keeps the text, read-only, until a snapshot shows the message', async () => {
    await field().fill('Hello');
    await field().press('Enter');
    assert.equal(await field().inputValue(), 'Hello');
    assert.equal(await field().evaluate((element: HTMLTextAreaElement) => element.readOnly), true);
    assert.ok(await panel.page.getByText('Saving...').isVisible());
    await panel.show(snapshot({ open: open({ draft: { messageId: D1, text: 'Hello' } }) }));
    assert.equal(await field().inputValue(), 'Hello');

    const stored = message(2, { id: D1, content: 'Hello', delivery: 'queued' });
    await panel.show(
      snapshot({ open: open({ messages: [...messages(2), stored], draft: { messageId: D2, text: '' } }) }),
    );
    assert.equal(await field().inputValue(), '');
    assert.equal(await field().evaluate((element: HTMLTextAreaElement) => element.readOnly), false);
    assert.equal((await panel.intentsOf('sendMessage')).length, 1);
  });

  it('P11 I1: keeps what is typed when the draft of another window comes, and posts it when the window goes', async () => {
    const shows = (text: string) =>
      panel.show(snapshot({ open: open({ messages: messages(2), draft: { messageId: D1, text } }) }));
    const posted = async () => (await panel.intentsOf('saveDraft')).length;
    await field().fill('ours');
    await shows('ours');
    const before = await posted();
    await shows('theirs');
    assert.equal(await field().inputValue(), 'ours');
    assert.equal(await posted(), before);
    await panel.page.evaluate(() => window.dispatchEvent(new Event('pagehide')));
    const last = (await panel.intentsOf('saveDraft')).at(-1);
    assert.deepEqual(last, {
      type: 'saveDraft',
      conversationId: CONVERSATION,
      messageId: D1,
      text: 'ours',
    });
    assert.equal(await posted(), before + 1);
  });

  it('I1: gives the text back when a notice says that it was refused', async () => {
    await field().fill('Hello');
    await field().press('Enter');
    await panel.show(
      snapshot({ open: open({ draft: { messageId: D1, text: 'Hello' } }), notices: [notice(1)] }),
    );
    assert.equal(await field().inputValue(), 'Hello');
    await field().press('End');
    await field().pressSequentially('!');
    assert.equal(await field().inputValue(), 'Hello!');
  });

  it('does not send with the Enter that ends a composition', async () => {
    await field().focus();
    const session = await panel.page.context().newCDPSession(panel.page);
    await session.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 });
    assert.equal(await field().inputValue(), 'に');
    // The real key event, as the browser reports it while an input method has the keyboard.
    const enter = { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229 } as const;
    await session.send('Input.dispatchKeyEvent', enter);
    await panel.page.evaluate(() =>
      document
        .querySelector('textarea')
        ?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })),
    );
    await session.send('Input.insertText', { text: '日' });
    // Some browsers end the composition first, and only then report the key that did it.
    await session.send('Input.dispatchKeyEvent', enter);
    assert.deepEqual(await panel.intentsOf('sendMessage'), []);
    await field().press('Enter');
    assert.equal((await panel.intentsOf('sendMessage'))[0]?.text, '日');
  });

  it('takes over a draft that came while a composition was begun and given up', async () => {
    await field().dispatchEvent('compositionstart');
    await panel.show(snapshot({ open: open({ draft: { messageId: D1, text: 'theirs' } }) }));
    assert.equal(await field().inputValue(), '');
    await field().dispatchEvent('compositionend');
    await panel.page.waitForFunction(() => document.querySelector('textarea')?.value === 'theirs');
    assert.deepEqual(await panel.intentsOf('saveDraft'), []);
  });

  it('does not disturb a composition when a snapshot comes', async () => {
    await field().focus();
    const session = await panel.page.context().newCDPSession(panel.page);
    await session.send('Input.imeSetComposition', { text: 'nihon', selectionStart: 5, selectionEnd: 5 });
    await panel.show(snapshot({ open: open({ draft: { messageId: D1, text: 'theirs' } }) }));
    assert.equal(await field().inputValue(), 'nihon');
    await session.send('Input.insertText', { text: '日本' });
    assert.equal(await field().inputValue(), '日本');
  });

  it('posts drafts at once and then at most every 50 ms, and the rest when the field loses the focus', async () => {
    await panel.page.evaluate(() => {
      const area = document.querySelector('textarea');
      area?.focus();
      for (const text of ['a', 'ab', 'abc']) {
        if (!area) return;
        area.value = text;
        area.dispatchEvent(new InputEvent('input', { bubbles: true }));
      }
    });
    assert.deepEqual((await panel.intentsOf('saveDraft')).map((intent) => intent.text)[0], 'a');
    await field().blur();
    assert.deepEqual(
      (await panel.intentsOf('saveDraft')).map((intent) => intent.text),
      ['a', 'abc'],
    );
  });

  it('posts the last keys when the conversation is left', async () => {
    await panel.page.evaluate(() => {
      const area = document.querySelector('textarea');
      for (const text of ['a', 'ab']) {
        if (!area) return;
        area.value = text;
        area.dispatchEvent(new InputEvent('input', { bubbles: true }));
      }
    });
    await panel.show(snapshot());
    assert.equal((await panel.intentsOf('saveDraft')).at(-1)?.text, 'ab');
  });

  it('takes over the draft of another conversation and forgets nothing of this one', async () => {
    await field().fill('first');
    await panel.show(
      snapshot({ open: open({ conversation: conversation(2), draft: { messageId: D2, text: 'second' } }) }),
    );
    assert.equal(await field().inputValue(), 'second');
    await field().fill('second, changed');
    const last = (await panel.intentsOf('saveDraft')).at(-1);
    assert.deepEqual(last, {
      type: 'saveDraft',
      conversationId: uuid(2),
      messageId: D2,
      text: 'second, changed',
    });
  });

  it('keeps a text over the limit, says why it cannot be sent, and posts nothing of it', async () => {
    const before = (await panel.intents()).length;
    await panel.page.evaluate(() => {
      const area = document.querySelector('textarea');
      if (!area) return;
      area.value = 'x'.repeat(4_000_001);
      area.dispatchEvent(new InputEvent('input', { bubbles: true }));
    });
    await panel.page.getByText('Too long to send or save').waitFor();
    assert.ok(await panel.page.getByRole('button', { name: 'Send' }).isDisabled());
    await field().press('Enter');
    assert.equal((await panel.intents()).length, before);
    assert.equal(await field().evaluate((element: HTMLTextAreaElement) => element.value.length), 4_000_001);
  });

  it('can be typed into without delay while a reply streams', async () => {
    const text = 'The quick brown fox';
    const typing = field().pressSequentially(text);
    for (let piece = 0; piece < 20; piece += 1)
      await panel.post(
        snapshot({
          open: open({
            messages: [
              ...messages(2),
              message(3, { content: 'word '.repeat(piece * 20), status: 'streaming' }),
            ],
            isReplying: true,
          }),
        }),
      );
    await typing;
    assert.equal(await field().inputValue(), text);
    await panel.page.getByRole('button', { name: 'Stop the reply' }).click();
    assert.deepEqual(await panel.intentsOf('stopReply'), [
      { type: 'stopReply', conversationId: CONVERSATION },
    ]);
  });

  it('I11: leaves no words in the saved state', async () => {
    await field().fill('a secret draft');
    await field().press('ArrowLeft');
    await panel.page.waitForFunction(() => JSON.stringify(window.savedState).includes('"caret":13'));
    const saved = JSON.stringify(await panel.savedState());
    assert.ok(!saved.includes('secret') && !saved.includes('Message'), saved);
  });

  it('A9: shows what is attached, takes it out by keyboard, sends it along, and takes what is pasted', async () => {
    const attachments = [{ id: uuid(7), kind: 'file', name: 'notes.txt', size: 1_200 } as const];
    const draft = { messageId: uuid(9000), text: 'look', attachments };
    await panel.show(snapshot({ open: open({ draft }) }));
    assert.match(await panel.page.locator('.attachments').innerText(), /notes\.txt[^]*1\.2 kB/);
    await panel.page.getByRole('button', { name: 'Attach files' }).click();
    assert.equal((await panel.intentsOf('pickAttachments')).length, 1);
    await panel.page.getByRole('button', { name: 'notes.txt' }).first().click();
    assert.deepEqual(
      (await panel.intentsOf('openAttachment')).map(({ attachmentId }) => attachmentId),
      [uuid(7)],
    );
    await panel.page.getByRole('textbox').evaluate((field) => {
      const data = new DataTransfer();
      data.items.add(new File(['pasted'], 'p.png', { type: 'image/png' }));
      field.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
      );
    });
    await panel.page.waitForFunction(() =>
      window.posted.some((one) => JSON.stringify(one).includes('attachPiece')),
    );
    const [piece] = await panel.intentsOf('attachPiece');
    assert.deepEqual(
      [piece?.name, piece?.size, piece?.from, atob(piece?.content ?? '')],
      ['p.png', 6, 0, 'pasted'],
    );
    await panel.page.getByRole('button', { name: 'Send' }).click();
    assert.deepEqual((await panel.intentsOf('sendMessage'))[0]?.attachmentIds, [uuid(7)]);
    await panel.page.getByRole('button', { name: 'Remove notes.txt' }).focus();
    await panel.page.keyboard.press('Enter');
    assert.deepEqual(
      (await panel.intentsOf('detach')).map(({ attachmentId }) => attachmentId),
      [uuid(7)],
    );
  });
});
