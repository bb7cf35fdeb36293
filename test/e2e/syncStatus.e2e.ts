import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { TestMachine } from '../support/machines.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { out } from '../vscode/paths.ts';
import { until } from '../vscode/until.ts';
import type { Workbench } from '../vscode/workbench.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';
import { copyReport } from './support/report.ts';

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
      },
    );
    await item.click();
    const tab = window.page.locator('.tab.active').filter({ hasText: 'NAVI Sync Status' });
    await tab.waitFor();
    const lens = (title: string) => window.page.locator('.codelens-decoration a').filter({ hasText: title });
    await lens('Retry All').waitFor();
    await screenshot(window, 'attention');
    // The reply to it is refused as well, a moment later; a report says what was so when it was made.
    const report = await until(
      async () => {
        await lens('Refresh').click();
        const copied = await copyReport(window);
        return /\nConnected\. \d changes? needs? your attention\.\n/.test(copied) && copied;
      },
      { what: 'the report to say that all of it needs attention, and nothing waits' },
    );
    assert.match(report, /- message [\w-]+ of conversation [\w-]+: .*status 422/);
    assert.match(report, /- syncs for all windows: this window\n/);
    assert.match(report, /- the server announces: .*idempotent/);
    assert.doesNotMatch(report, /marzipan/i);

    refuse();
    await lens('Retry All').click();
    await panel.allAre('confirmed');
    await until(async () => /NAVI, Synced/.test((await item.locator('a').getAttribute('aria-label')) ?? ''), {
      what: 'the status bar to say that all is synced',
    });
    await window.runCommand('NAVI: Show Sync Status');
    await until(
      async () =>
        (await window.page.locator('.monaco-editor .view-lines').first().innerText())
          .replaceAll(/\s/g, ' ')
          .includes('Everything is on the memory server.'),
      { what: 'the report to say that all is on the server' },
    );
    await screenshot(window, 'synced');
  });

  it('T33 D2: what two machines changed differently is listed with both values, and settled by keyboard and by mouse', async () => {
    const other = new TestMachine();
    try {
      await other.connect(server.address);
      const ids = [];
      for (const title of ['Kitchen', 'Garage', 'Attic']) {
        const id = uuidv7();
        ids.push(id);
        await other.store.create({ id, title });
        await other.say(id, `About the ${title.toLowerCase()}`);
      }
      const [kitchen = '', garage = '', attic = ''] = ids;
      await other.synced();
      const window = await editor().open();
      const panel = await panelOf(window);
      await panel.backToList();
      for (const title of ['Kitchen', 'Garage', 'Attic'])
        await panel.frame.locator('.row').filter({ hasText: title }).waitFor();

      await proxy.refuse();
      await panel.open('Kitchen');
      await panel.frame.getByRole('button', { name: 'Rename', exact: true }).click();
      await panel.frame.locator('.title-field').fill('Kitchen in blue');
      await panel.frame.locator('.title-field').press('Enter');
      await panel.open('Garage');
      await panel.frame.getByRole('button', { name: 'Archive', exact: true }).click();
      await panel.open('Attic');
      await panel.send('One more thought about the attic');

      // Later than what was done in the window, by a clock that is a little ahead.
      other.clock.advance(Date.now() - other.clock.now() + 2_000);
      await other.store.change(kitchen, { title: 'Kitchen in green' });
      await other.store.change(garage, { status: 'deleted' });
      await other.store.change(attic, { status: 'deleted' });
      await other.synced();
      await proxy.accept();
      await window.runCommand('NAVI: Sync Now');
      const returned = panel.frame.locator('.remark.returned');
      await returned.waitFor();
      await screenshot(window, 'returned');

      await window.runCommand('NAVI: Show Sync Status');
      const lens = window.page.locator('.codelens-decoration a').filter({ hasText: 'Show Sync Conflicts' });
      await lens.click();
      const rows = window.page.locator('.quick-input-list .monaco-list-row');
      const row = (title: string) => rows.filter({ hasText: title });
      await row('Kitchen in green').filter({ hasText: 'The other change: Kitchen in blue' }).waitFor();
      await row('Garage').filter({ hasText: 'Now: in the trash  ·  The other change: archived' }).waitFor();
      await row('Attic').filter({ hasText: 'kept for what was written here' }).waitFor();
      await screenshot(window, 'conflicts');

      await window.page.locator('.quick-input-widget:visible .quick-input-box input').fill('Kitchen');
      await window.page.keyboard.press('Enter');
      await row('Use the Other Name').filter({ hasText: 'Kitchen in blue' }).waitFor();
      await screenshot(window, 'conflict');
      await window.page.keyboard.press('ArrowDown');
      await window.page.keyboard.press('Enter');
      await row('Garage').waitFor();
      assert.equal(await row('Kitchen').count(), 0);
      await row('Garage').hover();
      await row('Garage').getByRole('button', { name: 'Keep It as It Is' }).click();
      await until(async () => (await rows.count()) === 1, { what: 'the settled line to go' });
      await row('Attic').click();
      await row('Keep It as It Is').click();
      await window.page.getByText('Every change that differed between machines is settled.').waitFor();
      await window.runCommand('NAVI: Show Sync Conflicts');
      await window.page.getByText('No two machines changed the same thing differently.').waitFor();

      // What the window does takes time of its own: it is not for the other machine's clock to say how much.
      const isThere = async () => {
        other.syncNow();
        other.clock.advance(250);
        await other.whenIdle();
        const titles = (await other.store.list({ status: 'active', limit: 20 })).items.map(
          ({ title }) => title,
        );
        const isSettled =
          titles.includes('Kitchen in blue') && titles.includes('Attic') && !titles.includes('Garage');
        // It comes back before what was written in it.
        return isSettled && (await other.texts(attic)).length > 1;
      };
      await until(isThere, { what: 'the other machine to have what was settled' });
      assert.deepEqual(await other.texts(attic), ['About the attic', 'One more thought about the attic']);
    } finally {
      await other.stop();
    }
  });

  async function screenshot(window: Workbench, name: string): Promise<void> {
    const folder = path.join(out, 'e2e');
    await mkdir(folder, { recursive: true });
    await window.page.screenshot({ path: path.join(folder, `sync-status-${name}.png`) });
  }
});
