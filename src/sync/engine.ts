import type { AccountKey, Lease, LinkStatus, OutboxItem, SyncStore } from '../store/outbox.ts';
import type { ConversationStore } from '../store/store.ts';
import { StoreError } from '../store/store.ts';
import { Announcement } from './announcement.ts';
import type { RequestOutcome } from './failure.ts';
import { followFeed } from './follow.ts';
import { step } from './machine.ts';
import type { SyncObserver } from './observer.ts';
import { pullAll } from './pull.ts';
import { pushItem } from './push.ts';
import type { PushContext } from './pushContext.ts';
import type { Remote } from './remote.ts';
import { initialState, type SyncEffect, type SyncEvent, type SyncState } from './state.ts';
import { mayGoOn } from './times.ts';
import { Told } from './told.ts';

/** Time as the engine sees it; turned by hand in tests. */
export interface Timekeeper {
  now(): number;
  /** Calls back once, `ms` from now; the result cancels. */
  after(ms: number, callback: () => void): () => void;
}

export interface SyncSession {
  readonly account: AccountKey;
  readonly remote: Remote;
}

export interface SyncOptions {
  readonly store: SyncStore & Pick<ConversationStore, 'onDidChange'>;
  readonly time: Timekeeper;
  readonly random: () => number;
  readonly log: {
    info(text: string): void;
    warn(text: string): void;
    error(text: string, error: unknown): void;
  };
  readonly requestLifeMs?: number;
  readonly observers?: readonly SyncObserver[];
  /** Says something else when this machine is in another network. */
  readonly network?: () => string;
}

const LEASE_MS = 30_000;
const LEASE_EVERY_MS = 3_000;
/** Longer than the client's deadline for a request plus what a slow server needs to finish it. */
const REQUEST_LIFE_MS = 60_000;
const LONGEST_TIMER_MS = 60 * 60_000;

/** Carries out what the machine decides. One engine a window; the one with the lease works, the others stand by. */
export class SyncEngine {
  private readonly options: SyncOptions;
  private state: SyncState = initialState;
  private session: SyncSession | undefined;
  private announcement: Announcement | undefined;
  private told = new Told();
  private lease: Lease | undefined;
  private requests = new AbortController();
  private cancelWake: (() => void) | undefined;
  private cancelLease: (() => void) | undefined;
  private readonly subscription: { dispose(): void };
  private readonly running = new Set<Promise<void>>();
  /** Streams of events: nobody waits for them to end. */
  private readonly streams = new Set<Promise<void>>();
  private isStopped = false;
  /** In this session, to its end. */
  private hasPulled = false;
  private lastWords = '';
  private network: string | undefined;
  /** What could not be reported yet. */
  private untold: LinkStatus | undefined;

  constructor(options: SyncOptions) {
    this.options = options;
    this.network = options.network?.();
    this.subscription = options.store.onDidChange(() => this.handle({ type: 'changed' }));
    this.keepLease();
  }

  /** Starts over with this account, or stops syncing when there is none. Requests under way end as `unknown`. */
  configure(session: SyncSession | undefined): void {
    this.session = session;
    this.hasPulled = false;
    this.announcement = session && new Announcement(session.remote);
    this.told = new Told();
    this.handle({ type: 'configured', account: session?.account });
  }

  /** Ends every wait and looks at once. */
  syncNow(): void {
    this.handle({ type: 'syncNow' });
  }

  /** The network is another one, or the user came back: a backend that was away is asked soon. */
  networkChanged(): void {
    this.handle({ type: 'networkChanged' });
  }

  /** What the backend announced beyond the plain contract; undefined while this window has not asked it. */
  get abilities(): readonly string[] | undefined {
    return this.announcement?.isKnown === true ? [...this.announcement.current.abilities] : undefined;
  }

  /** Resolves when no request and no look into the store is under way. */
  async whenIdle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  /** Ends requests, gives the lease to the next window and waits until nothing runs. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.subscription.dispose();
    this.cancelWake?.();
    this.cancelLease?.();
    this.requests.abort();
    await Promise.all([...this.running, ...this.streams]);
    if (this.lease !== undefined) this.tellLeading(this.lease, true);
    await Promise.all(this.running);
    try {
      if (this.lease !== undefined) await this.options.store.releaseLease(this.lease);
    } catch (error) {
      // It expires by itself; what is closed after this engine must still be closed.
      this.options.log.error('Sync could not give its lease back.', error);
    }
  }

  private handle(event: SyncEvent): void {
    if (this.isStopped) return;
    const { state, effects } = step(this.state, event, this.options.time.now(), this.options.random());
    this.state = state;
    for (const observer of this.options.observers ?? []) observer.stepped?.(event, state, effects);
    for (const effect of effects) this.carryOut(effect);
  }

  private carryOut(effect: SyncEffect): void {
    switch (effect.type) {
      case 'abort':
        this.requests.abort();
        this.requests = new AbortController();
        break;
      case 'wakeAt':
        this.setWake(effect.at);
        break;
      case 'recall':
        this.run('read what was last known of the connection', () => this.recall());
        break;
      case 'look':
        this.run('look for work', () => this.look(effect.limit));
        break;
      case 'push': {
        const { item } = effect;
        const failed = { type: 'pushed', conversationId: item.conversationId, outcome: storeFailed } as const;
        this.request('push', failed, async (context) => ({
          ...failed,
          outcome: await pushItem(context, item),
        }));
        break;
      }
      case 'endWaits':
        this.run('end what is waited for', () => this.endWaits());
        break;
      case 'pull': {
        const failed = { type: 'pulled', outcome: storeFailed } as const;
        const { link, isPlain } = this.state;
        const { kind } = link;
        if (kind === 'unknown') this.announcement?.doubt();
        this.request('pull', failed, async (context) => {
          const outcome = await pullAll(context, { isFirst: !this.hasPulled, isPlain });
          this.hasPulled ||= outcome.kind === 'ok';
          // Asked by the next pull: one that only probes whether the backend is there makes one request.
          if ((kind === 'down' || kind === 'denied') && outcome.kind === 'ok') context.announcement.doubt();
          return { ...failed, outcome, ...toldBy(context.announcement) };
        });
        break;
      }
      case 'follow':
        this.request(
          'follow what happens on the server',
          { type: 'followed', outcome: { kind: 'broken', hasLived: false } },
          async (context) => ({ type: 'followed', outcome: await followFeed(context) }),
          this.streams,
        );
        break;
      case 'report':
        this.run('report', () => this.report(effect.status));
        break;
    }
  }

  private async look(limit: number): Promise<void> {
    const { store, time } = this.options;
    const account = this.session?.account;
    if (account === undefined) return;
    let items: OutboxItem[] = [];
    let nextDueAt: number | undefined;
    try {
      const due = store.dueItems(account, time.now(), limit + this.state.busy.size);
      const summary = store.summary(account);
      [items, { nextDueAt }] = await Promise.all([due, summary]);
    } finally {
      // Also a look that failed has ended: the next change looks again.
      if (this.session?.account === account) this.handle({ type: 'found', items, nextDueAt });
    }
  }

  private async endWaits(): Promise<void> {
    const { lease, session } = this;
    if (lease === undefined || session === undefined) return;
    await this.options.store.endWaits(lease, session.account);
  }

  private async recall(): Promise<void> {
    const { signal } = this.requests;
    let status: LinkStatus | undefined;
    try {
      status = await this.options.store.readLinkStatus();
    } finally {
      // Without it the backend is simply asked.
      if (!signal.aborted) this.handle({ type: 'recalled', status });
    }
  }

  private async report(status: LinkStatus): Promise<void> {
    if (this.lease === undefined) return;
    const words = `Connection: ${status.link}${status.detail === '' ? '' : ` (${status.detail})`}`;
    // Each failure in a row moves the next try: that is for the other windows, not for the log.
    if (words !== this.lastWords) this.options.log.info(words);
    this.lastWords = words;
    // Until it is written down it is told again with the lease: nobody would sign in who is not asked to.
    this.untold = status;
    await this.options.store.writeLinkStatus(this.lease, status);
    if (this.untold === status) this.untold = undefined;
  }

  /** Runs requests for the session of now; what they answer counts only while that session lasts. */
  private request(
    what: string,
    failed: SyncEvent,
    body: (context: PushContext) => Promise<SyncEvent>,
    among = this.running,
  ): void {
    const { session, lease, requests, announcement } = this;
    if (session === undefined || lease === undefined || announcement === undefined) return;
    const context: PushContext = {
      store: this.options.store,
      remote: session.remote,
      announcement,
      told: this.told,
      account: session.account,
      lease,
      signal: requests.signal,
      warn: (text) => this.options.log.warn(text),
      info: (text) => this.options.log.info(text),
      now: () => this.options.time.now(),
      random: this.options.random,
      requestLifeMs: this.options.requestLifeMs ?? REQUEST_LIFE_MS,
      mayGoOn: () => mayGoOn(this.state, this.options.time.now()),
      answered: (conversationId) => {
        if (!requests.signal.aborted) this.handle({ type: 'answered', conversationId });
      },
    };
    const answered = async () => {
      let event = failed;
      try {
        event = await body(context);
      } finally {
        if (!requests.signal.aborted) this.handle(event);
      }
    };
    this.run(what, answered, among);
  }

  private run(what: string, body: () => Promise<void>, among = this.running): void {
    const running = body()
      .catch((error: unknown) => {
        if (error instanceof StoreError && error.problem === 'fenced') this.loseLease();
        else this.options.log.error(`Sync could not ${what}.`, error);
      })
      .finally(() => among.delete(running));
    among.add(running);
  }

  private setWake(at: number | undefined): void {
    this.cancelWake?.();
    this.cancelWake = undefined;
    if (at === undefined || at === Infinity) return;
    const wait = Math.min(LONGEST_TIMER_MS, Math.max(0, at - this.options.time.now()));
    this.cancelWake = this.options.time.after(wait, () => this.handle({ type: 'woken' }));
  }

  private keepLease(): void {
    this.run('take the lease', async () => {
      try {
        const lease = await this.options.store.takeLease(this.options.time.now(), LEASE_MS);
        if (lease?.token !== this.lease?.token) {
          this.untold = undefined;
          this.handle({ type: 'lease', isHeld: false });
        }
        this.lease = lease;
        // Timers stand still while the machine sleeps: this is also what begins a pull that became due meanwhile, and only
        // once it is known whether another window woke first.
        this.handle({ type: 'lease', isHeld: lease !== undefined });
        if (lease !== undefined) this.tellLeading(lease, false);
        this.lookAround();
        const { untold } = this;
        if (lease !== undefined && untold !== undefined) this.run('report', () => this.report(untold));
      } finally {
        if (!this.isStopped)
          this.cancelLease = this.options.time.after(LEASE_EVERY_MS, () => this.keepLease());
      }
    });
  }

  private tellLeading(lease: Lease, isLast: boolean): void {
    for (const { leading } of this.options.observers ?? [])
      if (leading !== undefined) this.run('note how sync goes', () => leading(lease, isLast));
  }

  private lookAround(): void {
    const network = this.options.network?.();
    if (network !== this.network) this.networkChanged();
    this.network = network;
  }

  private loseLease(): void {
    this.lease = undefined;
    this.handle({ type: 'lease', isHeld: false });
  }
}

function toldBy({ current: { abilities }, isKnown }: Announcement) {
  const canFollow = abilities.has('events') && abilities.has('changes');
  return isKnown ? { canFollow, isPlain: abilities.size === 0 } : { canFollow };
}

/** The store itself failed: back off as from an unreachable backend, nothing is lost. */
const storeFailed: RequestOutcome = {
  kind: 'unreachable',
  detail: 'The conversation file could not be used.',
};
