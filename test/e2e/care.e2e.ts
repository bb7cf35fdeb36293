import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'mocha';
import { out } from '../vscode/paths.ts';
import { until } from '../vscode/until.ts';
import type { Workbench } from '../vscode/workbench.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

describe('looking after the history in a real VS Code', () => {
  const editor = useEditor({ settings: { 'navi.sync.enabled': false } });

  it('I9 I11: Check History says that all is sound, shows a report without a word of the user, and copies it', async () => {
    const window = await editor().open();
    const panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Marzipan is a secret word');
    await panel.send('and stays one');
    await window.runCommand('NAVI: Check History');
    const notice = await notification(window, /messages are sound/);
    assert.match(notice, /^NAVI: All 2 messages are sound\.$/);
    const tab = window.page.locator('.tab.active').filter({ hasText: 'NAVI History Check' });
    await tab.waitFor();
    await screenshot(window, 'check');
    await button(window, 'Copy Report').click();
    const report = await until(
      async () => {
        const text = await window.page.evaluate(() => navigator.clipboard.readText());
        return text.startsWith('# NAVI: Check History') ? text : undefined;
      },
      { what: 'the report on the clipboard' },
    );
    assert.match(report, /\nAll 2 messages are sound\.\n/);
    assert.match(report, /- synchronous: FULL/);
    assert.match(report, /- this window's last durable commit: 20/);
    assert.match(report, /- navi\.db: [\d.]+ KB, mode 600/);
    assert.doesNotMatch(report, /Marzipan|stays one|127\.0\.0\.1/i);
    const shown = await window.page.locator('.monaco-editor .view-lines').innerText();
    assert.match(shown.replaceAll(/\s/g, ' '), /All 2 messages are sound/);
  });

  it('O7: Reattach Conversations finds what was written before a folder moved, files it here, and takes it back', async () => {
    const before = await editor().folder('first/shop');
    let window = await editor().open({ folder: before });
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Written in the shop');
    await window.close();
    const now = await editor().folder('second');
    await rename(before, path.join(now, 'shop'));

    window = await editor().open({ folder: path.join(now, 'shop') });
    panel = await panelOf(window);
    await panel.backToList();
    const row = panel.frame.locator('li').filter({ hasText: 'Written in the shop' });
    await row.waitFor();
    await window.runCommand('NAVI: Reattach Conversations...');
    const rows = window.page.locator('.quick-input-list .monaco-list-row');
    const lost = rows.filter({ hasText: 'The same name. Its folder is gone.' });
    await lost.waitFor();
    assert.equal(await lost.locator('input[type=checkbox], .monaco-checkbox').first().isVisible(), true);
    await screenshot(window, 'reattach');
    await window.page.keyboard.press('Enter');
    await panel.frame.locator('.notice').filter({ hasText: '1 conversation filed under shop.' }).waitFor();
    await screenshot(window, 'reattached');

    await window.runCommand('NAVI: Reattach Conversations...');
    await until(
      async () => !(await rows.allInnerTexts()).some((text) => text.includes('Its folder is gone')),
      {
        what: 'it not to be offered again',
      },
    );
    await window.page.keyboard.press('Escape');
    await panel.frame.getByRole('button', { name: 'Undo' }).click();
    await panel.frame.locator('.notice').waitFor({ state: 'detached' });
    await window.runCommand('NAVI: Reattach Conversations...');
    await lost.waitFor();
    await window.page.keyboard.press('Escape');
    assert.ok((await panel.titles()).includes('Written in the shop'));
  });

  function button(window: Workbench, name: string) {
    return window.page.locator('.notification-list-item').getByRole('button', { name });
  }

  function notification(window: Workbench, words: RegExp): Promise<string> {
    return until(async () => (await window.notifications()).find((text) => words.test(text)), {
      what: `a notification that says ${words}`,
    });
  }

  async function screenshot(window: Workbench, name: string): Promise<void> {
    const folder = path.join(out, 'e2e');
    await mkdir(folder, { recursive: true });
    await window.page.screenshot({ path: path.join(folder, `care-${name}.png`) });
  }
});
