import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { repository } from '../vscode/paths.ts';

/** As often as the extension does. */
const POLL_MS = 200;

/** The store with the worker that is shipped. A problem of it ends the run: a figure of it would mean nothing. */
export function openBundledStore(file: string): SqliteStore {
  const script = path.join(repository, 'dist/storeWorker.cjs');
  return openSqliteStore(
    { script, file, sessionId: randomUUID(), pollMs: POLL_MS },
    {
      onDamage: () => {
        throw new Error('The store of the benchmark reports a damaged file.');
      },
      onFailure: (error) => {
        throw error;
      },
    },
  );
}
