import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { ListSnapshot } from '../../src/protocol/panel.ts';
import { conversation, snapshot, uuid } from './fixtures.ts';
import type { Panel } from './panel.ts';
import { usePanel } from './usePanel.ts';

describe('Keeping the list in order, in a browser', function () {
  let panel: Panel;
  usePanel(this, (opened) => (panel = opened));
  const five = [1, 2, 3, 4, 5].map((n) => conversation(n));
  const list = (fields: Partial<ListSnapshot> = {}) =>
    snapshot({ list: { view: 'active', items: five, hasMore: false, ...fields } });
  const row = (n: number) => panel.page.locator(`li[data-id="${uuid(n)}"] .row`);
  const button = (name: string) => panel.page.getByRole('button', { name, exact: true });
  const selected = () => panel.page.locator('li.selected').count();
  const changes = async () =>
    (await panel.intentsOf('changeMany')).map(({ conversationIds, change }) => [conversationIds, change]);

  it('O1: an unread conversation is marked for the eye and in words; tags and another workspace are named', async () => {
    const tags = ['one', 'two', 'three', 'four'];
    await panel.show(list({ items: [conversation(1, { isUnread: true, tags, workspaceName: 'other' })] }));
    const words = await row(1).innerText();
    for (const word of ['Unread', 'one', 'two', '+2', 'other']) assert.ok(words.includes(word), word);
    assert.equal(
      await row(1)
        .locator('.row-title')
        .evaluate((title) => getComputedStyle(title).fontWeight),
      '700',
    );
  });

  it('O2: rows are selected by their boxes, with Ctrl and Shift, and by keys; Escape ends it; nothing opens meanwhile', async () => {
    await panel.show(list());
    await row(2).hover();
    await panel.page.getByRole('checkbox', { name: 'Select Conversation 2' }).click();
    await row(4).click({ modifiers: ['Shift'] });
    assert.equal(await selected(), 3);
    await row(3).click();
    assert.equal(await selected(), 2);
    await row(3).focus();
    await panel.page.keyboard.press('Control+a');
    assert.equal(await selected(), 5);
    assert.equal(await panel.page.getByText('5 selected').count(), 1);
    await panel.page.keyboard.press('Escape');
    assert.equal(await selected(), 0);
    await panel.page.keyboard.press('Control+Space');
    assert.equal(await selected(), 1);
    assert.deepEqual(await panel.intentsOf('openConversation'), []);
    await button('End the selection').click();
    await row(1).click();
    assert.equal((await panel.intentsOf('openConversation')).length, 1);
  });

  it('O3: what is done with the selection is one change of all of it', async () => {
    await panel.show(list());
    await row(1).click({ modifiers: ['Control'] });
    await row(3).click({ modifiers: ['Control'] });
    const toolbar = panel.page.getByRole('toolbar');
    for (const name of ['Star', 'Pin', 'Mark as unread', 'Archive', 'Delete', 'Edit tags'])
      await toolbar.getByRole('button', { name, exact: true }).click();
    const ids = [uuid(1), uuid(3)];
    assert.deepEqual(await changes(), [
      [ids, { isStarred: true }],
      [ids, { isPinned: true }],
      [ids, { isUnread: true }],
      [ids, { status: 'archived' }],
      [ids, { status: 'deleted' }],
    ]);
    assert.deepEqual((await panel.intentsOf('editTags'))[0]?.conversationIds, ids);
    await panel.show(list({ items: five.filter(({ id }) => !ids.includes(id)) }));
    assert.equal(await toolbar.count(), 0, 'what has left the list is not selected');
  });

  it('O4: filters can be set, taken away one by one and all at once, and an empty list says what hides things', async () => {
    await panel.show(list({ tags: ['red', 'blue'], hasWorkspace: true }));
    await button('Filters').click();
    await button('This workspace').click();
    await panel.page.getByRole('combobox', { name: 'Tag' }).selectOption('blue');
    await panel.page.getByRole('combobox', { name: 'Changed within' }).selectOption('Last 7 days');
    const filter = { unreadOnly: true, tag: 'blue' } as const;
    await panel.show(list({ items: [], tags: ['red'], filter }));
    assert.ok(await panel.page.getByText('Only these are shown: Unread, blue.').isVisible());
    await button('Unread').click();
    await panel.page.getByRole('combobox', { name: 'Tag' }).selectOption('Any tag');
    await button('Clear filters').last().click();
    assert.deepEqual(
      (await panel.intentsOf('setFilter')).map((intent) => intent.filter),
      [{ thisWorkspace: true }, { tag: 'blue' }, { days: 7 }, { tag: 'blue' }, { unreadOnly: true }, {}],
    );
  });
});
