import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { threadId } from 'node:worker_threads';
import type { BackupFile, BackupReason } from '../../maintenance.ts';
import { StoreError } from '../../store.ts';
import { backupName, expendable, parseBackupName } from './backupNames.ts';
import { freeBytes, sizeOf, syncFile, syncFolder } from './files.ts';
import { verifyCopy } from './verify.ts';

const UNFINISHED = '.unfinished';
const UNFINISHED_LIFE_MS = 3_600_000;
const SMALLEST_BUDGET_BYTES = 200 * 1024 * 1024;
const BUSY_TIMEOUT_MS = 5_000;

export const BACKUP_STEPS = ['begun', 'copied', 'synced', 'verified', 'renamed', 'kept', 'pruned'] as const;
export type BackupStep = (typeof BACKUP_STEPS)[number];

export interface BackupOptions {
  readonly file: string;
  readonly reason: BackupReason;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Told after each step; what it throws ends the backup there. */
  readonly onStep?: (step: BackupStep) => void;
}

export function backupFolder(file: string): string {
  return join(dirname(file), 'backups');
}

/** Finished backups, newest first. */
export function findBackups(file: string): BackupFile[] {
  const folder = backupFolder(file);
  return namesIn(folder)
    .flatMap((name) => parseBackupName(name) ?? [])
    .map((backup) => ({ ...backup, bytes: sizeOf(join(folder, backup.name)) }))
    .sort((a, b) => b.madeAt - a.madeAt);
}

/**
 * Copies the file as it is at one moment. Until the copy has been verified and is on the disk it bears no backup's
 * name, and until it does none of the others is removed. Only a daily one is refused for damaged messages: the others
 * are made before something is done about them. Writers wait no longer than for any other reader. Undefined
 * when there is nothing to copy. Throws `StoreError('unavailable')`.
 */
export function makeBackup(options: BackupOptions): BackupFile | undefined {
  const { file, reason, now, onStep = () => undefined } = options;
  if (sizeOf(file) === 0) return undefined;
  const folder = backupFolder(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeUnfinished(folder, now);
  requireRoom(file, folder);
  const name = backupName(reason, now);
  const unfinished = join(folder, `${name}-${process.pid}.${threadId}${UNFINISHED}`);
  rmSync(unfinished, { force: true });
  try {
    onStep('begun');
    copyTo(file, unfinished);
    onStep('copied');
    chmodSync(unfinished, 0o600);
    syncFile(unfinished);
    onStep('synced');
    verifyCopy(unfinished, sizeOf(unfinished), reason !== 'daily');
    onStep('verified');
    renameSync(unfinished, join(folder, name));
    onStep('renamed');
    syncFolder(folder);
    onStep('kept');
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
  prune(file);
  onStep('pruned');
  return { name, reason, madeAt: now, bytes: sizeOf(join(folder, name)) };
}

/** VACUUM INTO reads one state of the file however much is written meanwhile; `backup()` would begin again each time. */
function copyTo(file: string, target: string): void {
  const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    db.prepare('VACUUM INTO ?').run(target);
  } finally {
    db.close();
  }
}

function requireRoom(file: string, folder: string): void {
  const needed = sizeOf(file) + sizeOf(`${file}-wal`);
  if (needed <= freeBytes(folder) / 2) return;
  const megabytes = Math.ceil((2 * needed) / 1_000_000);
  throw new StoreError(
    'unavailable',
    `No backup was made: it would take more than half of what is free on the disk. Nothing was changed. Free ${megabytes} MB.`,
  );
}

function prune(file: string): void {
  const folder = backupFolder(file);
  const backups = findBackups(file);
  const held = backups.reduce((sum, { bytes }) => sum + bytes, 0);
  const budget = Math.min(Math.max(SMALLEST_BUDGET_BYTES, 2 * sizeOf(file)), (freeBytes(folder) + held) / 2);
  for (const { name } of expendable(backups, budget)) rmSync(join(folder, name), { force: true });
}

/** What a process that died left behind; that of one that is still at work is younger. */
function removeUnfinished(folder: string, now: number): void {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (name.includes(UNFINISHED) && now - statSync(path).mtimeMs > UNFINISHED_LIFE_MS)
      rmSync(path, { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
