import assert from 'node:assert/strict';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'mocha';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { until } from '../vscode/until.ts';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';

describe('a conversation outlives its window', () => {
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer({ NAVI_DEMO_DELAY_MS: '20' });
  });
  after(() => server.close());
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': server.address } }));

  function isDrafted(text: string): boolean {
    const db = new DatabaseSync(path.join(editor().server.globalStorage, 'navi.db'), { readOnly: true });
    try {
      return db.prepare('SELECT 1 FROM drafts WHERE text = ?').get(text) !== undefined;
    } finally {
      db.close();
    }
  }

  it('I1 I2 I3: prompt, reply, activity and command panel are there after a reload, and once on the server', async () => {
    const window = await editor().open();
    let panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Hello NAVI');
    await panel.replied();
    await panel.allAre('confirmed');
    const before = await panel.messages();

    await window.reload();
    panel = await panelOf(window);
    await panel.message('Hello NAVI');
    assert.deepEqual(await panel.messages(), before);
    assert.match(await panel.frame.locator('.message.assistant .steps').innerText(), /1 step.*1 command/s);

    const stored = await textsOnBackend(server.address, 'Hello NAVI');
    assert.deepEqual(
      stored,
      before.map((message) => (message.role === 'user' ? 'Hello NAVI' : stored[1])),
    );
    assert.deepEqual(await doubledOnBackend(server.address), []);
  });

  it('I1: a reload right after Send leaves the prompt as a message or in the composer, never neither, never both', async () => {
    const window = await editor().open();
    for (const round of [1, 2, 3]) {
      const text = `Reloaded at once ${round}`;
      let panel = await panelOf(window);
      await panel.newConversation();
      await panel.type(text);
      // On their way from the panel to its host words are in the editor's hands, for 300 ms at most.
      await until(() => isDrafted(text), { what: 'the draft to be stored' });
      await panel.composer.press('Enter');
      await window.reload();
      panel = await panelOf(window);
      const where = await until(
        async () => {
          const sent = (await panel.messages()).filter((message) => message.text === text).length;
          const drafted = (await panel.composer.isVisible()) && (await panel.composer.inputValue()) === text;
          return sent + Number(drafted) === 0 ? undefined : { sent, drafted };
        },
        { what: 'the prompt to be somewhere' },
      );
      await until(async () => (await panel.composer.isEditable()) || undefined, { what: 'the composer' });
      assert.equal(where.sent + Number(where.drafted), 1, JSON.stringify(where));
    }
  });
});
