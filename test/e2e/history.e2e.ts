import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import { startFaultProxy, type FaultProxy } from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { killHosts } from './support/hosts.ts';
import { panelOf, type NaviPanel } from './support/panel.ts';
import { firstWordsAfter, stallReplies } from './support/replies.ts';

const KILLS = 5;
const PROMPTS_EACH = 6;

describe('a history in a real VS Code', () => {
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

  it(`I1 I3: the host killed in mid-reply ${KILLS} times: each prompt once, each reply kept and labelled`, async () => {
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    const kept: string[] = [];
    const goOn = stallReplies(proxy);
    for (let n = 1; n <= KILLS; n += 1) {
      await panel.send(`Prompt ${n} before a kill`);
      kept.push(await firstWordsAfter(panel, `Prompt ${n} before a kill`));
      await killHosts(editor().server);
      await window.reload();
      panel = await panelOf(window);
      await until(async () => (await panel.frame.locator('.trouble.interrupted').count()) === n, {
        what: `${n} replies labelled as interrupted`,
        explain: async () => JSON.stringify(await panel.messages(), undefined, 1),
      });
    }
    goOn();
    const shown = await panel.messages();
    assert.deepEqual(
      shown.map(({ role }) => role),
      Array.from({ length: KILLS }, () => ['user', 'assistant']).flat(),
    );
    for (const [n, words] of kept.entries()) {
      assert.equal(shown[2 * n]?.text, `Prompt ${n + 1} before a kill`);
      assert.ok(shown[2 * n + 1]?.text.startsWith(words), `what was shown of reply ${n + 1} is still shown`);
    }
    await panel.allAre('confirmed');
    assert.equal((await textsOnBackend(server.address, 'Prompt 1 before a kill')).length, 2 * KILLS);
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  it('I1 I4 I5: two windows that write into one conversation at once show the same, all of it, once', async () => {
    const [first, second] = [await panelOf(await editor().open()), await panelOf(await editor().open())];
    await first.newConversation();
    await first.send('Opening words');
    await first.replied();
    await second.open('Opening words');
    await second.message('Opening words');
    const write = async (panel: NaviPanel, name: string) => {
      for (let n = 1; n <= PROMPTS_EACH; n += 1) await panel.send(`${name} ${n}.`);
    };
    await Promise.all([write(first, 'One says'), write(second, 'Two says')]);
    await first.allAre('confirmed');
    await second.allAre('confirmed');
    await until(
      async () => JSON.stringify(await first.messages()) === JSON.stringify(await second.messages()),
      {
        what: 'both windows to show the same',
      },
    );
    const prompts = (await first.messages()).filter(({ role }) => role === 'user').map(({ text }) => text);
    for (const name of ['One says', 'Two says']) {
      assert.deepEqual(
        prompts.filter((text) => text.startsWith(name)),
        Array.from({ length: PROMPTS_EACH }, (_, n) => `${name} ${n + 1}.`),
      );
    }
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  it('I6: a renamed folder, a second folder, and no folder at all show every conversation', async () => {
    const before = await editor().folder('before');
    const second = await editor().folder('second');
    let window = await editor().open({ folder: before });
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Written in the folder');
    await panel.replied();
    const everything = await panel.everything();
    assert.ok(everything.some(({ title }) => title === 'Written in the folder'));
    await window.close();

    const renamed = path.join(path.dirname(before), 'after');
    await rename(before, renamed);
    const both = path.join(path.dirname(before), 'both.code-workspace');
    await writeFile(both, JSON.stringify({ folders: [{ path: renamed }, { path: second }] }));
    for (const target of [{ folder: renamed }, { workspaceFile: both }, {}]) {
      window = await editor().open(target);
      panel = await panelOf(window);
      assert.deepEqual(await panel.everything(), everything, JSON.stringify(Object.keys(target)));
      await window.close();
    }
  });
});
