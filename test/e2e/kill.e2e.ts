import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { kill } from '../vscode/processes.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

describe('an extension host that is killed', () => {
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer({ NAVI_DEMO_DELAY_MS: '400' });
  });
  after(() => server.close());
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': server.address } }));

  async function killHosts(): Promise<void> {
    const hosts = editor().server.extensionHosts();
    assert.ok(hosts.length > 0);
    for (const host of hosts) kill(host, 'SIGKILL');
    await until(
      async () =>
        editor()
          .server.extensionHosts()
          .every((host) => !hosts.includes(host)),
      {
        what: 'the extension host to be gone',
      },
    );
  }

  it('I1: right after a message shows as saved: the prompt is there, once, here and on the server', async () => {
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Saved before the kill');
    await killHosts();
    await window.reload();
    panel = await panelOf(window);
    await panel.message('Saved before the kill');
    const prompts = async () => (await panel.messages()).filter((message) => message.role === 'user');
    assert.equal((await prompts()).length, 1);
    await panel.allAre('confirmed', 120_000);
    assert.equal((await prompts()).length, 1);
    const stored = await textsOnBackend(server.address, 'Saved before the kill');
    assert.equal(stored.filter((text) => text === 'Saved before the kill').length, 1);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  it('I1: in mid-reply: the prompt and the partial reply are there, labelled interrupted, nothing doubled', async () => {
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Killed in mid-reply');
    const partial = await until(
      async () =>
        (await panel.messages()).find(({ role, text }) => role === 'assistant' && text !== '')?.text,
      { what: 'the first words of the reply' },
    );
    await killHosts();
    await window.reload();
    panel = await panelOf(window);
    const label = panel.frame.locator('.message.assistant .trouble.interrupted');
    await label.waitFor();
    assert.match(await label.innerText(), /Interrupted at .*\d+ characters kept/);
    const shown = await panel.messages();
    assert.deepEqual(
      shown.map(({ role }) => role),
      ['user', 'assistant'],
    );
    assert.ok(shown[1]?.text.startsWith(partial), 'what was shown is still shown');
    await panel.allAre('confirmed', 120_000);
    assert.equal((await textsOnBackend(server.address, 'Killed in mid-reply')).length, 2);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });
});
