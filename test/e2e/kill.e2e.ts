import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { useEditor } from './support/editor.ts';
import { killHosts } from './support/hosts.ts';
import { panelOf } from './support/panel.ts';
import { firstWordsAfter, stallReplies } from './support/replies.ts';

describe('an extension host that is killed', () => {
  let server: TestServer;
  let proxy: FaultProxy;
  before(async () => {
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
    stallReplies(proxy);
  });
  after(async () => {
    await proxy.close();
    await server.close();
  });
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': proxy.url } }));

  it('I1: right after a message shows as saved: the prompt is there, once, here and on the server', async () => {
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Saved before the kill');
    await killHosts(editor().server);
    await window.reload();
    panel = await panelOf(window);
    await panel.message('Saved before the kill');
    const prompts = async () => (await panel.messages()).filter((message) => message.role === 'user');
    assert.equal((await prompts()).length, 1);
    await panel.allAre('confirmed');
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
    const partial = await firstWordsAfter(panel, 'Killed in mid-reply');
    await killHosts(editor().server);
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
    await panel.allAre('confirmed');
    assert.equal((await textsOnBackend(server.address, 'Killed in mid-reply')).length, 2);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });
});
