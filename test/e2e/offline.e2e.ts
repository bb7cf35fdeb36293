import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

describe('a backend that comes and goes', () => {
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

  it('I2: down: messages are saved and marked queued; up again: all are sent once, in order, without a click', async () => {
    await proxy.refuse();
    const window = await editor().open();
    const panel = await panelOf(window);
    await panel.newConversation();
    const texts = ['First, offline', 'Second, offline', 'Third, offline'];
    for (const text of texts) {
      await panel.send(text);
      await panel.frame.locator('.message.user .trouble').last().waitFor();
    }
    await panel.allAre('queued');
    await panel.frame.getByText('Offline. Messages are saved here').first().waitFor();
    for (let press = 0; press < 2; press += 1) await window.runCommand('NAVI: Sync Now');
    const saidNothing = async () =>
      (await window.notifications()).filter((text) => text.includes('Nothing could be synced.')).length;
    await until(async () => (await saidNothing()) > 0, { what: 'the word that nothing could be synced' });
    await window.page.locator('.statusbar').getByText('NAVI: Syncing').waitFor({ state: 'hidden' });
    // One that has gone from sight by itself is still there.
    await window.runCommand('Notifications: Show Notifications');
    await until(async () => (await saidNothing()) > 0, { what: 'the list of notifications' });
    assert.equal(await saidNothing(), 1, 'S11: one notice, however often it is asked');
    await window.runCommand('Notifications: Hide Notifications');
    await panel.newConversation();
    await panel.send('Another one, offline');
    await panel.allAre('queued');

    await proxy.accept();
    await panel.allAre('confirmed');
    await panel.open('First, offline');
    await panel.allAre('confirmed');
    assert.deepEqual(await textsOnBackend(server.address, 'First, offline'), texts);
    assert.deepEqual(await textsOnBackend(server.address, 'Another one, offline'), ['Another one, offline']);
  });

  it('I3: answers lost after the commit: still once', async () => {
    const window = await editor().open();
    const panel = await panelOf(window);
    await panel.newConversation();
    proxy.add({
      match: ({ method, path }) => method === 'POST' && path.includes('/navi-memory/'),
      fault: { kind: 'commitThenDrop' },
      times: 3,
    });
    await panel.send('Answer lost');
    await panel.replied();
    await panel.allAre('confirmed');
    assert.equal((await textsOnBackend(server.address, 'Answer lost')).length, 2);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });
});
