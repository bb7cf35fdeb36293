/**
 * Appends to a database in this process, where one transaction runs at a time: those that wait share the next one, and
 * with it one write to the disk. Each is answered after the commit.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { appendIn, type Append, type Appended } from './messages.ts';
import { type Absent, type NewMessage, type Owner, StorageUnavailableError } from './repository.ts';
import type { Storage } from './storage.ts';

/** A group holds the file, and this process, for some milliseconds at most. */
const MESSAGES_A_GROUP = 500;

interface Waiting {
  readonly owner: Owner;
  readonly id: string;
  readonly messages: readonly NewMessage[];
  readonly resolve: (appended: Appended | Absent) => void;
  readonly reject: (error: unknown) => void;
}

export function groupedAppend(storage: Storage): Append {
  const waiting: Waiting[] = [];
  let isRunning = false;

  const run = async (): Promise<void> => {
    isRunning = true;
    // All requests that have arrived by now are read before the first of them holds up the others.
    await nextTurn();
    while (waiting.length > 0) await appendGroup(storage, takeGroup(waiting));
    isRunning = false;
  };

  return async (owner, id, messages) =>
    await new Promise((resolve, reject) => {
      waiting.push({ owner, id, messages, resolve, reject });
      if (!isRunning) void run();
    });
}

function takeGroup(waiting: Waiting[]): Waiting[] {
  let [count, messages] = [0, 0];
  for (const one of waiting) {
    messages += one.messages.length;
    if (count > 0 && messages > MESSAGES_A_GROUP) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

/** Never rejects: each hears of its own outcome. */
async function appendGroup(storage: Storage, group: readonly Waiting[]): Promise<void> {
  try {
    const outcomes = await storage.db.transaction().execute(async (trx) => {
      const appended: (Appended | Absent)[] = [];
      for (const { owner, id, messages } of group)
        appended.push(await appendIn(trx, storage, owner, id, messages));
      return appended;
    });
    for (const [index, outcome] of outcomes.entries()) group[index]?.resolve(outcome);
  } catch (error) {
    // Nothing was changed. One of a group must not fail for another's sake; but a file that nobody can write fails all.
    if (group.length === 1 || error instanceof StorageUnavailableError)
      for (const { reject } of group) reject(error);
    else for (const one of group) await appendGroup(storage, [one]);
  }
}
