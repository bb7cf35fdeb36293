import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import {
  errorAnswer,
  HTML_ANSWER,
  startFaultProxy,
  type Fault,
  type FaultProxy,
  type FaultRule,
} from '../support/faultProxy.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { out } from '../vscode/paths.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { panelOf, type NaviPanel } from './support/panel.ts';

/** Marks that promise nothing about the server. */
const NOT_THERE = ['queued', 'sending', 'unknown'];
/** Marks of what the server has taken. */
const THERE = ['sent', 'confirmed'];

describe('the fault proxy cuts, delays and lies during a chat', () => {
  const folder = path.join(out, 'screenshots');
  let server: TestServer;
  let proxy: FaultProxy;
  before(async () => {
    await mkdir(folder, { recursive: true });
    server = await startMemoryServer();
    proxy = await startFaultProxy(server.address);
  });
  after(async () => {
    await proxy.close();
    await server.close();
  });
  const editor = useEditor(async () => ({
    settings: { 'navi.backend.url': proxy.url },
    viewport: { width: 1100, height: 720 },
  }));

  /** Only sync: the replies come from the same address. */
  const ofSync: NonNullable<FaultRule['match']> = ({ path: asked }) => asked.startsWith('/api/navi-memory');
  const hold = Promise.withResolvers<undefined>();
  const stages: readonly { readonly name: string; readonly words: RegExp; readonly fault?: Fault }[] = [
    { name: 'refuses', words: /Offline/ },
    { name: 'loses answers', words: /Offline/, fault: { kind: 'commitThenDrop' } },
    { name: 'answers 500', words: /Offline/, fault: errorAnswer(500) },
    { name: 'answers HTML', words: /Offline/, fault: HTML_ANSWER },
    { name: 'answers 429', words: /Offline/, fault: errorAnswer(429, { 'retry-after': '1' }) },
    {
      name: 'holds answers',
      words: /waiting|Offline/,
      fault: { kind: 'hold', at: 'answer', gate: hold.promise },
    },
  ];

  it('I2 I3: at each stage the words and marks are true, and in the end all is on the server once', async () => {
    const window = await editor().open();
    const panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Before');
    await panel.replied();
    await panel.allAre('confirmed');
    const prompts = ['Before'];
    for (const [n, { name, words, fault }] of stages.entries()) {
      const remove = fault === undefined ? undefined : proxy.add({ match: ofSync, fault });
      if (fault === undefined) await proxy.refuse();
      const prompt = `The proxy ${name}`;
      await panel.send(prompt);
      prompts.push(prompt);
      await panel.frame.locator('navi-status').filter({ hasText: words }).waitFor();
      await assertTruthful(panel, prompt);
      await window.page.screenshot({
        path: path.join(folder, `lying-${n}-${name.replaceAll(' ', '-')}.png`),
      });
      remove?.();
      if (fault?.kind === 'hold') hold.resolve(undefined);
      await proxy.accept();
      await window.runCommand('NAVI: Sync Now');
      await panel.allAre('confirmed');
    }
    // Nothing is said while all is well.
    await panel.frame.locator('navi-status .status').waitFor({ state: 'detached' });
    await window.page.screenshot({ path: path.join(folder, 'lying-end.png') });
    const there = await until(
      async () => {
        const texts = await textsOnBackend(server.address, 'Before');
        return texts.length === (await panel.messages()).length && texts;
      },
      { what: 'the server to hold as many messages as are shown' },
    );
    assert.deepEqual(
      there.filter((text) => prompts.includes(text)),
      prompts,
    );
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  /** What is marked as being on the server is there; what is not marked so is not called lost either. */
  async function assertTruthful(panel: NaviPanel, prompt: string): Promise<void> {
    await until(
      async () => {
        const shown = (await panel.messages()).find(({ text }) => text === prompt);
        return [...NOT_THERE, ...THERE].includes(shown?.delivery ?? '');
      },
      { what: 'a mark' },
    );
    const shown = (await panel.messages()).filter(({ delivery }) => THERE.includes(delivery));
    const there = await textsOnBackend(server.address, 'Before');
    for (const { text, role } of shown.filter((message) => message.role === 'user'))
      assert.ok(there.includes(text), `${role} "${text}" is marked as sent and is not there`);
  }
});
