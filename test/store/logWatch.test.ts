import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { LogWatch } from '../../src/store/sqlite/logWatch.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

/** Longer than the test may take: what is seen, is seen by the watch. */
const NEVER_MS = 600_000;

describe('watch of the write-ahead log', () => {
  it('I5: shows the commit of another window long before the next regular look', async () => {
    const folder = tempFolder();
    const [writer, reader] = [openWindow(folder.path), openWindow(folder.path, undefined, NEVER_MS)];
    try {
      assert.equal((await reader.store.list({ status: 'active', limit: 1 })).items.length, 0);
      const told = new Promise<void>((resolve) => reader.store.onDidChange(resolve));
      const id = uuidv7();
      await writer.store.create({ id });
      await told;
      assert.ok(await reader.store.read(id, { limit: 1 }));
    } finally {
      await Promise.all([writer.store.close(), reader.store.close()]);
      folder.dispose();
    }
  });

  it('without a log there is nothing to watch and nothing fails', () => {
    const folder = tempFolder();
    new LogWatch(`${folder.path}/none.db`, () => assert.fail('a hint of nothing')).close();
    folder.dispose();
  });
});
