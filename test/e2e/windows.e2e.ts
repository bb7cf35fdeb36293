import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend } from '../support/backend.ts';
import { errorAnswer, startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { out } from '../vscode/paths.ts';
import { until } from '../vscode/until.ts';
import type { Workbench } from '../vscode/workbench.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

const TOKEN = 'token-of-the-team';

describe('two windows on one workspace', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  before(async () => {
    server = await startMemoryServer({ NAVI_DEMO_DELAY_MS: '100' });
    proxy = await startFaultProxy(server.address);
  });
  after(async () => {
    await proxy.close();
    await server.close();
  });
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': proxy.url } }));

  it('S12 I5: one of them asks to sign in, for both; what is sent in one appears in the other, both ways', async () => {
    const windows = await signInOnce();
    await talkInBoth(windows);
  });

  async function signInOnce(): Promise<readonly [Workbench, Workbench]> {
    // This editor forgets its secrets with each window: only this test asks for them.
    const letIn = proxy.add({
      match: ({ headers }) => headers.authorization !== `Bearer ${TOKEN}`,
      fault: errorAnswer(401),
    });
    const asking = await editor().open();
    await panelOf(asking);
    const question = asking.page
      .locator('.notification-list-item')
      .filter({ hasText: 'The memory server wants a valid token.' });
    await question.waitFor();
    await screenshot(asking, 'asked');
    const other = await editor().open();
    await panelOf(other);
    await statusIs(other, /NAVI, Signed Out/);
    await screenshot(other, 'not-asked');
    // By now it has gone into the list of notifications.
    await asking.runCommand('Notifications: Show Notifications');
    await question.getByRole('button', { name: 'Sign In' }).click();
    await asking.answer('not-the-token');
    const refused = asking.page.locator('.notification-list-item').filter({ hasText: 'refuses this token' });
    await refused.waitFor();
    await screenshot(asking, 'refused');
    await refused.getByRole('button', { name: 'Enter Another Token' }).click();
    await asking.answer(TOKEN);
    await asking.page.locator('.statusbar').getByText('accepts the token').waitFor();
    for (const window of [asking, other]) await statusIs(window, /NAVI, Synced/);
    await screenshot(asking, 'accepted');
    assert.deepEqual(await asking.notifications(), []);
    const news = other.page.locator('.statusbar-item[id="status.notifications"] .codicon-bell-dot');
    assert.equal(await news.count(), 0, 'the other window never had a notification');
    letIn();
    return [asking, other];
  }

  async function talkInBoth([one, another]: readonly [Workbench, Workbench]): Promise<void> {
    const [first, second] = [await panelOf(one), await panelOf(another)];
    await first.newConversation();
    await first.send('From the first window');
    await second.open('From the first window');
    await second.message('From the first window');
    await first.replied();
    await second.replied();
    await second.send('From the second window');
    await first.message('From the second window');
    await second.replied();
    await first.allAre('confirmed');
    await second.allAre('confirmed');
    assert.deepEqual(await first.messages(), await second.messages());
    assert.equal((await first.messages()).length, 4);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  }

  async function statusIs(window: Workbench, words: RegExp): Promise<void> {
    const item = window.page.locator('.statusbar-item[id="navralabs.navi.navi.status"] a');
    await until(async () => words.test((await item.getAttribute('aria-label')) ?? ''), {
      what: `the status bar to say ${words}`,
    });
  }

  async function screenshot(window: Workbench, name: string): Promise<void> {
    const folder = path.join(out, 'e2e');
    await mkdir(folder, { recursive: true });
    await window.page.screenshot({ path: path.join(folder, `sign-in-${name}.png`) });
  }
});
