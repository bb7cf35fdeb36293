import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { fillBackend } from '../support/fill.ts';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { until } from '../vscode/until.ts';
import { wipeState } from '../vscode/webStorage.ts';
import { useEditor } from './support/editor.ts';
import { panelOf, type NaviPanel } from './support/panel.ts';

const COUNT = 10;

describe('ten conversations on a profile that only has the backend', () => {
  let server: TestServer;
  let titles: string[];
  before(async () => {
    server = await startMemoryServer();
    titles = await fillBackend(server.address, COUNT);
  });
  after(() => server.close());
  const editor = useEditor(async () => ({ settings: { 'navi.backend.url': server.address } }));

  /** What a user can see of all of it: the three lists in their order, and how long the first conversation is. */
  async function look(panel: NaviPanel) {
    await panel.show('Active');
    await until(async () => (await panel.titles()).length === COUNT - 2, {
      what: 'eight active conversations',
    });
    const active = await panel.titles();
    await panel.show('Starred');
    await until(async () => (await panel.titles()).length === 5, { what: 'five starred conversations' });
    const starred = await panel.titles();
    await panel.show('Archived');
    await until(async () => (await panel.titles()).length === 2, { what: 'two archived conversations' });
    const archived = await panel.titles();
    await panel.show('Active');
    await panel.open('Conversation 01');
    const older = panel.frame.getByRole('button', { name: 'Load older messages' });
    await until(
      async () => {
        // Scrolling to the button loads as well, and takes it away before the click: then there is nothing to click on.
        if (await older.isVisible()) await older.click({ timeout: 1_000 });
        return (await panel.messages()).length === 100;
      },
      { what: 'all 100 messages' },
    );
    const messages = (await panel.messages()).map((message) => message.text);
    return { active, starred, archived, messages };
  }

  it('I5 I6: all are there; after a reload, and after globalState and workspaceState were wiped, the same', async () => {
    const window = await editor().open();
    const first = await look(await panelOf(window));
    assert.deepEqual(
      new Set(first.active.slice(0, 2)),
      new Set(['Conversation 02', 'Conversation 03']),
      'pinned first',
    );
    assert.deepEqual([...first.active, ...first.archived].toSorted(), titles);
    assert.deepEqual(
      first.messages,
      Array.from({ length: 100 }, (_, n) => `Conversation 01, message ${n + 1}`),
    );
    await window.reload();
    assert.deepEqual(await look(await panelOf(window)), first);
    await server.close();
    await wipeState('global', [window]);
    await wipeState('workspace', [window]);
    assert.deepEqual(await look(await panelOf(window)), first, 'with the backend gone, too');
  });
});
