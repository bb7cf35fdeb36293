import type { SyncSnapshot } from '../protocol/panel.ts';
import type { AccountKey, SyncStore } from '../store/outbox.ts';
import type { ConversationStore, Subscription } from '../store/store.ts';
import { coalesced } from './coalesced.ts';
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
  private readonly refresh: () => void;
  private readonly listeners = new Set<(status: SyncSnapshot) => void>();
  private readonly subscription: Subscription;
  private account: AccountKey | undefined;
  current: SyncSnapshot = STARTING;

  constructor(store: SyncStore & Pick<ConversationStore, 'onDidChange'>, onError: (error: unknown) => void) {
    this.store = store;
    this.refresh = coalesced(() => this.read(), onError);
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

  private async read(): Promise<void> {
    const { account } = this;
    const status = statusOf(
      account !== undefined,
      await this.store.readLinkStatus(),
      await this.store.summary(account),
    );
    if (JSON.stringify(status) === JSON.stringify(this.current)) return;
    this.current = status;
    for (const listener of this.listeners) listener(status);
  }
}
