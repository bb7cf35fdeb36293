import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Recovery } from '../../src/store/sqlite/recover.ts';
import type { Condition } from '../../src/store/sqlite/protocol.ts';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import type { StoreError } from '../../src/store/store.ts';

export interface TestWindow {
  readonly store: SqliteStore;
  readonly damaged: string[];
  readonly recoveries: Recovery[];
  readonly damagedMessages: number[];
  readonly failures: StoreError[];
  /** How the file was, the newest last. */
  readonly conditions: Condition[];
}

const SCRIPT = new URL('../../src/store/sqlite/worker.ts', import.meta.url);

/** A window's store, worker and all, on a file in `folder`. */
export function openWindow(
  folder: string,
  sessionId: string = randomUUID(),
  pollMs = 20,
  script: string | URL = SCRIPT,
): TestWindow {
  const damaged: string[] = [];
  const recoveries: Recovery[] = [];
  const damagedMessages: number[] = [];
  const failures: StoreError[] = [];
  const conditions: Condition[] = [];
  const store = openSqliteStore(
    { script, file: join(folder, 'navi.db'), sessionId, pollMs },
    {
      onRecovering: () => undefined,
      onRecovered: (recovery) => {
        recoveries.push(recovery);
        if (recovery.keptAt !== undefined) damaged.push(recovery.keptAt);
      },
      onDamagedMessages: (count) => damagedMessages.push(count),
      onCondition: (condition) => conditions.push(condition),
      onFailure: (error) => failures.push(error),
    },
  );
  return { store, damaged, recoveries, damagedMessages, failures, conditions };
}

/** Resolves with the first value that is not undefined, looked for after each commit. */
export async function eventually<T>(window: TestWindow, look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const changed = new Promise<void>((resolve) => {
      const subscription = window.store.onDidChange(() => {
        subscription.dispose();
        resolve();
      });
    });
    const found = await look();
    if (found !== undefined) return found;
    await changed;
  }
}
