import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { EditItem } from '../../src/protocol/panel.ts';
import { message, messages, notice, open, snapshot, uuid } from './fixtures.ts';
import type { Panel } from './panel.ts';
import { usePanel } from './usePanel.ts';

const CONVERSATION = uuid(1);
const EDIT: EditItem = { messageId: uuid(9001), replaces: uuid(1000), text: 'Message 0' };

describe('Edits and versions in a browser', function () {
  let panel: Panel;
  usePanel(this, (opened) => (panel = opened));
  const field = () => panel.page.getByRole('textbox', { name: 'Edited prompt' });
  const focused = () =>
    panel.page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.tagName,
    );
  const show = (edit?: EditItem, shown = messages(3)) =>
    panel.show(snapshot({ open: open({ messages: shown, ...(edit && { edit }) }) }));
  const ids = { conversationId: CONVERSATION, messageId: EDIT.messageId };

  it('E1: Edit puts the prompt into a field with the focus in it; Enter sends, and the focus comes back to the prompt', async () => {
    await show();
    assert.equal(await panel.page.getByRole('button', { name: 'Edit prompt' }).count(), 2);
    await panel.page.getByRole('button', { name: 'Edit prompt' }).first().press('Enter');
    assert.deepEqual(await panel.intentsOf('startEdit'), [
      { type: 'startEdit', conversationId: CONVERSATION, messageId: uuid(1000) },
    ]);
    await show(EDIT);
    assert.equal(await focused(), 'Edited prompt');
    assert.equal(await panel.page.getByRole('button', { name: 'Edit prompt' }).count(), 0, 'one at a time');
    await panel.page.keyboard.type(', better');
    await panel.page.keyboard.press('Shift+Enter');
    await panel.page.keyboard.type('by far');
    await panel.page.keyboard.press('Enter');
    const sent = 'Message 0, better\nby far';
    const send = { type: 'sendEdit', ...ids, replaces: EDIT.replaces, text: sent } as const;
    assert.deepEqual(await panel.intentsOf('sendEdit'), [send]);
    assert.equal((await panel.intentsOf('saveEdit')).at(-1)?.text, sent, 'saved before it is sent');
    assert.equal(await field().isEditable(), false, 'nothing is typed into what is being saved');
    await show(undefined, [message(4, { id: EDIT.messageId, content: sent })]);
    assert.equal(await field().count(), 0);
    assert.equal(await focused(), 'Message');
  });

  it('A11: the attachments of the prompt stand in its editor, open, can be taken out, and go along', async () => {
    const attachments = ['a.txt', 'b.png'].map((name) => ({
      id: name,
      kind: 'file' as const,
      name,
      size: 9,
    }));
    const shown = messages(3).map((each, n) => (n === 0 ? { ...each, attachments } : each));
    await show({ ...EDIT, attachments }, shown);
    const chips = panel.page.getByRole('list', { name: 'Attachments' });
    assert.equal(await chips.count(), 1, 'once');
    await chips.getByRole('button', { name: /^a\.txt/ }).click();
    assert.deepEqual(await panel.intentsOf('openAttachment'), [
      {
        type: 'openAttachment',
        conversationId: CONVERSATION,
        messageId: EDIT.replaces,
        attachmentId: 'a.txt',
      },
    ]);
    await chips.getByRole('button', { name: 'Remove a.txt' }).press('Enter');
    assert.deepEqual(await panel.intentsOf('detachFromEdit'), [
      { type: 'detachFromEdit', conversationId: CONVERSATION, attachmentId: 'a.txt' },
    ]);
    await show({ ...EDIT, attachments: attachments.slice(1) }, shown);
    await field().fill('better');
    await field().press('Enter');
    assert.deepEqual((await panel.intentsOf('sendEdit'))[0]?.attachmentIds, ['b.png']);
  });

  it('E2 I1: what is typed is posted at once, also while the view goes away, and a reload shows it', async () => {
    await show(EDIT);
    await field().fill('typed');
    await panel.page.waitForFunction(() =>
      window.posted.some((intent) => JSON.stringify(intent).includes('typed')),
    );
    assert.deepEqual((await panel.intentsOf('saveEdit')).at(-1), {
      type: 'saveEdit',
      ...ids,
      replaces: EDIT.replaces,
      text: 'typed',
    });
    await field().fill('typed last');
    await panel.show(snapshot());
    assert.equal((await panel.intentsOf('saveEdit')).at(-1)?.text, 'typed last');
    await show({ ...EDIT, text: 'typed last' });
    assert.equal(await field().inputValue(), 'typed last');
  });

  it('E2: Escape cancels after the last words are posted, and the focus goes to the prompt', async () => {
    await show(EDIT);
    await field().fill('given up');
    await field().press('Escape');
    const posted = (await panel.intents()).slice(-2).map(({ type }) => type);
    assert.deepEqual(posted, ['saveEdit', 'cancelEdit']);
    await show();
    assert.match((await focused()) ?? '', /^You, /);
  });

  it('I1: an edit that could not be saved stays in its field', async () => {
    await show(EDIT);
    await field().fill('not lost');
    await field().press('Enter');
    await panel.show(
      snapshot({
        open: open({ messages: messages(3), edit: EDIT }),
        notices: [notice(1, { severity: 'error' })],
      }),
    );
    assert.equal(await field().inputValue(), 'not lost');
    assert.ok(await field().isEditable());
  });

  it('B3: a message says which of its versions it is, and leads to the ones beside it', async () => {
    const version = { number: 2, count: 3, earlier: [uuid(1), uuid(2)], later: [uuid(3)] };
    await show(undefined, [message(0, { version }), message(1)]);
    assert.equal(await panel.page.getByText('Version 2 of 3').count(), 1);
    await panel.page.getByRole('button', { name: 'Show the version before' }).click();
    await panel.page.getByRole('button', { name: 'Show the next version' }).click();
    assert.deepEqual(
      (await panel.intentsOf('showVersion')).map(({ restore }) => restore),
      [version.earlier, version.later],
    );
    const { later: _, ...newest } = version;
    await show(undefined, [message(0, { version: newest }), message(1)]);
    assert.ok(await panel.page.getByRole('button', { name: 'Show the next version' }).isDisabled());
  });
});
