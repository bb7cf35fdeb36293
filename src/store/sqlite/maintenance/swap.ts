/** Puts a rebuilt file in the place of a damaged one, which is kept. Dying at any point leaves one of the two there. */
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sizeOf, syncFile, syncFolder } from './files.ts';

/** What SQLite keeps beside a file. */
const BESIDE = ['-wal', '-shm', '-journal'];

export interface DamagedFile {
  /** Folder that holds the damaged file and what SQLite kept beside it. */
  readonly folder: string;
  /** Milliseconds since the epoch. */
  readonly foundAt: number;
  readonly bytes: number;
}

/** Damaged files that are kept, newest first. They are the user's: NAVI never removes them. */
export function damagedFiles(file: string): DamagedFile[] {
  return namesBeside(file)
    .flatMap((name) => {
      const foundAt = timeOf(name);
      if (foundAt === undefined) return [];
      const folder = join(dirname(file), name);
      const bytes = ['', '-wal', '-journal'].reduce(
        (sum, each) => sum + sizeOf(join(folder, `navi.db${each}`)),
        0,
      );
      return [{ folder, foundAt, bytes }];
    })
    .sort((a, b) => b.foundAt - a.foundAt);
}

/** Names a damaged file by the time when it was found; no two share a folder. */
export function newStamp(file: string, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[:.]/g, '-');
  return existsSync(damagedFolder(file, stamp)) ? newStamp(file, now + 1) : stamp;
}

export function damagedFolder(file: string, stamp: string): string {
  return join(dirname(file), `damaged-${stamp}`);
}

/** Where a file is built that nobody may take for a finished one. */
export function unfinishedPath(file: string): string {
  return `${file}.rebuilding`;
}

/** From here on the swap is carried through, by whoever opens the file next. */
export function readyPath(file: string, stamp: string): string {
  return `${file}.rebuilt-${stamp}`;
}

/** The stamp of a rebuilt file that waits for its place. */
export function findReady(file: string): string | undefined {
  const start = `${basename(file)}.rebuilt-`;
  const name = namesBeside(file).find((each) => each.startsWith(start));
  return name?.slice(start.length);
}

/** What was being built, with what SQLite kept beside it. */
export function removeUnfinished(file: string): void {
  for (const suffix of ['', ...BESIDE]) rmSync(unfinishedPath(file) + suffix, { force: true });
}

export const SWAP_STEPS = ['kept', 'logAside', 'placed'] as const;
export type SwapStep = (typeof SWAP_STEPS)[number];

/**
 * The damaged file gets a second name before its first is given away. Its log goes before the new file comes: SQLite
 * would take it for the new one's. Safe to repeat. Returns the folder in which the damaged file is; undefined when there
 * was none.
 */
export function swapIn(
  file: string,
  stamp: string,
  onStep: (step: SwapStep) => void = () => undefined,
): string | undefined {
  const folder = damagedFolder(file, stamp);
  const kept = join(folder, 'navi.db');
  if (['', ...BESIDE].some((suffix) => existsSync(file + suffix))) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    keepAs(file, kept);
    syncFolder(folder);
    onStep('kept');
    for (const suffix of BESIDE) {
      if (existsSync(file + suffix)) renameSync(file + suffix, join(folder, `navi.db${suffix}`));
    }
    syncFolder(folder);
    onStep('logAside');
  }
  renameSync(readyPath(file, stamp), file);
  syncFolder(dirname(file));
  onStep('placed');
  return existsSync(kept) ? folder : undefined;
}

function keepAs(file: string, kept: string): void {
  if (!existsSync(file)) return;
  if (existsSync(kept) && statSync(kept).ino === statSync(file).ino) return;
  try {
    linkSync(file, kept);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    // Some file systems know no second names; on those an earlier attempt left a copy, which may be of an older state.
    copyFileSync(file, `${kept}.unfinished`);
    syncFile(`${kept}.unfinished`);
    renameSync(`${kept}.unfinished`, kept);
  }
}

function timeOf(name: string): number | undefined {
  const match = /^damaged-(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)-(\d{3})Z$/.exec(name);
  if (match === null) return undefined;
  const time = Date.parse(`${match[1]}:${match[2]}:${match[3]}.${match[4]}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function namesBeside(file: string): string[] {
  try {
    return readdirSync(dirname(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
}
