import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { BackupFile } from '../../../src/store/maintenance.ts';
import { StoreError } from '../../../src/store/store.ts';
import { findBackups, makeBackup } from '../../../src/store/sqlite/maintenance/backup.ts';
import { openMaintenance } from '../../../src/store/sqlite/maintenance/host.ts';
import { mendHistory } from '../../../src/store/sqlite/maintenance/mend.ts';
import {
  previewRestore,
  restoreBackup,
  RESTORE_STEPS,
  type RestoreStep,
} from '../../../src/store/sqlite/maintenance/restore.ts';
import { ACCOUNT, DirectStore, type World } from '../../support/directStore.ts';
import { openWindow } from '../../support/stores.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const START = Date.parse('2026-03-02T08:00:00Z');
const script = new URL('../../../src/store/sqlite/worker.ts', import.meta.url);
const quiet = { now: () => START + 1, onProgress: () => undefined };

describe('restoring from a backup', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  let world: World;
  let window: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    file = join(folder.path, 'navi.db');
    world = { now: START, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'a', pid: 1 });
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });

  function backup(): BackupFile {
    const made = makeBackup({ file, reason: 'daily', now: world.now });
    assert.ok(made !== undefined);
    return made;
  }

  /** As if it had never been: a loss that nobody decided on. */
  function lose(conversationId: string): void {
    for (const table of ['outbox', 'drafts', 'messages'])
      window.db.run(`DELETE FROM ${table} WHERE conversation_id = ?`, conversationId);
    window.db.run('DELETE FROM conversations WHERE id = ?', conversationId);
  }

  function textsOf(id: string): string[] {
    return (window.store.read(id, { limit: 1_000 })?.messages ?? []).map(({ content }) => content);
  }

  /** Whatever a user or the outbox can see, without times of its own. */
  function dump(): unknown {
    return ['conversations', 'messages', 'outbox', 'tombstones', 'drafts', 'quarantine'].map((table) =>
      window.db.all(`SELECT * FROM ${table} ORDER BY 1, 2`),
    );
  }

  /** 2 conversations are lost, of a third a message; one was purged; a fourth has gone on. */
  function history(): { name: string; lost: string[]; torn: string; grown: string; purged: string } {
    const lost = [
      window.write('lost one', 'lost two'),
      window.write(...Array.from({ length: 210 }, (_, n) => `m${n}`)),
    ];
    const torn = window.write('first', 'second', 'third');
    const grown = window.write('old');
    const purged = window.write('purged');
    const { name } = backup();
    lost.forEach(lose);
    const second = window.store.read(torn, { limit: 3 })?.messages[1]?.id ?? '';
    window.db.run(`UPDATE messages SET content = 'spoilt' WHERE id = ?`, second);
    window.store.append({ id: uuidv7(), conversationId: grown, role: 'user', content: 'new' });
    window.store.trash({ ids: [purged] }, uuidv7());
    window.store.purge(window.store.trashPreview({ all: true }).entries, 'user');
    return { name, lost, torn, grown, purged };
  }

  it('W7: what is missing comes back, what is damaged is mended, the rest is as it was, and the preview said so', () => {
    const { name, lost, torn, grown, purged } = history();
    const preview = previewRestore({ file, name, ...quiet });
    assert.deepEqual(preview, { conversations: 2, messages: 212, mended: 1, damaged: 0, purged: 1 });
    const report = restoreBackup({ file, name, ...quiet });
    assert.deepEqual(
      { ...report, conversationIds: [...report.conversationIds].sort() },
      {
        ...preview,
        conversationIds: [...lost].sort(),
      },
    );
    assert.deepEqual(textsOf(lost[0] ?? ''), ['lost one', 'lost two']);
    assert.equal(textsOf(lost[1] ?? '').length, 210);
    assert.deepEqual(textsOf(torn), ['first', 'second', 'third']);
    assert.deepEqual(textsOf(grown), ['old', 'new']);
    assert.deepEqual(textsOf(purged), []);
    assert.equal(window.store.list({ status: 'active', limit: 10 }).items.length, 4);
    assert.equal(window.db.get<{ integrity_check: string }>('PRAGMA integrity_check')?.integrity_check, 'ok');
    assert.deepEqual(window.db.all('PRAGMA foreign_key_check'), []);
    while (window.store.indexSome());
    assert.equal(window.store.search({ text: 'lost two', limit: 5 }).hits.length, 1);
  });

  it('W7: a backup of what is here is made before anything is changed', () => {
    const { name } = history();
    restoreBackup({ file, name, ...quiet });
    assert.deepEqual(
      findBackups(file).map(({ reason }) => reason),
      ['restore', 'daily'],
    );
  });

  it('W7: restoring twice is restoring once', () => {
    const { name } = history();
    restoreBackup({ file, name, ...quiet });
    const once = dump();
    const again = restoreBackup({ file, name, ...quiet });
    assert.deepEqual(again, {
      conversations: 0,
      messages: 0,
      mended: 0,
      damaged: 0,
      purged: 1,
      conversationIds: [],
    });
    assert.deepEqual(dump(), once);
  });

  it('W7: ended at any step it can be run again, and all is there once', function () {
    this.timeout(60_000);
    const seen = new Set<RestoreStep>();
    for (const dying of RESTORE_STEPS) {
      const { name, lost, torn } = history();
      assert.throws(() =>
        restoreBackup({
          file,
          name,
          ...quiet,
          onStep: (step) => {
            seen.add(step);
            if (step === dying) throw new Error('dies here');
          },
        }),
      );
      assert.deepEqual(window.db.all('PRAGMA foreign_key_check'), []);
      restoreBackup({ file, name, ...quiet });
      assert.deepEqual(textsOf(lost[0] ?? ''), ['lost one', 'lost two'], dying);
      assert.equal(textsOf(lost[1] ?? '').length, 210, dying);
      assert.deepEqual(textsOf(torn), ['first', 'second', 'third'], dying);
      world.now += 10 * 86_400_000;
    }
    assert.deepEqual([...seen].sort(), [...RESTORE_STEPS].sort());
  });

  it('W7: what was not sent when the backup was made is asked for before it is sent', () => {
    const lease = window.lease();
    window.store.confirmAccount(lease, ACCOUNT);
    const id = window.write('not sent');
    const { name } = backup();
    lose(id);
    restoreBackup({ file, name, ...quiet });
    assert.deepEqual(window.states(id), ['create unknown', 'append unknown']);
  });

  it('W7: a window that writes meanwhile loses nothing and waits for no more than a batch', async () => {
    const { name, lost, grown } = history();
    const other = openWindow(folder.path);
    const maintenance = openMaintenance({ script, file });
    const restoring = maintenance.restore(name);
    for (let n = 0; n < 40; n += 1)
      await other.store.append({
        id: uuidv7(),
        conversationId: grown,
        role: 'user',
        content: `meanwhile ${n}`,
      });
    const report = await restoring;
    assert.equal(report.messages, 212);
    assert.deepEqual(textsOf(grown), [
      'old',
      'new',
      ...Array.from({ length: 40 }, (_, n) => `meanwhile ${n}`),
    ]);
    assert.equal(textsOf(lost[1] ?? '').length, 210);
    await maintenance.close();
    await other.store.close();
  });

  it('W7: cancelled half-way it keeps what came, whole messages only, and a second run brings the rest', async () => {
    const { name, lost } = history();
    const maintenance = openMaintenance({ script, file });
    const controller = new AbortController();
    const cancelled = maintenance.restore(
      name,
      (done) => {
        if (done > 0) controller.abort(new Error('enough'));
      },
      controller.signal,
    );
    await cancelled.catch((error: unknown) => assert.match(String(error), /enough/));
    assert.deepEqual(window.db.all('PRAGMA foreign_key_check'), []);
    await maintenance.restore(name);
    assert.equal(textsOf(lost[1] ?? '').length, 210);
    await maintenance.close();
  });

  it('W7: a backup that cannot be read, or a name that is none, changes nothing and says so', () => {
    history();
    const before = dump();
    for (const name of ['../navi.db', 'navi-20260302T080000001Z-daily.db', 'x'])
      assert.throws(() => restoreBackup({ file, name, ...quiet }), StoreError);
    assert.deepEqual(dump(), before);
  });

  it('W6: a message that is damaged here is mended from a backup, once it was looked at', () => {
    const { torn } = history();
    assert.deepEqual(mendHistory({ file, depth: 'all', ...quiet }), {
      mended: 1,
      left: 0,
      isIndexRebuilt: false,
    });
    assert.deepEqual(textsOf(torn), ['first', 'second', 'third']);
    assert.deepEqual(window.db.all('SELECT * FROM quarantine'), []);
  });

  it('W6: without a sound copy it stays marked, and looking again says the same', () => {
    const id = window.write('one');
    window.db.run(`UPDATE messages SET content = 'other' WHERE conversation_id = ?`, id);
    for (const depth of ['all', 'noted', 'all'] as const)
      assert.deepEqual(mendHistory({ file, depth, ...quiet }), { mended: 0, left: 1, isIndexRebuilt: false });
    assert.equal(window.store.read(id, { limit: 1 })?.messages[0]?.isDamaged, true);
  });
});
