/**
 * What looks after the conversation file, beside the work of every day: copies of it, looking through it, and mending.
 * Everything here runs off the threads that save messages and takes an `AbortSignal`; what is cancelled changes nothing
 * that is not whole. Rejects with `StoreError`, or with the signal's reason.
 */
import type { CheckDepth, HistoryFacts } from './check/facts.ts';

/** `daily` by itself, `migration` before a new format, `restore` before a restore or a repair. */
export type BackupReason = 'daily' | 'migration' | 'restore';

export interface BackupFile {
  /** File name in the folder of backups. */
  readonly name: string;
  readonly reason: BackupReason;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  readonly bytes: number;
}

/** Every file that bears a backup's name was verified before it got it. */
export interface BackupInfo extends BackupFile {
  readonly conversations: number;
  readonly messages: number;
  /** It could be opened and counted just now. */
  readonly isReadable: boolean;
}

export type Progress = (done: number, total: number) => void;

export interface Maintenance {
  /** Undefined when there is nothing to copy yet. */
  backUp(reason: BackupReason, signal?: AbortSignal): Promise<BackupFile | undefined>;
  /** Newest first. */
  backups(): Promise<readonly BackupInfo[]>;
  /** Looks the file through and changes nothing. */
  check(depth: CheckDepth, onProgress?: Progress, signal?: AbortSignal): Promise<HistoryFacts>;
}
