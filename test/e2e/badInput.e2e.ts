import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import {
  errorAnswer,
  HTML_ANSWER,
  startFaultProxy,
  type Fault,
  type FaultProxy,
} from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { kill } from '../vscode/processes.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { listen, unhandled } from './support/hostConsole.ts';
import { panelOf } from './support/panel.ts';

const SECRET = 'words that no log may hold';

describe('bad input meets a clear state, loses nothing and crashes nothing', () => {
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

  const json = (body: string): Fault => ({
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/json' },
    body,
    forward: false,
  });
  const nonsense: readonly [string, Fault, RegExp][] = [
    ['HTML', HTML_ANSWER, /Offline/],
    ['cut JSON', { kind: 'cutAnswer', bytes: 5 }, /Offline/],
    ['wrong types', json('[{"id":7}]'), /Offline/],
    ['401', errorAnswer(401), /Signed out/],
    ['403', errorAnswer(403), /attention|server/i],
    ['404', errorAnswer(404), /attention|server/i],
    ['422', errorAnswer(422), /attention|server/i],
    ['429', errorAnswer(429, { 'retry-after': '1' }), /Offline/],
    ['500', errorAnswer(500), /Offline/],
  ];

  it('I2 I3 I11: whatever the backend answers, the state is said in words and every message arrives once in the end', async () => {
    const window = await editor().open();
    const said = listen(window);
    const panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Bad answers');
    await panel.allAre('confirmed');
    const sent = ['Bad answers'];
    for (const [name, fault, words] of nonsense) {
      const remove = proxy.add({ match: ({ path: asked }) => asked.startsWith('/api/navi-memory'), fault });
      await window.runCommand('NAVI: Sync Now');
      await panel.frame.locator('navi-status').filter({ hasText: words }).waitFor();
      const text = `${SECRET} ${name}`;
      await panel.send(text);
      sent.push(text);
      remove();
      await window.runCommand('NAVI: Sync Now');
      await panel.allAre('confirmed');
    }
    const prompts = (await textsOnBackend(server.address, 'Bad answers')).filter((text) =>
      sent.includes(text),
    );
    assert.deepEqual(prompts.toSorted(), sent.toSorted());
    assert.deepEqual(await doubledOnBackend(server.address), []);
    assert.deepEqual(unhandled(said), []);
    assert.ok(!said.some((line) => line.includes(SECRET)), 'no message text on any console');
  });

  it('the webview posts unknown, malformed and huge messages: refused, and the panel goes on', async () => {
    const window = await editor().open();
    const said = listen(window);
    await window.page.addInitScript(() => {
      // The editor hands its API out once, to NAVI; keep a hand on it to post what NAVI never would.
      let give: () => unknown = () => undefined;
      Object.defineProperty(globalThis, 'acquireVsCodeApi', {
        configurable: true,
        set: (value: () => unknown) => (give = value),
        get: () => () => {
          const api = give();
          Object.assign(globalThis, { naviApi: api });
          return api;
        },
      });
    });
    await window.reload();
    const panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Still here');
    await panel.frame.evaluate(() => {
      const { naviApi } = globalThis as unknown as { naviApi: { postMessage(message: unknown): void } };
      const id = '0190f3c0-0000-7000-8000-000000000001';
      const wrong: unknown[] = [
        undefined,
        null,
        7,
        'ready',
        [],
        { type: 'launchMissiles' },
        { type: 'sendMessage' },
        { type: 'sendMessage', conversationId: '../../etc', messageId: id, text: 'x' },
        { type: 'sendMessage', conversationId: id, messageId: id, text: 'x'.repeat(4_000_001) },
        { type: 'sendMessage', conversationId: id, messageId: id, text: 'to nowhere' },
        { type: 'openConversation', conversationId: id, extra: 1 },
        { type: 'openLink', href: 'file:///etc/passwd' },
        { type: 'runCommand', command: 'workbench.action.quit' },
      ];
      for (const message of wrong) naviApi.postMessage(message);
    });
    await panel.frame.getByText('The message could not be saved').first().waitFor();
    await panel.frame.getByText('This conversation is not on this machine').first().waitFor();
    await panel.send('And still working');
    await panel.allAre('confirmed');
    assert.deepEqual(unhandled(said), []);
  });

  it('I9: the database file replaced by garbage: kept aside, the user is told, the panel works, the server brings all back', async () => {
    const first = await editor().open();
    const before = await panelOf(first);
    await before.newConversation();
    await before.send('On the server already');
    await before.allAre('confirmed');
    await first.close();
    // A host outlives its window for a while, and what it still writes would mend the garbage.
    const { server: vscode } = editor();
    for (const host of vscode.extensionHosts()) kill(host, 'SIGKILL');
    await until(() => vscode.extensionHosts().length === 0, { what: 'the end of the old host' });

    const storage = vscode.globalStorage;
    const file = path.join(storage, 'navi.db');
    const garbage = randomBytes(100_000);
    for (const suffix of ['-wal', '-shm']) await rm(file + suffix, { force: true });
    await writeFile(file, garbage);

    const window = await editor().open();
    const said = listen(window);
    const panel = await panelOf(window);
    await panel.frame.getByText('The conversation file was damaged').first().waitFor();
    await panel.open('On the server already');
    await panel.message('On the server already');
    await panel.newConversation();
    await panel.send('The panel works');
    const aside = (await readdir(storage)).find((name) => name.startsWith('damaged-')) ?? '';
    // Not compared by assert: it would draw the difference of so many bytes for minutes, in many gigabytes.
    assert.ok(garbage.equals(await readFile(path.join(storage, aside, 'navi.db'))), 'what was put aside');
    assert.deepEqual(unhandled(said), []);
  });
});
