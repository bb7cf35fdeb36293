/**
 * Loaded before everything else in a child (`node --import`), in each of its threads: kills the process before or after
 * the n-th call to SQLite or to the file system that matches. The code under test knows nothing of it.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import { statementsOf } from '../statements.ts';
import { CRASH_VARIABLE, type Crash } from './crash.ts';

type Method = (...args: unknown[]) => unknown;

const FILE_CALLS = [
  'chmodSync',
  'copyFileSync',
  'fsyncSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'unlinkSync',
  'writeFileSync',
] as const;

const crash = JSON.parse(process.env[CRASH_VARIABLE] ?? 'null') as Crash | null;
if (crash !== null) plant(crash);

function plant({ match, when, nth }: Crash): void {
  const pattern = new RegExp(match, 'i');
  const count = sharedCount();

  function around<T>(step: string, call: () => T): T {
    if (!pattern.test(step)) return call();
    const seen = Atomics.add(count, 0, 1) + 1;
    if (seen === nth && when === 'before') die();
    const value = call();
    if (seen === nth) die();
    return value;
  }

  const statement = StatementSync.prototype as unknown as Record<string, Method>;
  for (const name of ['run', 'all', 'get']) {
    const original = statement[name] as Method;
    statement[name] = function (this: StatementSync, ...args) {
      return around(this.sourceSQL, () => original.apply(this, args));
    };
  }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on the connection it is asked for
  const exec = DatabaseSync.prototype.exec;
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    for (const part of statementsOf(sql)) around(part, () => exec.call(this, part));
  };
  const files = fs as unknown as Record<string, Method>;
  for (const name of FILE_CALLS) {
    const original = files[name] as Method;
    files[name] = (...args) => around(`file:${name} ${String(args[0])}`, () => original(...args));
  }
  syncBuiltinESMExports();
}

/** One number for all threads of the process. */
function sharedCount(): Int32Array {
  if (isMainThread) setEnvironmentData(CRASH_VARIABLE, new SharedArrayBuffer(4));
  return new Int32Array(getEnvironmentData(CRASH_VARIABLE) as unknown as SharedArrayBuffer);
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
