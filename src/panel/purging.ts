import type { PurgeEntry, PurgeReport, TrashPreview, TrashScope, TrashStore } from '../store/trash.ts';

/** A purge waits for nobody: other windows write between two of its transactions. */
const MOST_CONVERSATIONS = 100;
const MOST_MESSAGES = 2_000;

export type OnProgress = (done: number, total: number) => void;

/** What a purge asks of the editor. */
export interface PurgeEffects {
  /** Shows what would go; true when the user wants it gone. */
  confirmPurge(preview: TrashPreview): Promise<boolean>;
  /** Runs the task where the user sees how far it is and can cancel it. */
  showPurge<T>(task: (onProgress: OnProgress, signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface PurgeOutcome {
  readonly purged: number;
  /** Left in the trash: changed after the user had seen what would go. */
  readonly changed: number;
  readonly isCancelled: boolean;
}

/** `nothing` to remove, or `kept` because the user did not want it. */
export async function purgeWhenConfirmed(
  store: TrashStore,
  scope: TrashScope,
  effects: PurgeEffects,
): Promise<PurgeOutcome | 'nothing' | 'kept'> {
  const preview = await store.trashPreview(scope);
  if (preview.entries.length === 0) return 'nothing';
  if (!(await effects.confirmPurge(preview))) return 'kept';
  return effects.showPurge((onProgress, signal) =>
    purgeInBatches(store, preview.entries, 'user', signal, onProgress),
  );
}

/** Between two batches it can be cancelled; what is gone by then stays gone. Throws `StoreError`. */
export async function purgeInBatches(
  store: Pick<TrashStore, 'purge'>,
  entries: readonly PurgeEntry[],
  by: 'user' | 'age',
  signal: AbortSignal,
  onProgress: OnProgress,
): Promise<PurgeOutcome> {
  let outcome: PurgeOutcome = { purged: 0, changed: 0, isCancelled: false };
  let done = 0;
  for (const batch of batchesOf(entries)) {
    if (signal.aborted) return { ...outcome, isCancelled: true };
    const report: PurgeReport = await store.purge(batch, by);
    outcome = {
      ...outcome,
      purged: outcome.purged + report.purged,
      changed: outcome.changed + report.changed.length,
    };
    done += batch.length;
    onProgress(done, entries.length);
  }
  return outcome;
}

/** Runs of bounded size; a conversation that is larger by itself is a batch of its own. */
export function batchesOf(entries: readonly PurgeEntry[]): PurgeEntry[][] {
  const batches: PurgeEntry[][] = [];
  let messages = 0;
  for (const entry of entries) {
    const current = batches.at(-1);
    const fits =
      current !== undefined &&
      current.length < MOST_CONVERSATIONS &&
      messages + entry.messages <= MOST_MESSAGES;
    if (fits) current.push(entry);
    else batches.push([entry]);
    messages = fits ? messages + entry.messages : entry.messages;
  }
  return batches;
}
