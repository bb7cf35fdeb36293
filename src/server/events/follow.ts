import { BATCH_LIMIT } from '../../protocol/abilities.ts';
import type { ChangeCursor, ChangePage, Owner, Repository } from '../storage/repository.ts';
import type { Announcer } from './announcer.ts';

/** As many as a client may bring in one batch: it hears of them at once. */
const PAGE = BATCH_LIMIT + 1;

export interface Following {
  readonly repository: Pick<Repository, 'changes' | 'newest'>;
  readonly announcer: Pick<Announcer, 'subscribe'>;
  readonly owner: Owner;
  /** Where the reader left off; undefined: at the beginning. */
  readonly since: ChangeCursor | undefined;
  /** Looks again after so long without a word. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/**
 * The changes after a place, page by page, for as long as the reader listens: `idle` whenever nothing came for
 * `patienceMs`, `gone` as the last when the place is not in this history. Ends when the signal does.
 */
export async function* follow(following: Following): AsyncGenerator<ChangePage | 'idle' | 'gone'> {
  const { repository, announcer, owner, signal, patienceMs } = following;
  const bell = new Bell();
  const subscription = announcer.subscribe(owner, () => bell.ring());
  const stop = (): void => bell.ring();
  signal.addEventListener('abort', stop);
  try {
    let cursor = following.since;
    while (!signal.aborted) {
      const page = await repository.changes(owner, cursor, PAGE);
      if (page === 'gone') {
        yield 'gone';
        return;
      }
      if (page.changes.length > 0) yield page;
      if (page.cursor.seq > 0) cursor = page.cursor;
      if (page.hasMore || isAborted(signal)) continue;
      if (!(await bell.heard(patienceMs)) && !isAborted(signal)) yield 'idle';
    }
  } finally {
    signal.removeEventListener('abort', stop);
    subscription.dispose();
  }
}

function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Remembers that it rang while nobody waited. */
class Bell {
  #hasRung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#hasRung = true;
    this.#wake?.();
  }

  /** False when it did not ring for so long. */
  async heard(patienceMs: number): Promise<boolean> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    const hasRung = this.#hasRung;
    this.#hasRung = false;
    return hasRung;
  }
}
