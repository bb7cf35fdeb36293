/**
 * What looking through the conversation file found, as it crosses from the thread that looked. Holds numbers, ids, times
 * and names of NAVI's own files; never a title, a word of a conversation, or a place of the user's.
 */

/** `daily` leaves out what reads every page: the structure, and each message against its hash. */
export type CheckDepth = 'whole' | 'daily';

export interface HistoryFacts {
  readonly depth: CheckDepth;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly files: FileFacts;
  readonly sqliteVersion: string;
  /** False: a write-ahead log is not safe with this SQLite, and none is kept. */
  readonly hasWalFix: boolean;
  /** Absent when the file could not be opened. */
  readonly content?: ContentFacts;
  /** Why the file, or a part of it, could not be read; in words. */
  readonly unreadable: readonly string[];
}

export interface FileFact {
  /** Path below NAVI's own folder. */
  readonly name: string;
  readonly bytes: number;
  /** Permissions in octal, e.g. `600`; absent where the system has none. */
  readonly mode?: string;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}

export interface BackupFact {
  readonly name: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  readonly bytes: number;
  readonly conversations: number;
  readonly messages: number;
  readonly isReadable: boolean;
}

export interface FileFacts {
  /** The file with its log, and whatever else of NAVI's lies beside it. */
  readonly own: readonly FileFact[];
  /** Newest first. */
  readonly backups: readonly BackupFact[];
  /** Folders to which damaged files were moved. */
  readonly damaged: readonly { readonly name: string; readonly bytes: number }[];
  /** A window is just then putting a damaged file together again, or died while it did. */
  readonly isRecovering: boolean;
  /** Files that are not NAVI's. */
  readonly others: number;
  /** Absent where the system does not say. */
  readonly freeBytes?: number;
  /** The shared file system that the folder lies on. */
  readonly sharedPlace?: string;
}

export interface ContentFacts {
  readonly schemaVersion: number;
  readonly journalMode: string;
  /** Rows of each table, the index's own tables left out. */
  readonly rows: Readonly<Record<string, number>>;
  readonly conversations: Readonly<Record<string, number>>;
  readonly openMessages: readonly OpenMessages[];
  readonly messages: MessageFacts;
  /** What `integrity_check` says of each table that is not sound; only of a whole check. */
  readonly structure?: readonly { readonly table: string; readonly words: string }[];
  readonly orphans: readonly Orphans[];
  readonly drift: DriftFacts;
  readonly index: IndexFacts;
  readonly queue: QueueFacts;
}

/** Replies that are still being written, by the window that writes them. */
export interface OpenMessages {
  /** The beginning of the window's id. */
  readonly owner: string;
  readonly count: number;
  readonly isAlive: boolean;
  /** Milliseconds since the epoch. */
  readonly beatAt?: number;
}

export interface MessageFacts {
  /** When the check began. */
  readonly total: number;
  readonly byRole: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Compared with the hash that they were saved with; 0 unless the check was a whole one. */
  readonly checked: number;
  readonly sound: number;
  /** Still being written: there is no hash yet. */
  readonly open: number;
  readonly damaged: number;
  /** Ids of damaged messages, the first of them. */
  readonly damagedIds: readonly string[];
  /** Places of the table that cannot be read. */
  readonly unreadable: number;
  /** Seen on the memory server, and when the newest of them was written. */
  readonly confirmed: number;
  readonly newestConfirmedAt?: number;
  /** Written while the check ran; not looked at. */
  readonly since: number;
}

/** Rows whose owner is not there. */
export interface Orphans {
  readonly table: string;
  readonly parent: string;
  readonly count: number;
}

/** Derived numbers that are not what they are derived from. All can be put right from what is there. */
export interface DriftFacts {
  /** Conversations whose number of messages is wrong. */
  readonly counts: number;
  /** Conversations whose clock is behind one of their messages. */
  readonly clocks: number;
  /** Rows of the outbox whose message is not there, is in another conversation, or has another number. */
  readonly outbox: number;
}

export interface IndexFacts {
  readonly isThere: boolean;
  /** False: damage inside it keeps it from being read. */
  readonly isReadable: boolean;
  /** Made by this version of NAVI. */
  readonly isCurrent: boolean;
  /** Messages and titles that are to be indexed yet. */
  readonly pending: number;
  /** Entries without a message or conversation. */
  readonly stale: number;
  /** Messages whose words were looked up in the index, and those of them that were not found. */
  readonly sampled: number;
  readonly missed: number;
}

export interface QueueFacts {
  readonly rows: readonly {
    readonly kind: string;
    readonly state: string;
    readonly count: number;
    /** Milliseconds since the epoch: when the oldest of them was written or changed. */
    readonly oldestAt: number;
  }[];
  readonly parkedReasons: readonly { readonly reason: string; readonly count: number }[];
  readonly accounts: number;
  readonly lease?: {
    readonly holder: string;
    readonly token: number;
    readonly pid: number;
    readonly isHere: boolean;
    readonly isAlive: boolean;
    readonly expiresAt: number;
  };
  readonly link: { readonly link: string; readonly detail: string };
}

/** True for the tables of the search index, which can be made anew from the conversations. */
export function isOfIndex(table: string): boolean {
  return ['search', 'search_titles', 'search_places'].includes(table);
}
