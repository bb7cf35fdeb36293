import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { repository } from '../vscode/paths.ts';

/** As often as the extension does. */
const POLL_MS = 200;

/** The store with the worker that is shipped. When it cannot work, every call to it rejects. */
export function openBundledStore(file: string): SqliteStore {
  const script = path.join(repository, 'dist/storeWorker.cjs');
  return openSqliteStore(
    { script, file, sessionId: randomUUID(), pollMs: POLL_MS },
    {
      onRecovering: () => undefined,
      onRecovered: ({ keptAt }) =>
        console.error(`The store found its file damaged; it is kept in ${keptAt}.`),
      onDamagedMessages: (count) => console.error(`The store found ${count} message(s) damaged.`),
      onCondition: ({ trouble }) => {
        if (trouble !== undefined) console.error(trouble);
      },
      onFailure: (error) => console.error('The store failed:', error.message),
    },
  );
}
