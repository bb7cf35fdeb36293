import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { out } from '../vscode/paths.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

describe('how sync stands, in a real VS Code', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  before(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
  });
  after(async () => {
    await proxy.close();
    await server.close();
  });
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': proxy.url } }));

  it('I2 I11: a refused message is in the report without a word of it; Retry All sends it, and the status bar says so', async () => {
    const window = await editor().open();
    const panel = await panelOf(window);
    const isAppend = ({ method, path: address }: { method: string; path: string }) =>
      method === 'POST' && address.includes('/navi-memory/') && address.includes('/messages');
    const refuse = proxy.add({ match: isAppend, fault: errorAnswer(422) });
    await panel.newConversation();
    await panel.send('Marzipan is a secret word');
    const item = window.page.locator('.statusbar-item[id="navralabs.navi.navi.status"]');
    await until(
      async () => /Needs Attention/.test((await item.locator('a').getAttribute('aria-label')) ?? ''),
      {
        what: 'the status bar to say that something needs attention',
        timeoutMs: 60_000,
      },
    );
    await item.click();
    const tab = window.page.locator('.tab.active').filter({ hasText: 'NAVI Sync Status' });
    await tab.waitFor();
    const lens = (title: string) => window.page.locator('.codelens-decoration a').filter({ hasText: title });
    await lens('Retry All').waitFor();
    await screenshot('attention');
    await lens('Copy Report').click();
    const report = await until(
      async () => {
        const text = await window.page.evaluate(() => navigator.clipboard.readText());
        return text.startsWith('# NAVI: Sync Status') ? text : undefined;
      },
      { what: 'the report on the clipboard' },
    );
    assert.match(report, /\nConnected\. \d changes? needs? your attention\.\n/);
    assert.match(report, /- message [\w-]+ of conversation [\w-]+: .*status 422/);
    assert.match(report, /- syncs for all windows: this window\n/);
    assert.match(report, /- the server announces: .*idempotent/);
    assert.doesNotMatch(report, /marzipan/i);

    refuse();
    await lens('Retry All').click();
    await panel.allAre('confirmed', 60_000);
    await until(async () => /NAVI, Synced/.test((await item.locator('a').getAttribute('aria-label')) ?? ''), {
      what: 'the status bar to say that all is synced',
      timeoutMs: 60_000,
    });
    await window.runCommand('NAVI: Show Sync Status');
    await until(
      async () =>
        (await window.page.locator('.monaco-editor .view-lines').first().innerText())
          .replaceAll(/\s/g, ' ')
          .includes('Everything is on the memory server.'),
      { what: 'the report to say that all is on the server' },
    );
    await screenshot('synced');

    async function screenshot(name: string): Promise<void> {
      const folder = path.join(out, 'e2e');
      await mkdir(folder, { recursive: true });
      await window.page.screenshot({ path: path.join(folder, `sync-status-${name}.png`) });
    }
  });
});
