/**
 * A process that lives as a host does until it is killed, or told to leave (SIGTERM). Says what it asks of its store and
 * what it is told was done, each before it goes on. Usage: node writer.ts SETTINGS-AS-JSON
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type { OperationName, Operations } from '../../../src/store/sqlite/operations.ts';
import { openMaintenance } from '../../../src/store/sqlite/maintenance/host.ts';
import { StoreError } from '../../../src/store/store.ts';
import { openWindow } from '../stores.ts';
import type { Deed, Entry, WriterSettings } from './deed.ts';
import { Life, type Host } from './life.ts';
import { Random } from './random.ts';
import { StallWatch } from './stallWatch.ts';

const POLL_MS = 200;

const settings = JSON.parse(process.argv[2] ?? '') as WriterSettings;
const random = new Random(settings.seed);
const { store } = openWindow(settings.folder, undefined, POLL_MS, settings.script);
const calls: Readonly<Record<string, unknown>> = { ...store };
const maintenance = openMaintenance({ script: settings.script, file: join(settings.folder, 'navi.db') });
let [deeds, longestMs, isLeaving] = [0, 0, false];
process.once('SIGTERM', () => {
  isLeaving = true;
});

/** In the pipe when this returns: what is asked for must be known before it can take effect. */
function say(entry: Entry): void {
  let left = Buffer.from(`${JSON.stringify(entry)}\n`);
  while (left.length > 0) left = left.subarray(write(left));
}

function write(bytes: Buffer): number {
  try {
    return writeSync(1, bytes);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    return 0;
  }
}

async function act<K extends OperationName>(
  name: K,
  ...args: Parameters<Operations[K]>
): Promise<Awaited<ReturnType<Operations[K]>>> {
  const call = calls[name] as (
    ...given: Parameters<Operations[K]>
  ) => Promise<Awaited<ReturnType<Operations[K]>>>;
  say({ says: 'asks', deed: { name, args } as Deed });
  for (;;) {
    const begun = performance.now();
    try {
      const value = await call(...args);
      longestMs = Math.max(longestMs, performance.now() - begun);
      deeds += 1;
      const token = name === 'takeLease' ? (value as { token: number } | undefined)?.token : undefined;
      say({ says: 'done', ...(token === undefined ? {} : { token }) });
      return value;
    } catch (error) {
      if (!(error instanceof StoreError) || error.problem !== 'busy') throw error;
      say({ says: 'busy' });
    }
  }
}

const host: Host = { act, backUp: () => maintenance.backUp('daily') };
try {
  const life = new Life(host, random, settings.shared);
  await life.begin();
  // What loading and compiling takes is not what is asked here.
  const stallWatch = new StallWatch();
  for (let n = 0; !isLeaving && n < (settings.limit ?? Infinity); n += 1)
    await life.do(random.pick(settings.chores));
  await maintenance.close();
  await store.close();
  say({ says: 'left', report: { deeds, stall: stallWatch.end(), longestMs } });
} catch (error) {
  say({
    says: 'broken',
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  });
  process.exit(1);
}
