import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { pullAll } from '../../src/sync/pull.ts';
import { Announcement } from '../../src/sync/announcement.ts';
import { PLAIN, RemoteError, type AnnouncedRemote, type Remote } from '../../src/sync/remote.ts';
import { Told } from '../../src/sync/told.ts';
import { remoteFields } from '../support/directStore.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

const row = (id: string) => ({
  id,
  title: id,
  status: 'active' as const,
  is_pinned: false,
  is_starred: false,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: 'u',
});

/** Pulls from a backend that lists these ids and cannot read some of them. */
async function pull(ids: readonly string[], isPoisoned: (id: string) => boolean) {
  const folder = tempFolder();
  const { store } = openWindow(folder.path);
  const read: string[] = [];
  const warnings: string[] = [];
  const refused = () => Promise.reject(new Error('not asked here'));
  const announced: AnnouncedRemote = {
    abilities: () => Promise.resolve(PLAIN),
    appendAll: refused,
    page: refused,
    changes: refused,
    fullList: refused,
    change: refused,
    events: () => {
      throw new Error('not asked here');
    },
    purge: refused,
  };
  const remote: Remote = {
    announced,
    create: refused,
    append: refused,
    patch: refused,
    delete: refused,
    history: refused,
    take: refused,
    list: ({ status }) => {
      const rows = status === 'deleted' ? [] : ids.map(row);
      return Promise.resolve({ digest: () => JSON.stringify(rows), read: () => rows });
    },
    read: (id) => {
      read.push(id);
      return isPoisoned(id)
        ? Promise.reject(new RemoteError('unknown', 'The server failed', { status: 500 }))
        : Promise.resolve({ ...row(id), messages: [] });
    },
  };
  try {
    const lease = await store.takeLease(Date.now(), 30_000);
    assert.ok(lease);
    const signal = new AbortController().signal;
    const warn = (text: string) => warnings.push(text);
    const announcement = new Announcement(remote);
    const session = { store, remote, announcement, told: new Told(), account: 'account', lease, signal };
    const context = { ...session, warn, info: () => undefined, now: () => Date.now() };
    const { kind } = await pullAll(context);
    const rows = ids.map((id) => remoteFields(id, { remoteUpdatedAt: 'u' }));
    return { outcome: kind, read, warnings, left: await store.mergeList(lease, 'account', rows) };
  } finally {
    await store.close();
    folder.dispose();
  }
}

describe('a backend that cannot read some conversations', () => {
  it('I2: one that always fails holds up neither the others nor the sending', async () => {
    const { outcome, warnings, left } = await pull(['a', 'poison', 'b'], (id) => id === 'poison');
    assert.equal(outcome, 'ok');
    assert.deepEqual(left, ['poison']);
    assert.equal(warnings.length, 1);
  });

  it('I12: one that fails for many in a row is left in peace', async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `c${n}`);
    const { outcome, read } = await pull(ids, () => true);
    assert.equal(outcome, 'doubtful');
    assert.equal(read.length, 21);
  });
});
