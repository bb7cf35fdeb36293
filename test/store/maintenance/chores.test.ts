import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { startChores } from '../../../src/store/chores.ts';
import type { CheckDepth, HistoryFacts } from '../../../src/store/check/facts.ts';
import type { BackupInfo } from '../../../src/store/maintenance.ts';
import { openMaintenance } from '../../../src/store/sqlite/maintenance/host.ts';
import { openWindow } from '../../support/stores.ts';
import { DirectStore } from '../../support/directStore.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const HOUR = 3_600_000;
const script = new URL('../../../src/store/sqlite/worker.ts', import.meta.url);

describe('what is done now and then', () => {
  it('C4: of all windows one makes a backup a day; what failed is made up for', async () => {
    let now = 100 * HOUR;
    let fails = true;
    const made: number[] = [];
    const claims = new Map<string, number>();
    const looks: (() => void)[] = [];
    const failures: unknown[] = [];
    const checks: string[] = [];
    const maintenance = {
      backups: async () => made.toReversed().map((madeAt) => ({ reason: 'daily', madeAt }) as BackupInfo),
      backUp: async () => {
        if (fails) throw new Error('no room');
        made.push(now);
        return undefined;
      },
      mend: async () => ({ mended: 0, left: 0, isIndexRebuilt: false }),
      check: async (depth: CheckDepth) => {
        checks.push(`${depth} ${now / HOUR}`);
        return {} as HistoryFacts;
      },
    };
    const store = {
      claimChore: async (name: string, at: number, every: number) => {
        if ((claims.get(name) ?? 0) > at - every) return false;
        claims.set(name, at);
        return true;
      },
    };
    const after = (_: number, callback: () => void): (() => void) => {
      looks.push(callback);
      return () => undefined;
    };
    const windows = [1, 2].map(() =>
      startChores({
        store,
        maintenance,
        now: () => now,
        random: () => 0.5,
        after,
        onMended: () => undefined,
        onChecked: () => undefined,
        onFailure: (error) => failures.push(error),
      }),
    );
    for (let hour = 0; hour < 60; hour += 1) {
      for (const look of looks.splice(0)) look();
      await new Promise((resolve) => setImmediate(resolve));
      now += HOUR;
      fails = hour < 2;
    }
    assert.deepEqual(
      made.map((at) => at / HOUR),
      [103, 127, 151],
    );
    assert.equal(failures.length, 3);
    assert.deepEqual(checks, ['whole 100', 'daily 124', 'daily 148']);
    windows[0]?.dispose();
  });

  it('C1: the thread that looks after the file makes a backup and lists it, and ends when told to', async () => {
    const folder = tempFolder();
    const window = openWindow(folder.path);
    await window.store.list({ status: 'active', limit: 1 });
    const direct = new DirectStore(folder.path, { now: 1, dead: new Set() }, { id: 'd', pid: 1 });
    direct.write('one', 'two');
    direct.close();
    const maintenance = openMaintenance({ script, file: join(folder.path, 'navi.db') });
    const made = await maintenance.backUp('daily');
    assert.ok(made !== undefined);
    assert.deepEqual(await maintenance.backups(), [
      { ...made, conversations: 1, messages: 2, isReadable: true },
    ]);
    await assert.rejects(maintenance.backUp('daily', AbortSignal.abort(new Error('not now'))), /not now/);
    assert.equal((await maintenance.backups()).length, 1);
    await maintenance.close();
    await window.store.close();
    folder.dispose();
  });
});
