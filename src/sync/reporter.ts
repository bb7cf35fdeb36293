import type { SyncSnapshot } from '../protocol/panel.ts';
import type { AccountKey, SyncStore } from '../store/outbox.ts';
import type { ConversationStore, Subscription } from '../store/store.ts';
import { statusOf } from './status.ts';

const STARTING: SyncSnapshot = {
  state: 'starting',
  queued: 0,
  parked: 0,
  detail: 'Opening the conversations.',
};

/** Keeps the sync status of this window current: read after each commit of any window, told when it differs. */
export class StatusReporter {
  private readonly store: SyncStore & Pick<ConversationStore, 'onDidChange'>;
  private readonly onError: (error: unknown) => void;
  private readonly listeners = new Set<(status: SyncSnapshot) => void>();
  private readonly subscription: Subscription;
  private account: AccountKey | undefined;
  private reading: 'no' | 'yes' | 'again' = 'no';
  current: SyncSnapshot = STARTING;

  constructor(store: SyncStore & Pick<ConversationStore, 'onDidChange'>, onError: (error: unknown) => void) {
    this.store = store;
    this.onError = onError;
    this.subscription = store.onDidChange(() => this.refresh());
  }

  /** Undefined: sync is off. */
  setAccount(account: AccountKey | undefined): void {
    this.account = account;
    this.refresh();
  }

  onDidChange(listener: (status: SyncSnapshot) => void): Subscription {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  dispose(): void {
    this.subscription.dispose();
    this.listeners.clear();
  }

  private refresh(): void {
    if (this.reading !== 'no') {
      this.reading = 'again';
      return;
    }
    this.reading = 'yes';
    this.read().catch(this.onError);
  }

  private async read(): Promise<void> {
    try {
      const { account } = this;
      const status = statusOf(
        account !== undefined,
        await this.store.readLinkStatus(),
        await this.store.summary(account),
      );
      if (JSON.stringify(status) !== JSON.stringify(this.current)) {
        this.current = status;
        for (const listener of this.listeners) listener(status);
      }
    } finally {
      const isStale = (this.reading as string) === 'again';
      this.reading = 'no';
      if (isStale) this.refresh();
    }
  }
}
