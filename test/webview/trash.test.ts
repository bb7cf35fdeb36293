import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { conversation, HOUR, message, NOW, open, snapshot, uuid } from './fixtures.ts';
import type { Panel } from './panel.ts';
import { usePanel } from './usePanel.ts';

const DAY = 24 * HOUR;

describe('The trash in a browser', function () {
  let panel: Panel;
  usePanel(this, (opened) => (panel = opened));

  const deleted = { status: 'deleted', deletedAt: NOW - DAY, purgeAt: NOW + 29 * DAY } as const;
  const trash = (trashDays = 30) =>
    snapshot({
      list: { view: 'trash', items: [conversation(1, deleted)], hasMore: false, trashDays },
    });

  it('I7 P9: a row offers Restore and Delete for good, nothing else, also with the keyboard', async () => {
    await panel.show(trash());
    const row = panel.page.getByRole('listitem');
    assert.deepEqual(await row.getByRole('group').getByRole('button').allInnerTexts(), ['', '']);
    await row.locator('button.row').focus();
    await panel.page.keyboard.press('Tab');
    await panel.page.keyboard.press('Enter');
    await row.getByRole('button', { name: 'Delete for good' }).press('Space');
    await panel.page.getByRole('button', { name: 'Empty Trash' }).press('Enter');
    assert.deepEqual((await panel.intents()).slice(1), [
      { type: 'restore', conversationId: uuid(1) },
      { type: 'purge', conversationId: uuid(1) },
      { type: 'emptyTrash' },
    ]);
  });

  it('P9: says when what is in it goes for good', async () => {
    await panel.show(trash());
    await panel.page.getByText('Deleted conversations are removed for good after 30 days.').waitFor();
    await panel.page.getByText('Removed for good in 29 days').waitFor();
    await panel.show(trash(0));
    await panel.page.getByText('Deleted conversations stay here until you remove them.').waitFor();
  });

  it('P9: an empty trash says what it is for, and offers nothing to remove', async () => {
    await panel.show(snapshot({ list: { view: 'trash', items: [], hasMore: false, trashDays: 30 } }));
    await panel.page.getByRole('heading', { name: 'The trash is empty' }).waitFor();
    assert.equal(await panel.page.getByRole('button', { name: 'Empty Trash' }).count(), 0);
  });

  it('I6 P9: a trashed conversation can be read, not continued, and is restored from where it is read', async () => {
    await panel.show(
      snapshot({
        open: open({ conversation: conversation(1, deleted), messages: [message(0), message(1)] }),
      }),
    );
    await panel.page.getByText('Message 1').waitFor();
    assert.equal(await panel.page.getByRole('textbox').count(), 0);
    await panel.page.keyboard.press('F2');
    assert.equal(await panel.page.getByRole('textbox').count(), 0, 'no renaming either');
    const bar = panel.page.getByRole('group', { name: 'Trash' });
    await bar.getByText('in the trash').waitFor();
    await bar.getByRole('button', { name: 'Restore' }).press('Enter');
    await panel.show(snapshot({ open: open({ messages: [message(0), message(1)] }) }));
    await panel.page.getByRole('textbox', { name: 'Message' }).waitFor();
    assert.deepEqual((await panel.intentsOf('restore')).length, 1);
  });
});
