import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ConversationItem } from '../../src/protocol/panel.ts';
import { conversation, open, snapshot, uuid } from './fixtures.ts';
import type { Panel } from './panel.ts';
import { usePanel } from './usePanel.ts';

describe('The list in a browser', function () {
  let panel: Panel;
  usePanel(this, (opened) => (panel = opened));

  const list = (items: readonly ConversationItem[], hasMore = false) =>
    snapshot({ list: { view: 'active', items, hasMore } });
  const three = () => [conversation(1), conversation(2), conversation(3)];
  const press = async (...keys: string[]) => {
    for (const key of keys) await panel.page.keyboard.press(key);
  };
  const focused = () =>
    panel.page.evaluate(() => {
      const element = document.activeElement;
      return (
        element?.getAttribute('aria-label') ??
        element?.querySelector('.row-title')?.textContent ??
        element?.tagName
      );
    });

  it('O7: a list that is narrowed to this workspace and empty offers to reattach', async () => {
    await panel.show(
      snapshot({
        list: {
          view: 'active',
          items: [],
          hasMore: false,
          filter: { thisWorkspace: true },
          hasWorkspace: true,
        },
      }),
    );
    await panel.page.getByText('Nothing in this workspace').waitFor();
    await panel.page.getByRole('button', { name: 'Reattach conversations' }).click();
    assert.deepEqual((await panel.intents()).slice(1), [{ type: 'runCommand', command: 'reattach' }]);
    await panel.show(list([]));
    await panel.page.getByText('No conversations yet').waitFor();
  });

  it('I7: a click on a row opens it and does nothing else', async () => {
    await panel.show(list(three()));
    await panel.page.getByText('Conversation 2').click();
    assert.deepEqual((await panel.intents()).slice(1), [
      { type: 'openConversation', conversationId: uuid(2) },
    ]);
  });

  it('I7: no row moves away from under a pointer that aims at it', async () => {
    await panel.show(list(three()));
    await panel.page.hover('.rows li:nth-child(2)');
    await panel.page.mouse.down();
    await panel.show(list([conversation(9), ...three()]));
    await panel.page.mouse.up();
    assert.deepEqual((await panel.intents()).slice(1), [
      { type: 'openConversation', conversationId: uuid(2) },
    ]);
    await panel.page.getByText('Conversation 9').and(panel.page.locator('li:first-child *')).waitFor();
  });

  it('I7: a touch at the edge of a row opens it, and hits no button that is not seen', async () => {
    await panel.show(list(three()));
    const hit = await panel.page.evaluate(() => {
      const box = document.querySelectorAll('.row-time')[1]?.getBoundingClientRect();
      return box && document.elementFromPoint(box.x + 5, box.y + 5)?.closest('button')?.className;
    });
    assert.equal(hit, 'row');
  });

  it('stars, pins, archives and deletes with the buttons of a row', async () => {
    await panel.show(list([conversation(1, { isStarred: true })]));
    await panel.page.hover('.rows li');
    for (const name of ['Star', 'Pin', 'Archive', 'Delete'])
      await panel.page.getByRole('listitem').getByRole('button', { name, exact: true }).click();
    assert.deepEqual((await panel.intents()).slice(1), [
      { type: 'setStarred', conversationId: uuid(1), value: false },
      { type: 'setPinned', conversationId: uuid(1), value: true },
      { type: 'setArchived', conversationId: uuid(1), value: true },
      { type: 'delete', conversationId: uuid(1) },
    ]);
  });

  it('moves no text when the buttons of a row appear', async () => {
    await panel.show(list(three()));
    const before = await panel.page.locator('.row-title').nth(1).boundingBox();
    await panel.page.hover('.rows li:nth-child(2)');
    const after = await panel.page.locator('.row-title').nth(1).boundingBox();
    assert.deepEqual([after?.x, after?.y], [before?.x, before?.y]);
  });

  it('switches the view, loads more and starts a conversation', async () => {
    await panel.show(list(three(), true));
    await panel.page.getByRole('button', { name: 'Starred', exact: true }).click();
    await panel.page.getByRole('button', { name: 'Load more' }).click();
    await panel.page.getByRole('button', { name: 'New conversation' }).click();
    assert.deepEqual((await panel.intents()).slice(1), [
      { type: 'showList', view: 'starred' },
      { type: 'loadMoreConversations' },
      { type: 'newConversation' },
    ]);
  });

  it('can be used with the keyboard alone, and gives the focus back after Back', async () => {
    await panel.show(list(three()));
    await press('Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab', 'Tab');
    assert.equal(await focused(), 'Conversation 1');
    await press('ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowUp');
    assert.equal(await focused(), 'Conversation 2');
    await press('Tab', 'Tab');
    assert.equal(await focused(), 'Pin');
    await press('Space', 'Shift+Tab', 'Shift+Tab', 'Enter');
    assert.deepEqual((await panel.intents()).slice(1), [
      { type: 'setPinned', conversationId: uuid(2), value: true },
      { type: 'openConversation', conversationId: uuid(2) },
    ]);

    await panel.show(snapshot({ open: open({ conversation: conversation(2) }) }));
    assert.equal(await focused(), 'Message');
    await press('Shift+Tab', 'Shift+Tab');
    await panel.page.getByRole('button', { name: 'Back to conversations' }).press('Enter');
    assert.equal((await panel.intentsOf('closeConversation')).length, 1);
    await panel.show(list(three()));
    assert.equal(await focused(), 'Conversation 2');
  });

  it('keeps the focus in the list when the focused row is deleted', async () => {
    await panel.show(list(three()));
    await panel.page.getByRole('listitem').nth(1).getByRole('button', { name: 'Delete' }).focus();
    await panel.show(list([conversation(1), conversation(3)]));
    assert.equal(await focused(), 'Conversation 3');
  });

  it('moves the focus where the host asks, also when that is not there yet', async () => {
    await panel.post({ type: 'focus', target: 'composer' });
    await panel.show(snapshot({ open: open() }));
    assert.equal(await focused(), 'Message');
    await panel.show(list(three()));
    await panel.show({ type: 'focus', target: 'list' });
    assert.equal(await focused(), 'Conversation 1');
  });

  it('says what to do when there is nothing', async () => {
    await panel.show(snapshot());
    await panel.page.getByRole('button', { name: 'New conversation' }).last().click();
    assert.equal((await panel.intentsOf('newConversation')).length, 1);
  });

  it('I6: shows the cached list while the store is opened, and a skeleton when there is none', async () => {
    await panel.show(snapshot({ isLoading: true }));
    assert.equal(await panel.page.locator('.skeleton').count(), 1);
    await panel.show({ ...list(three()), isLoading: true });
    assert.equal(await panel.page.getByRole('listitem').count(), 3);
    assert.equal(await panel.page.locator('.skeleton').count(), 0);
  });

  it('shows how many messages wait to be sent', async () => {
    await panel.show(list([conversation(1, { pendingCount: 1_000 })]));
    assert.equal(await panel.page.locator('.badge [aria-hidden]').last().innerText(), '999+');
    await panel.show(list([conversation(1, { pendingCount: 2 })]));
    assert.equal(await panel.page.getByText('2 messages not sent yet').count(), 1);
  });
});
