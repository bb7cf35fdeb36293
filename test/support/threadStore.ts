/** The whole store in this thread: the real statements on a real file, on a clock that the test turns. */
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/model/ids.ts';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate } from '../../src/store/sqlite/migrations/migrate.ts';
import { OPERATION_KINDS } from '../../src/store/sqlite/operationKinds.ts';
import { createOperations, type OperationName } from '../../src/store/sqlite/operations.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';

/** What a window has of its store; how a file is mended is no matter of this one. */
export type MachineStore = Omit<SqliteStore, 'tryAgain' | 'repair'>;

/** Opens `navi.db` in `folder`. Whoever listens is told of the commits of this window only. */
export function openThreadStore(folder: string, now: Clock): MachineStore {
  const db = new Connection(join(folder, 'navi.db'), () => undefined);
  migrate(db);
  const operations = createOperations({
    db,
    session: { id: randomUUID(), pid: process.pid, host: 'here' },
    now,
    awakeSince: () => 0,
    isAlive: () => true,
  });
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const calls = Object.keys(OPERATION_KINDS).map((key) => {
    const name = key as OperationName;
    return [
      name,
      async (...args: unknown[]) => {
        const result = (operations[name] as (...all: unknown[]) => unknown)(...args);
        if (OPERATION_KINDS[name] === 'write') queueMicrotask(tell);
        return result;
      },
    ] as const;
  });
  return {
    ...(Object.fromEntries(calls) as unknown as Omit<MachineStore, 'onDidChange' | 'close'>),
    onDidChange: (listener) => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
    close: async () => {
      listeners.clear();
      db.close();
    },
  };
}
