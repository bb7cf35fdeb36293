import type { Lease } from '../store/outbox.ts';
import { StoreError, type ConversationStore, type Subscription } from '../store/store.ts';
import type { WatchStore } from '../store/watching.ts';
import { coalesced } from './coalesced.ts';
import type { SyncEvent, SyncState } from './state.ts';
import type { SyncObserver } from './observer.ts';

/** The longest that a user's word waits for a window that carries it out, and for its end. */
export const ASK_LIFE_MS = 45_000;

export interface AskingOptions {
  readonly store: Pick<WatchStore, 'askSync' | 'readAsked' | 'answerSync'> &
    Pick<ConversationStore, 'onDidChange'>;
  readonly time: { now(): number; after(ms: number, callback: () => void): () => void };
  /** Of this window's engine. */
  readonly syncNow: () => void;
  readonly onError: (error: unknown) => void;
}

/** `silent`: no window answered in time. */
export type Asked = 'reached' | 'failed' | 'silent';

/** "Sync Now" in any window is done by the one that syncs, which says in the store what came of it. */
export class Asking implements SyncObserver {
  private readonly options: AskingOptions;
  private readonly subscription: Subscription;
  private lease: Lease | undefined;
  private isLeader = false;
  /** What this window carries out now. */
  private wish: { readonly askedAt: number; hasPulled: boolean } | undefined;
  private readonly readSoon: () => void;
  private readonly waiting = new Set<() => void>();

  constructor(options: AskingOptions) {
    this.options = options;
    this.readSoon = coalesced(() => this.readWish(), options.onError);
    this.subscription = options.store.onDidChange(() => this.look());
  }

  dispose(): void {
    this.subscription.dispose();
    for (const wake of this.waiting) wake();
  }

  /** Resolves when what was due is sent and the server was looked at, or when that cannot be done now. */
  async ask(): Promise<Asked> {
    const { store, time } = this.options;
    const askedAt = time.now();
    await store.askSync(askedAt);
    const over = new AbortController();
    const cancel = time.after(ASK_LIFE_MS, () => {
      over.abort();
      for (const wake of this.waiting) wake();
    });
    try {
      for (;;) {
        const news = this.news();
        const { answer } = await store.readAsked();
        if (answer !== undefined && answer.askedAt >= askedAt) return answer.isReached ? 'reached' : 'failed';
        if (over.signal.aborted) return 'silent';
        await news;
      }
    } finally {
      cancel();
    }
  }

  readonly stepped = (event: SyncEvent, state: SyncState): void => {
    const wasLeader = this.isLeader;
    this.isLeader = state.isLeader && state.account !== undefined;
    if (!this.isLeader) this.wish = undefined;
    else if (!wasLeader) this.look();
    const { wish } = this;
    if (wish === undefined) return;
    if (event.type === 'pulled') wish.hasPulled = true;
    if (!wish.hasPulled) return;
    if (state.link.kind !== 'up') this.answer(wish.askedAt, false);
    else if (event.type === 'found' && event.items.length === 0 && isAtRest(state))
      this.answer(wish.askedAt, true);
  };

  readonly leading = (lease: Lease): Promise<void> => {
    this.lease = lease;
    return Promise.resolve();
  };

  private news(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        resolve();
      };
      this.waiting.add(wake);
    });
  }

  private look(): void {
    for (const wake of [...this.waiting]) wake();
    if (this.isLeader) this.readSoon();
  }

  private async readWish(): Promise<void> {
    const { store, time, syncNow } = this.options;
    const { askedAt, answer } = await store.readAsked();
    if (askedAt === undefined || askedAt === this.wish?.askedAt || !this.isLeader) return;
    const isAnswered = answer !== undefined && answer.askedAt >= askedAt;
    if (isAnswered || Math.abs(time.now() - askedAt) > ASK_LIFE_MS) return;
    this.wish = { askedAt, hasPulled: false };
    syncNow();
  }

  private answer(askedAt: number, isReached: boolean): void {
    this.wish = undefined;
    if (this.lease === undefined) return;
    this.options.store.answerSync(this.lease, { askedAt, isReached }).catch((error: unknown) => {
      // Then another window syncs, and answers.
      if (!(error instanceof StoreError && error.problem === 'fenced')) this.options.onError(error);
    });
  }
}

function isAtRest({ busy, looking }: SyncState): boolean {
  return busy.size === 0 && looking === 'no';
}
