import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StatusReporter } from '../../src/sync/reporter.ts';
import { openWindow, type TestWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { v7 as uuidv7 } from 'uuid';

describe('status of this window', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestWindow;
  let reporter: StatusReporter;
  let errors: unknown[];
  beforeEach(() => {
    folder = tempFolder();
    window = openWindow(folder.path);
    errors = [];
    reporter = new StatusReporter(window.store, (error) => errors.push(error));
  });
  afterEach(async () => {
    reporter.dispose();
    await window.store.close();
    folder.dispose();
  });
  const until = (wanted: string) =>
    new Promise<void>((resolve) => {
      const subscription = reporter.onDidChange(({ state }) => {
        if (state !== wanted) return;
        subscription.dispose();
        resolve();
      });
    });

  it('S3: starts as starting, follows account, link and queue, and tells only what differs', async () => {
    assert.equal(reporter.current.state, 'starting');
    const off = until('off');
    reporter.setAccount(undefined);
    await off;
    const starting = until('starting');
    reporter.setAccount('account');
    await starting;
    const lease = await window.store.takeLease(Date.now(), 30_000);
    assert.ok(lease);
    const synced = until('synced');
    await window.store.writeLinkStatus(lease, { link: 'up', detail: '' });
    await synced;
    const seen: string[] = [];
    reporter.onDidChange(({ state }) => seen.push(state));
    const id = uuidv7();
    const syncing = until('syncing');
    await window.store.create({ id });
    await window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'x' });
    await syncing;
    assert.deepEqual(seen, ['syncing']);
    assert.deepEqual(errors, []);
  });

  it('a store that cannot be read is reported once for each try, and nothing loops', async () => {
    await window.store.close();
    const reported = new Promise<void>((resolve) => {
      reporter.dispose();
      reporter = new StatusReporter(window.store, (error) => {
        errors.push(error);
        resolve();
      });
    });
    reporter.setAccount('account');
    await reported;
    for (let n = 0; n < 20; n += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(errors.length, 1);
  });
});
