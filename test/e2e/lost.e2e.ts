import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'mocha';
import { doubledOnBackend, textsOnBackend } from '../support/backend.ts';
import { spawnMemoryServer, type ServerProcess } from '../support/memoryServer.ts';
import { until } from '../vscode/until.ts';
import { useEditor } from './support/editor.ts';
import { panelOf } from './support/panel.ts';
import { copyReport } from './support/report.ts';

describe('a server that goes back to an old backup', () => {
  let folder: string;
  let server: ServerProcess;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'navi-e2e-lost-'));
    server = await spawnMemoryServer(path.join(folder, 'data'));
  });
  after(async () => {
    await server.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  });
  const editor = useEditor(() => ({ settings: { 'navi.backend.url': server.address } }));

  /** Ends the server, does this to its data, and starts it at its old address. */
  async function whileStopped(work: (data: string, backup: string) => Promise<void>): Promise<void> {
    const { port } = new URL(server.address);
    await server.end('SIGTERM');
    await work(path.join(folder, 'data'), path.join(folder, 'backup'));
    server = await spawnMemoryServer(path.join(folder, 'data'), { NAVI_PORT: port });
  }

  it('I2 I3 T39: gets again what it has lost, once and in order, and the report says so', async () => {
    const window = await editor().open();
    const panel = await panelOf(window);
    await panel.newConversation();
    await panel.send('Before the backup');
    await panel.replied();
    await panel.allAre('confirmed');
    await whileStopped((data, backup) => cp(data, backup, { recursive: true }));
    await panel.send('After the backup');
    await panel.replied();
    await panel.allAre('confirmed');
    const shown = (await panel.messages()).map(({ role, text }) => ({ role, text }));
    const stored = await textsOnBackend(server.address, 'Before the backup');
    assert.equal(stored.length, 4);

    await whileStopped(async (data, backup) => {
      await rm(data, { recursive: true });
      await cp(backup, data, { recursive: true });
      // Once it runs, the first may be there again before anybody has looked.
      const db = new DatabaseSync(path.join(data, 'navi.db'), { readOnly: true });
      assert.equal(db.prepare('SELECT count(*) AS n FROM navi_messages').get()?.['n'], 2);
      db.close();
    });
    await until(
      async () => (await textsOnBackend(server.address, 'Before the backup')).length === stored.length,
      { what: 'the server to have all of it again' },
    );
    await panel.allAre('confirmed');
    assert.deepEqual(await textsOnBackend(server.address, 'Before the backup'), stored);
    assert.deepEqual(await doubledOnBackend(server.address), []);
    assert.deepEqual(
      (await panel.messages()).map(({ role, text }) => ({ role, text })),
      shown,
    );
    await window.runCommand('NAVI: Show Sync Status');
    assert.match(await copyReport(window), /\n- The server has lost 2 messages; they are sent again\. /);
  });
});
