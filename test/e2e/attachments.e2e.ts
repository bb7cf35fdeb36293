import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'mocha';
import { out } from '../vscode/paths.ts';
import type { Workbench } from '../vscode/workbench.ts';
import { useEditor } from './support/editor.ts';
import { panelOf, type NaviPanel } from './support/panel.ts';

describe('attachments in a real VS Code', () => {
  const editor = useEditor({ settings: { 'navi.sync.enabled': false } });

  it('A8 I1: a file attached by command stays with the draft through a reload, goes with the message, opens read-only', async () => {
    const folder = await editor().folder('project');
    const file = path.join(folder, 'notes.md');
    await writeFile(file, '# Notes of today\n');
    const window = await editor().open({ folder });
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.type('Please read these');
    await window.runCommand('NAVI: Attach File...');
    // Until it lists the folder, the dialog puts its own path over what is typed.
    await window.page.locator('.quick-input-list').getByText('notes.md').waitFor();
    await window.answer(file);
    const draft = (shown: NaviPanel) => shown.frame.locator('navi-composer .attachment');
    await draft(panel).filter({ hasText: 'notes.md' }).waitFor();
    await shoot(window, 'draft');
    // What was attached is that of the moment.
    await writeFile(file, 'other words\n');

    await window.reload();
    panel = await panelOf(window);
    await draft(panel).filter({ hasText: 'notes.md' }).waitFor();
    assert.equal(await panel.composer.inputValue(), 'Please read these');
    await panel.composer.press('Enter');
    const message = await panel.message('Please read these');
    await message.locator('.attachment').filter({ hasText: 'notes.md' }).click();
    assert.equal(await draft(panel).count(), 0);

    const lines = window.page.locator('.editor-instance .monaco-editor .view-lines');
    await lines.filter({ hasText: 'Notes of today' }).waitFor();
    await lines.click();
    await window.page.keyboard.type('scribble');
    await window.page.getByText('Editor is read-only').first().waitFor();
    assert.doesNotMatch(await lines.innerText(), /scribble/);
    await shoot(window, 'sent');

    await window.runCommand('NAVI: Show Storage Use');
    const list = window.page.locator('.quick-input-widget');
    await list.getByText(/^Storage: .* in 1 conversations?$/).waitFor();
    const row = list.locator('.monaco-list-row').filter({ hasText: 'Please read these' });
    await row.waitFor();
    await shoot(window, 'storage');
    await window.page.keyboard.press('Enter');
    await list.waitFor({ state: 'hidden' });
    await panel.message('Please read these');
  });

  async function shoot(window: Workbench, name: string): Promise<void> {
    const folder = path.join(out, 'e2e');
    await mkdir(folder, { recursive: true });
    await window.page.screenshot({ path: path.join(folder, `attachments-${name}.png`) });
  }
});
