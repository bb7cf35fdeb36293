/**
 * What the store promises about deleting: a deletion puts conversations into the trash, from where they can be restored
 * until they are purged. Purged is for good on this machine; a tombstone keeps sync and stale windows from bringing it
 * back. Durability, isolation and errors are as in store.ts.
 */

/** What is put into the trash: these, or everything that a list shows. */
export type TrashSource =
  | { readonly ids: readonly string[] }
  | { readonly status: 'active' | 'archived'; readonly starredOnly?: boolean };

/** What is brought back: these, or whatever one act put into the trash and is still there. */
export type RestoreSource = { readonly ids: readonly string[] } | { readonly actId: string };

/** These of the trash, or all of it, or what was deleted before a time (milliseconds since the epoch). */
export type TrashScope =
  { readonly ids: readonly string[] } | { readonly all: true } | { readonly deletedBefore: number };

export interface PurgeEntry {
  readonly id: string;
  readonly messages: number;
  /** Opaque: changes with whatever happens to the conversation after the preview. */
  readonly seen: string;
}

/** What a purge would remove. Empty conversations that nobody ever saw go along and are not counted. */
export interface TrashPreview {
  readonly entries: readonly PurgeEntry[];
  readonly conversations: number;
  readonly messages: number;
  /** What they say, as storage.ts counts it, and as far as it has been counted. */
  readonly bytes: number;
  /** Messages that are on no server: with a purge they are gone for good. */
  readonly unsent: number;
  /** Milliseconds since the epoch of the first and last deletion; absent when nothing would go. */
  readonly oldest?: number;
  readonly newest?: number;
}

export interface PurgeReport {
  readonly purged: number;
  /** Ids of those that were left alone: restored, or changed since the preview. */
  readonly changed: readonly string[];
}

/** What old age may take: see `untouched` and `expired`. */
export interface AgeQuery {
  /** Milliseconds since the epoch. */
  readonly before: number;
  /** Nothing is ever sent: what belongs to no account and is on no server may go too. */
  readonly isSyncOff: boolean;
}

export interface UntouchedConversation {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: number;
  readonly messageCount: number;
  /** As `ListedConversation.bytes`. */
  readonly bytes: number;
}

export interface TrashStore {
  /** Puts conversations into the trash under one act, in one transaction; returns how many were not there already. */
  trash(source: TrashSource, actId: string): Promise<number>;
  /** Brings conversations back to where they were; returns how many. Those that were purged or restored are not among them. */
  restore(source: RestoreSource): Promise<number>;
  trashPreview(scope: TrashScope): Promise<TrashPreview>;
  /**
   * Removes conversations of the trash for good, all in one transaction; call it with bounded batches. What is not as
   * it was in the preview is left alone. One whose deletion the backend has not confirmed leaves an empty row behind
   * until it has. `age`: not on the user's word; when another machine restores it, it comes back.
   */
  purge(entries: readonly PurgeEntry[], by: 'user' | 'age'): Promise<PurgeReport>;
  /**
   * Conversations whose last message or change is older than `before`, oldest first, at most 10,000. Never starred,
   * pinned, with a draft, or with messages that are not on the server.
   */
  untouched(query: AgeQuery): Promise<readonly UntouchedConversation[]>;
  /** What was deleted `before` and may be removed without asking: all of it is on the server, and so is the deletion. */
  expired(query: AgeQuery): Promise<readonly PurgeEntry[]>;
  /** True for one caller of all windows in each `everyMs` milliseconds. */
  claimChore(name: string, now: number, everyMs: number): Promise<boolean>;
  /** The next caller of `claimChore` has it at once. */
  releaseChore(name: string): Promise<void>;
}
