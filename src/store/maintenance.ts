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

/** What a backup has that is not here, or is damaged here. */
export interface RestorePreview {
  /** Conversations of which nothing is here. */
  readonly conversations: number;
  /** Messages that are not here, those of these conversations among them. */
  readonly messages: number;
  /** Messages that are damaged here and sound there. */
  readonly mended: number;
  /** Messages that are damaged there and not here; they are left out. */
  readonly damaged: number;
  /** Messages of conversations that were deleted for good; they are left out. */
  readonly purged: number;
}

export interface RestoreReport extends RestorePreview {
  /** Those that were not here before. */
  readonly conversationIds: readonly string[];
}

export interface MendReport {
  readonly mended: number;
  /** Damaged messages of which no backup has a sound copy. */
  readonly left: number;
  readonly isIndexRebuilt: boolean;
  /** Identity of the file when its structure is damaged: it has to be rebuilt, see `repair` of the store. */
  readonly damagedFile?: string;
}

export type Progress = (done: number, total: number) => void;

export interface Maintenance {
  /** Undefined when there is nothing to copy yet. */
  backUp(reason: BackupReason, signal?: AbortSignal): Promise<BackupFile | undefined>;
  /** Newest first. */
  backups(): Promise<readonly BackupInfo[]>;
  /** What `restore` would do now; changes nothing. */
  previewRestore(name: string, onProgress?: Progress, signal?: AbortSignal): Promise<RestorePreview>;
  /** Brings back what a backup has and this file lacks or has damaged; makes a backup of this file before. */
  restore(name: string, onProgress?: Progress, signal?: AbortSignal): Promise<RestoreReport>;
  /** Marks damaged messages (`all`) and mends those that are marked, from backups. */
  mend(depth: 'noted' | 'all', signal?: AbortSignal): Promise<MendReport>;
  /** Looks the file through and changes nothing. */
  check(depth: CheckDepth, onProgress?: Progress, signal?: AbortSignal): Promise<HistoryFacts>;
}
