import type { CheckDepth, HistoryFacts } from './check/facts.ts';
import type { Maintenance, MendReport } from './maintenance.ts';
import type { Subscription } from './store.ts';
import type { TrashStore } from './trash.ts';

const FIRST_LOOK_MS = 120_000;
const LOOK_MS = 1_800_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface ChoreOptions {
  readonly store: Pick<TrashStore, 'claimChore'>;
  readonly maintenance: Pick<Maintenance, 'backUp' | 'backups' | 'check' | 'mend'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Calls back once after so many milliseconds; returns what cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void;
  /** After a backup was refused: what was damaged is marked, and mended where it can be. */
  readonly onMended: (report: MendReport) => void;
  /** What the look of the day found. */
  readonly onChecked: (facts: HistoryFacts) => void;
  readonly onFailure: (error: unknown) => void;
}

/**
 * Makes a backup a day and looks the file through, a few minutes after the start or in the course of it; of all windows
 * one does. A backup that fails or dies half-way is made up for within an hour or two.
 */
export function startChores(options: ChoreOptions): Subscription {
  const { random, after, onFailure } = options;
  let isDisposed = false;
  let cancel = after(FIRST_LOOK_MS * (1 + random()), look);

  function look(): void {
    const say = (error: unknown): void => {
      if (!isDisposed) onFailure(error);
    };
    void lookAfter(options, say).then(() => {
      if (!isDisposed) cancel = after(LOOK_MS * (1 + random()), look);
    });
  }

  return {
    dispose() {
      isDisposed = true;
      cancel();
    },
  };
}

/** Never rejects. A backup that could not be made may be the first that is heard of damage: the whole file is read then. */
async function lookAfter(options: ChoreOptions, onFailure: (error: unknown) => void): Promise<void> {
  const { store, maintenance, now, onChecked, onMended } = options;
  try {
    if (!(await store.claimChore('backup', now(), HOUR_MS))) return;
    const isRefused = await backUpWhenDue(options).then(
      () => false,
      (error: unknown) => {
        onFailure(error);
        return true;
      },
    );
    const depth: CheckDepth = isRefused ? 'whole' : 'daily';
    if (isRefused) onMended(await maintenance.mend('all'));
    if (await store.claimChore('check', now(), DAY_MS)) onChecked(await maintenance.check(depth));
  } catch (error) {
    onFailure(error);
  }
}

async function backUpWhenDue({ maintenance, now }: ChoreOptions): Promise<void> {
  const newest = (await maintenance.backups()).find(({ reason }) => reason === 'daily');
  if (newest === undefined || Math.abs(now() - newest.madeAt) >= DAY_MS) await maintenance.backUp('daily');
}
