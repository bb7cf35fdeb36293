import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { kill } from '../vscode/processes.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { hostsAreGone } from './support/hosts.ts';

describe('NAVI in a real VS Code', () => {
  const editor = useEditor();

  it('draws its view, and draws it again after a reload', async () => {
    const window = await editor().open();
    await window.openNavi();
    const [before] = editor().server.extensionHosts();
    await window.reload();
    await window.openNavi();
    assert.ok(before !== undefined);
    await hostsAreGone(editor().server, [before]);
  });

  it('offers its commands in the palette', async () => {
    const window = await editor().open();
    await window.openNavi();
    await window.runCommand('NAVI: Show Log');
    await window.page.locator('.part.panel').waitFor();
  });

  it('comes back by itself when its extension host is killed', async () => {
    const window = await editor().open();
    await window.openNavi();
    const hosts = editor().server.extensionHosts();
    for (const host of hosts) kill(host, 'SIGKILL');
    await until(
      () =>
        editor()
          .server.extensionHosts()
          .some((host) => !hosts.includes(host)),
      {
        what: 'a new extension host',
      },
    );
    await window.openNavi();
  });
});
