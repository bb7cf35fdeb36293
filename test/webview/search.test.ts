import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { SearchItem, SearchSnapshot } from '../../src/protocol/panel.ts';
import { conversation, message, messages, open, snapshot, uuid } from './fixtures.ts';
import type { Panel } from './panel.ts';
import { usePanel } from './usePanel.ts';

const hit = (n: number, text = 'words', fields: Partial<SearchItem> = {}): SearchItem => ({
  conversation: conversation(n),
  title: [{ text: `Conversation ${n}`, isMatch: false }],
  match: {
    messageId: message(n).id,
    role: 'user',
    createdAt: 0,
    where: 'message',
    snippet: [
      { text: 'some ', isMatch: false },
      { text, isMatch: true },
    ],
  },
  furtherCount: 0,
  ...fields,
});
const found = (hits: readonly SearchItem[], fields: Partial<SearchSnapshot> = {}) =>
  snapshot({
    list: {
      view: 'active',
      items: [conversation(1), conversation(2)],
      hasMore: false,
      search: {
        text: 'words',
        isEverywhere: false,
        hits,
        hasMore: false,
        isComplete: true,
        isNewestOnly: false,
        ...fields,
      },
    },
  });

describe('Search in a browser', function () {
  let panel: Panel;
  usePanel(this, (opened) => (panel = opened));

  const box = () => panel.page.getByRole('textbox', { name: 'Search conversations' });
  const rows = () => panel.page.locator('.results .row-title').allTextContents();
  const asked = async () => (await panel.intentsOf('search')).map(({ text }) => text);
  /** The browser's clock is still, its timers are not. */
  const answered = (text: string) =>
    panel.page.waitForFunction(
      (wanted) => window.posted.some((intent) => (intent as { text?: string }).text === wanted),
      text,
    );
  const focused = () => panel.page.evaluate(() => document.activeElement?.tagName);

  it('Q20: asks while one types, for the newest text only, and keeps that text whatever arrives', async () => {
    await panel.show(snapshot());
    await box().pressSequentially('pool');
    await answered('pool');
    await panel.show(found([hit(1)], { text: 'po' }));
    assert.equal(await box().inputValue(), 'pool');
    assert.equal((await asked()).at(-1), 'pool');
    assert.ok((await asked()).length < 4);
  });

  it('Q21: a result is text, opens its message, and a title alone opens the conversation', async () => {
    await panel.show(found([hit(1, '<img src=x onerror=alert(1)>'), hit(2)]));
    assert.equal(
      await panel.page.locator('.results mark').first().textContent(),
      '<img src=x onerror=alert(1)>',
    );
    assert.equal(await panel.page.locator('.results img').count(), 0);
    await panel.page.locator('.result').first().click();
    const { match: _, ...byTitle } = hit(2);
    await panel.show(found([byTitle]));
    await panel.page.locator('.result').first().click();
    assert.deepEqual(await panel.intentsOf('openConversation'), [
      { type: 'openConversation', conversationId: uuid(1), messageId: message(1).id },
      { type: 'openConversation', conversationId: uuid(2) },
    ]);
  });

  it('Q22: the keyboard goes down from the box through the results and back, and Escape ends the search', async () => {
    await panel.show(found([hit(1), hit(2)]));
    await box().press('ArrowDown');
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('Enter');
    assert.equal((await panel.intentsOf('openConversation'))[0]?.conversationId, uuid(2));
    await panel.page.keyboard.press('ArrowUp');
    await panel.page.keyboard.press('ArrowUp');
    assert.equal(await focused(), 'INPUT');
    await panel.page.keyboard.press('Enter');
    assert.equal((await panel.intentsOf('openConversation'))[1]?.conversationId, uuid(1));
    await panel.page.keyboard.press('ArrowDown');
    await panel.page.keyboard.press('Escape');
    assert.equal(await focused(), 'INPUT');
    assert.equal(await box().inputValue(), '');
    assert.deepEqual(await asked(), ['']);
    await panel.show(snapshot());
    await box().press('Escape');
    assert.deepEqual(await asked(), ['']);
  });

  it('Q23: says what was searched when nothing is found, and offers the rest', async () => {
    await panel.show(found([], { text: 'flamingo' }));
    await panel.page.getByText('Nothing found for “flamingo”').waitFor();
    await panel.page.getByText('of active conversations were searched').waitFor();
    await panel.page.getByRole('button', { name: 'Search everywhere' }).click();
    assert.deepEqual(await panel.intentsOf('search'), [
      { type: 'search', text: 'flamingo', isEverywhere: true },
    ]);
    await panel.show(found([], { isEverywhere: true, isComplete: false }));
    await panel.page.getByText('still being indexed').waitFor();
    await panel.show(found([], { problem: 'Search is not available.' }));
    await panel.page.getByText('Search is not available.').last().waitFor();
  });

  it('Q24: a screen reader hears how many were found, once for each answer', async () => {
    await panel.show(snapshot());
    const region = panel.page.locator('#app > [role=status]');
    await panel.show(found([hit(1), hit(2)]));
    await panel.page.waitForFunction(
      () => document.querySelector('#app > [role=status]')?.textContent === '2 conversations found',
    );
    await panel.show(found([hit(1), hit(2)]));
    assert.equal(await region.textContent(), '2 conversations found');
  });

  it('Q25: the message that was found is in view, marked, and has the focus; reading on is not disturbed', async () => {
    const all = messages(80);
    const target = message(20).id;
    await panel.show(found([hit(1)]));
    await panel.page.locator('.result').click();
    await panel.show(snapshot({ open: open({ messages: all, targetId: target }) }));
    await panel.page.waitForFunction((id) => {
      const row = document.querySelector(`navi-message[data-id="${id}"]`)?.getBoundingClientRect();
      const view = document.querySelector('.messages')?.getBoundingClientRect();
      return row && view && row.top >= view.top && row.top < view.top + 60;
    }, target);
    assert.equal(await panel.page.locator('navi-message.is-target').getAttribute('data-id'), target);
    assert.equal(await focused(), 'ARTICLE');
    await panel.page.mouse.move(150, 300);
    await panel.page.mouse.wheel(0, 400);
    await panel.page.waitForFunction((id) => {
      const row = document.querySelector(`navi-message[data-id="${id}"]`)?.getBoundingClientRect();
      return row && row.bottom < 0;
    }, target);
    const top = await panel.page.locator('.messages').evaluate((view) => view.scrollTop);
    await panel.show(snapshot({ open: open({ messages: [...all, message(81)], targetId: target }) }));
    assert.equal(await panel.page.locator('.messages').evaluate((view) => view.scrollTop), top);
  });

  it('Q26: the command puts the focus into the box, and going back shows the search again', async () => {
    await panel.show(snapshot());
    await panel.show({ type: 'focus', target: 'search' });
    assert.equal(await focused(), 'INPUT');
    await panel.show(snapshot({ open: open() }));
    await panel.show(found([], { text: '' }));
    await panel.show(found([hit(1), hit(2)]));
    assert.equal(await box().inputValue(), 'words');
    assert.deepEqual(await rows(), ['Conversation 1', 'Conversation 2']);
  });
});
