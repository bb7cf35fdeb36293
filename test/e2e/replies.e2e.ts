import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend } from '../support/backend.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { kill } from '../vscode/processes.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { panelOf, type NaviPanel } from './support/panel.ts';

describe('replies and prompts, again', () => {
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer({ NAVI_DEMO_DELAY_MS: '300' });
  });
  after(() => server.close());
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': server.address } }));

  async function killHosts(): Promise<void> {
    const hosts = editor().server.extensionHosts();
    assert.ok(hosts.length > 0);
    for (const host of hosts) kill(host, 'SIGKILL');
    const left = () =>
      editor()
        .server.extensionHosts()
        .some((host) => hosts.includes(host));
    await until(async () => !left(), { what: 'the extension host to be gone' });
  }
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

  it('R3 R4 E1 B3 I6: a reply cut by a killed host goes on, is tried again, its prompt edited, the version switched, and a reload shows the same', async function () {
    this.timeout(400_000);
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('A long story');
    const words = await until(
      async () =>
        (await panel.messages()).find(({ role, text }) => role === 'assistant' && text !== '')?.text,
      { what: 'the first words of the reply' },
    );
    await killHosts();
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
    await panel.allAre('confirmed', 120_000);
    await window.reload();
    panel = await panelOf(window);
    await panel.message('A long story');
    assert.deepEqual(await seen(panel), switched);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });
});
