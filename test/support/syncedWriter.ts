/**
 * A process that saves messages and says so, each at once in a write of its own, for somebody who watches its system
 * calls. Usage: node syncedWriter.ts FOLDER MESSAGES [SYNCHRONOUS], the last to see what another setting would do.
 */
import { writeSync } from 'node:fs';
import { v7 as uuidv7 } from 'uuid';
import { DirectStore } from './directStore.ts';
import { openWindow } from './stores.ts';

const [folder = '', messages = '', synchronous] = process.argv.slice(2);
const conversationId = uuidv7();

if (synchronous === undefined) await behindWorker();
else inThisThread(synchronous);

/** As a host does. */
async function behindWorker(): Promise<void> {
  const { store } = openWindow(folder);
  await store.create({ id: conversationId });
  for (let n = 0; n < Number(messages); n += 1) {
    await store.append(message(n));
    acknowledge(n);
  }
  await store.close();
}

function inThisThread(setting: string): void {
  const { db, store } = new DirectStore(
    folder,
    { now: 1, dead: new Set() },
    { id: 'window', pid: process.pid },
  );
  db.exec(`PRAGMA synchronous=${setting}`);
  store.create({ id: conversationId });
  for (let n = 0; n < Number(messages); n += 1) {
    store.append(message(n));
    acknowledge(n);
  }
  db.close();
}

function message(n: number) {
  return { id: uuidv7(), conversationId, role: 'user', content: `prompt ${n}` } as const;
}

function acknowledge(n: number): void {
  writeSync(1, `saved ${n}\n`);
}
