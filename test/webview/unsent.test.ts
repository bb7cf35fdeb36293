import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { conversation, message, open, snapshot, uuid } from './fixtures.ts';
import type { Panel } from './panel.ts';
import { usePanel } from './usePanel.ts';
import { strings } from '../../src/webview/strings.ts';

const CONVERSATION = uuid(1);

describe('What the server did not take, in a browser', function () {
  let panel: Panel;
  usePanel(this, (opened) => (panel = opened));

  it('I2: Retry and Copy of a message that needs attention are reached and pressed by the keyboard', async () => {
    const parked = message(0, { delivery: 'parked', deliveryReason: 'refused.' });
    await panel.show(snapshot({ open: open({ messages: [parked] }) }));
    await panel.page.locator('article').focus();
    const pressed: string[] = [];
    for (let tabs = 0; tabs < 8 && pressed.length < 2; tabs += 1) {
      await panel.page.keyboard.press('Tab');
      const name = await panel.page.evaluate(() => document.activeElement?.textContent.trim() ?? '');
      if (name !== 'Retry' && name !== 'Copy') continue;
      await panel.page.keyboard.press(name === 'Retry' ? 'Enter' : 'Space');
      pressed.push(name);
    }
    assert.deepEqual(pressed, ['Retry', 'Copy']);
    assert.equal((await panel.intentsOf('retrySend')).length, 1);
    assert.equal((await panel.intentsOf('copyMessage')).length, 1);
  });

  it('I2 D2: a title that the server refused, and a conversation that came back, are said in a line each', async () => {
    const item = conversation(1, {
      unsent: { fields: ['title', 'isPinned'], reason: 'The server does not allow this (status 403)' },
      hasReturned: true,
    });
    await panel.show(snapshot({ open: open({ conversation: item }) }));
    const refused = panel.page.getByText(
      'The title and the pin could not be changed on the server: The server does not allow this (status 403)',
    );
    assert.ok(await refused.isVisible());
    await panel.page.locator('.remark').getByRole('button', { name: 'Retry' }).click();
    assert.ok(await panel.page.getByText('Deleted on another machine. It is back').isVisible());
    await panel.page.locator('.remark').getByRole('button', { name: 'Dismiss' }).click();
    assert.deepEqual(await panel.intentsOf('retryUnsent'), [
      { type: 'retryUnsent', conversationId: CONVERSATION },
    ]);
    assert.deepEqual(await panel.intentsOf('dismissReturn'), [
      { type: 'dismissReturn', conversationId: CONVERSATION },
    ]);
    await panel.show(snapshot({ open: open() }));
    assert.equal(await panel.page.locator('.remarks').count(), 0);
    await panel.show(snapshot({ list: { view: 'active', items: [item], hasMore: false } }));
    assert.match(
      (await panel.page.locator('.row-marks .warning').getAttribute('title')) ?? '',
      /^The title and/,
    );
  });

  it('S13: every delivery mark says the same in words, and its picture says nothing twice', async () => {
    const states = Object.keys(strings.delivery) as (keyof typeof strings.delivery)[];
    await panel.show(
      snapshot({ open: open({ messages: states.map((delivery, n) => message(n, { delivery })) }) }),
    );
    const marks = await panel.page.locator('.delivery').evaluateAll((found) =>
      found.map((mark) => ({
        words: mark.textContent.trim(),
        title: mark.getAttribute('title'),
        isPictureSilent: mark.querySelector('.codicon')?.getAttribute('aria-hidden') === 'true',
      })),
    );
    const expected = states.map((state) => strings.delivery[state]);
    assert.deepEqual(
      marks,
      expected.map((words) => ({ words, title: words, isPictureSilent: true })),
    );
    assert.equal(new Set(expected).size, states.length, 'no two states sound alike');
  });

  it('S13: what is said of the conversation and of sync is reached and done by the keyboard', async () => {
    const item = conversation(1, {
      unsent: { fields: ['title'], reason: 'The server does not allow this (status 403)' },
      hasReturned: true,
    });
    const sync = { state: 'attention', queued: 0, parked: 1, detail: 'Refused.' } as const;
    await panel.show(snapshot({ open: open({ conversation: item }), sync }));
    await panel.page.locator('header .back').focus();
    const wanted = ['Retry', 'Dismiss', 'Details'];
    for (let tabs = 0; tabs < 30 && wanted.length > 0; tabs += 1) {
      await panel.page.keyboard.press('Tab');
      const name = await panel.page.evaluate(
        () =>
          document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent.trim(),
      );
      if (name !== wanted[0]) continue;
      await panel.page.keyboard.press('Enter');
      wanted.shift();
    }
    assert.deepEqual(wanted, [], 'not reached in their order');
    assert.equal((await panel.intentsOf('retryUnsent')).length, 1);
    assert.equal((await panel.intentsOf('dismissReturn')).length, 1);
    assert.deepEqual(await panel.intentsOf('runCommand'), [
      { type: 'runCommand', command: 'showSyncStatus' },
    ]);
    assert.ok(await panel.page.getByRole('region', { name: strings.status }).isVisible());
  });
});
