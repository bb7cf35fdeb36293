import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave } from './interleave.ts';
import type { Memory } from './memoryProcess.ts';
import { historyFile, MILLION } from './million.ts';
import { median } from './statistics.ts';

const RUNS = { rounds: 3, warmUp: 0 };
const BAR_MB = 60;
const SCRIPT = fileURLToPath(new URL('memoryProcess.ts', import.meta.url));

/** What a history of this size costs in memory, host and worker together: above the same window on an empty file. */
export async function benchMemory({ folder, say }: BenchContext): Promise<readonly Figure[]> {
  say('the memory of a window on 1,000,000 messages');
  const large = historyFile(path.join(folder, 'memory'), MILLION);
  const highest: Record<'large' | 'empty', number[]> = { large: [], empty: [] };
  const measure = (file: string, side: 'large' | 'empty') => async () => {
    const memory = await memoryOf(file);
    highest[side].push(memory.highest);
    return memory.end;
  };
  const end = await interleave(
    RUNS,
    measure(large, 'large'),
    measure(path.join(folder, 'empty.db'), 'empty'),
  );
  const above = (value: readonly number[], reference: readonly number[]) =>
    (median(value) - median(reference)) / 1024 / 1024;
  return [
    toFigure({ id: 'store.memory', unit: 'MB', value: above(end.value, end.reference), bar: BAR_MB }),
    toFigure({
      id: 'store.memory.highest',
      unit: 'MB',
      value: above(highest.large, highest.empty),
      bar: BAR_MB,
    }),
  ];
}

async function memoryOf(file: string): Promise<Memory> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, file]);
  return JSON.parse(stdout) as Memory;
}
