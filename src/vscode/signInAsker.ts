import type { StatusSource } from '../panel/presenter.ts';
import type { Subscription } from '../store/store.ts';
import type { TrashStore } from '../store/trash.ts';

const CHORE = 'sign-in';

export interface SignInAskerOptions {
  readonly status: StatusSource;
  readonly store: Pick<TrashStore, 'claimChore' | 'releaseChore'>;
  readonly now: () => number;
  /** Of this window: a question in one that nobody looks at is seen too late, or twice. */
  readonly isFocused: () => boolean;
  readonly ask: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Asks to sign in once when the server begins to refuse the token: in one window, however many are open, and not again,
 * also not after a restart, until the token was changed, the server took one, or the user asked to sync.
 */
export class SignInAsker {
  private readonly options: SignInAskerOptions;
  private readonly subscription: Subscription;
  private wasSignedOut = false;
  private isClaimed = false;
  private answering = 0;

  constructor(options: SignInAskerOptions) {
    this.options = options;
    this.subscription = options.status.onDidChange(() => this.look());
  }

  dispose(): void {
    this.subscription.dispose();
  }

  /** The status or the focus has changed. */
  look(): void {
    const { state } = this.options.status.current;
    if (state === 'signedOut') this.claim();
    else if (this.wasSignedOut && (state === 'synced' || state === 'syncing')) this.forget();
    this.wasSignedOut ||= state === 'signedOut';
  }

  /** The token was changed, or the user asked to sync: a refusal from now on is news. */
  forget(): void {
    this.wasSignedOut = false;
    this.isClaimed = false;
    this.options.store.releaseChore(CHORE).catch(this.options.onError);
  }

  /** While the user answers, nothing is asked. */
  async during<T>(answer: () => Promise<T>): Promise<T> {
    this.answering += 1;
    try {
      return await answer();
    } finally {
      this.answering -= 1;
    }
  }

  /**
   * The user was told what the server says to a new token. That it is refused is then no news any more; nor is, when it is
   * taken, what was known of the one before.
   */
  async told(isTaken: boolean): Promise<void> {
    const { store, now, status } = this.options;
    if (isTaken && status.current.state !== 'signedOut') return;
    this.wasSignedOut = true;
    this.isClaimed = true;
    await store.claimChore(CHORE, now(), Number.MAX_SAFE_INTEGER);
  }

  private claim(): void {
    const { store, now, isFocused, ask, onError } = this.options;
    if (this.isClaimed || this.answering > 0 || !isFocused()) return;
    this.isClaimed = true;
    store
      .claimChore(CHORE, now(), Number.MAX_SAFE_INTEGER)
      .then((isOurs) => {
        if (isOurs && this.options.status.current.state === 'signedOut') ask();
      })
      .catch(onError);
  }
}
