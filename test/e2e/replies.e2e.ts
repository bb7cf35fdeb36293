import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend } from '../support/backend.ts';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { useEditor } from './support/editor.ts';
import { killHosts } from './support/hosts.ts';
import { panelOf, type NaviPanel } from './support/panel.ts';
import { firstWordsAfter, stallReplies } from './support/replies.ts';

describe('replies and prompts, again', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  before(async () => {
    server = await startMemoryServer({ NAVI_DEMO_DELAY_MS: '50' });
    proxy = await startFaultProxy(server.address);
  });
  after(async () => {
    await proxy.close();
    await server.close();
  });
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': proxy.url } }));

  /** What is shown: who says what, and which version it is. */
  const seen = (panel: NaviPanel) =>
    panel.frame
      .locator('.message')
      .evaluateAll((articles) =>
        articles.map((article) => [
          article.classList.item(1),
          article.querySelector('.markdown')?.textContent.trim(),
          article.querySelector('.versions span:not(.codicon)[aria-hidden]')?.textContent,
        ]),
      );
  const button = (panel: NaviPanel, name: string) => panel.frame.getByRole('button', { name });

  it('R3 R4 E1 B3 I6: a reply cut by a killed host goes on, is tried again, its prompt edited, the version switched, and a reload shows the same', async () => {
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    const goOn = stallReplies(proxy);
    await panel.send('A long story');
    const words = await firstWordsAfter(panel, 'A long story');
    await killHosts(editor().server);
    goOn();
    await window.reload();
    panel = await panelOf(window);
    await panel.frame.getByText(/Interrupted at .*characters kept/).waitFor();
    await button(panel, 'Continue').click();
    await panel.frame.getByText(/Interrupted at/).waitFor({ state: 'detached' });
    await panel.replied();
    const [, whole] = await panel.messages();
    assert.ok(
      whole?.text.startsWith(words) && whole.text.length > words.length,
      'it flows on as one message',
    );
    assert.equal((await panel.messages()).length, 2);

    await panel.frame.locator('.message.assistant').hover();
    await button(panel, 'Try again').click();
    await panel.frame.getByText('Version 2 of 2').waitFor({ state: 'attached' });
    await panel.replied();

    await panel.frame.locator('.message.user').hover();
    await button(panel, 'Edit prompt').click();
    const field = panel.frame.getByRole('textbox', { name: 'Edited prompt' });
    await field.fill('A short story');
    await field.press('Enter');
    await panel.message('A short story');
    await panel.replied();
    const edited = await seen(panel);
    assert.deepEqual(
      edited.map(([, , version]) => version),
      ['2/2', undefined],
    );
    await panel.frame
      .locator('.message.user')
      .getByRole('button', { name: 'Show the version before' })
      .click();
    await panel.message('A long story');
    const switched = await seen(panel);
    assert.deepEqual(
      switched.map(([, , version]) => version),
      ['1/2', '2/2'],
    );
    await panel.allAre('confirmed');
    await window.reload();
    panel = await panelOf(window);
    await panel.message('A long story');
    assert.deepEqual(await seen(panel), switched);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });
});
