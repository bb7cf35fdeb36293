import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempFolder {
  readonly path: string;
  dispose(): void;
}

/** A folder of its own for one test; removed with `dispose`. */
export function tempFolder(): TempFolder {
  return folderIn(tmpdir());
}

/** The same in memory, where there is such a place: for tests that do not ask whether a disk has what it was given. */
export function memoryFolder(): TempFolder {
  const memory = '/dev/shm';
  return folderIn(existsSync(memory) ? memory : tmpdir());
}

function folderIn(parent: string): TempFolder {
  const path = mkdtempSync(join(parent, 'navi-test-'));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}
