import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isBusy } from '../trouble.ts';

const TURN_MS = 5_000;

/** An empty database that stays: only whether it is locked means anything. */
export function recoveryLockPath(file: string): string {
  return `${file}.recovery`;
}

/**
 * One process, and one thread of it, at a time: two windows that find the damage at once must not move each other's new
 * file away. It is SQLite's own lock, which the system takes back the moment its holder is gone, and never while
 * a stopped one may go on (decision 0039). Blocks until it is free; throws node:sqlite's error when the folder cannot be written.
 */
export function withRecoveryLock<T>(file: string, body: () => T): T {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(recoveryLockPath(file), { timeout: TURN_MS });
  try {
    while (!tryLock(lock)) continue;
    return body();
  } finally {
    lock.close();
  }
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    // Nothing is ever written, so there is nothing to keep a journal of on the disk.
    lock.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (!isBusy(error)) throw error;
    return false;
  }
}
