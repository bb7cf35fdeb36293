import assert from 'node:assert/strict';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'mocha';
import { backupFolder, makeBackup } from '../../src/store/sqlite/maintenance/backup.ts';
import { out } from '../vscode/paths.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

const WORDS = 'Words that the disk changes';

describe('damage and backups in a real VS Code', () => {
  const editor = useEditor({ settings: { 'navi.sync.enabled': false } });

  it('W6 W7: a damaged message is marked in its place, and NAVI: Restore from Backup mends it', async () => {
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Words that stay');
    await panel.send(WORDS);
    const file = path.join(editor().server.globalStorage, 'navi.db');
    const name = makeBackup({ file, reason: 'daily', now: Date.now() })?.name ?? assert.fail('no backup');
    const backup = path.join(backupFolder(file), name);
    // A mark that a backup can take away is gone within a moment: the backup is found only later.
    await rename(backup, `${file}.away`);
    spoil(file);
    // What a window has read once it does not compare again.
    await window.reload();
    panel = await panelOf(window);
    const mark = panel.frame.locator('.message.user .trouble.damaged');
    await mark.waitFor();
    assert.equal(await mark.count(), 1);
    assert.equal(await (await panel.message('Words that stay')).locator('.damaged').count(), 0);
    await shoot('marked');

    await rename(`${file}.away`, backup);
    await mark.getByRole('button', { name: 'Restore from Backup' }).click();
    const row = window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'made daily' });
    await row.waitFor();
    await shoot('choose');
    await row.click();
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.filter({ hasText: 'Damaged messages mended: 1.' }).waitFor();
    await shoot('preview');
    await dialog.getByRole('button', { name: 'Restore', exact: true }).click();
    await until(async () => (await window.notifications()).find((text) => /^NAVI: Restored\./.test(text)), {
      what: 'the word that it was restored',
    });
    await mark.waitFor({ state: 'detached' });
    assert.deepEqual(
      (await panel.messages()).map(({ text }) => text),
      ['Words that stay', WORDS],
    );
    await shoot('restored');

    async function shoot(what: string): Promise<void> {
      const folder = path.join(out, 'e2e');
      await mkdir(folder, { recursive: true });
      await window.page.screenshot({ path: path.join(folder, `damage-${what}.png`) });
    }
  });
});

/** As a disk does that returns other bytes than it was given. */
function spoil(file: string): void {
  const db = new DatabaseSync(file, { timeout: 5_000 });
  db.prepare("UPDATE messages SET content = 'Words that the d' WHERE content = ?").run(WORDS);
  db.close();
}
