import { readdirSync, statSync, type Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileFact, FileFacts } from '../../check/facts.ts';
import type { BackupInfo } from '../../maintenance.ts';
import { placeOf } from '../place.ts';
import { backupFolder } from './backup.ts';
import { freeBytes } from './files.ts';
import { recoveryLockPath } from './recoveryLock.ts';

const DAMAGED = /^damaged-[\w-]+$/;
/** What takes the place of a damaged file once it is whole. */
const MAKING = /^navi\.db\.rebuil(?:ding|t-)/;

/** What lies in NAVI's own folder. Names that are not NAVI's are counted and not repeated. */
export function factsOfFiles(file: string, backups: readonly BackupInfo[]): FileFacts {
  const folder = dirname(file);
  const entries = entriesIn(folder);
  const own = entries.filter((entry) => entry.isFile() && /^navi\.db(?:-\w+)?$/.test(entry.name));
  const damaged = entries.filter((entry) => entry.isDirectory() && DAMAGED.test(entry.name));
  const making = entries.filter(({ name }) => MAKING.test(name));
  const locks = entries.filter(({ name }) => join(folder, name) === recoveryLockPath(file));
  const known = own.length + damaged.length + making.length + locks.length;
  const place = placeOf(folder);
  return {
    own: [
      ...own.map(({ name }) => factOf(folder, name)),
      ...backups.map(({ name }) => factOf(folder, join('backups', name))),
    ].filter((fact) => fact !== undefined),
    backups,
    damaged: damaged.map(({ name }) => ({ name, bytes: bytesIn(join(folder, name)) })),
    isRecovering: making.length > 0,
    others: entries.filter(({ name }) => join(folder, name) !== backupFolder(file)).length - known,
    ...freeIn(folder),
    ...(place === undefined ? {} : { sharedPlace: place }),
  };
}

function freeIn(folder: string): Pick<FileFacts, 'freeBytes'> {
  try {
    return { freeBytes: freeBytes(folder) };
  } catch (error) {
    // Not there yet, or a sandbox that refuses the call.
    if (error instanceof Error && 'code' in error) return {};
    throw error;
  }
}

/** Undefined for a file that went away meanwhile. */
function factOf(folder: string, name: string): FileFact | undefined {
  const found = statSync(join(folder, name), { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return {
    name: name.replaceAll('\\', '/'),
    bytes: found.size,
    ...(process.platform === 'win32' ? {} : { mode: (found.mode & 0o777).toString(8) }),
    modifiedAt: found.mtimeMs,
  };
}

function bytesIn(folder: string): number {
  return entriesIn(folder)
    .filter((entry) => entry.isFile())
    .reduce((sum, { name }) => sum + (factOf(folder, name)?.bytes ?? 0), 0);
}

function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
