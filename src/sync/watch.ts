import type { AccountKey, Lease } from '../store/outbox.ts';
import type { SyncTally, WatchStore } from '../store/watching.ts';
import { initialState, type SyncEffect, type SyncEvent, type SyncState } from './state.ts';
import type { SyncObserver } from './observer.ts';
import { requestLine, Traffic } from './traffic.ts';

/** Counters are written down this often at most: never with a request. */
const WRITE_EVERY_MS = 60_000;

export interface WatchOptions {
  readonly store: Pick<WatchStore, 'writeTally'>;
  readonly now: () => number;
  readonly log: { debug(text: string): void };
}

/** How sync stands in this window, beside what the store knows. */
export interface WindowSyncFacts {
  readonly state: SyncState;
  readonly inFlight: number;
  /** When the engine looks again by itself; absent while it waits for no time. */
  readonly nextLookAt?: number;
  readonly startUpMs?: number;
  /** Absent while sync is off. */
  readonly tally?: SyncTally;
}

/** Keeps what people ask about sync, and says in the log what is sent. */
export class SyncWatch implements SyncObserver {
  private readonly options: WatchOptions;
  private readonly startedAt: number;
  /** By account: going back to one goes on counting. */
  private readonly traffics = new Map<AccountKey, Traffic>();
  private current: Traffic | undefined;
  private state: SyncState = initialState;
  private nextLookAt: number | undefined;
  private startUpMs: number | undefined;
  private writtenAt: number;
  private written: SyncTally | undefined;

  constructor(options: WatchOptions) {
    this.options = options;
    this.startedAt = options.now();
    this.writtenAt = this.startedAt;
  }

  /** Counts the requests of this account. */
  trafficOf(account: AccountKey): Traffic {
    const { now, log } = this.options;
    const known = this.traffics.get(account);
    if (known !== undefined) return known;
    const traffic = new Traffic(account, now, (exchange) => log.debug(requestLine(exchange)));
    this.traffics.set(account, traffic);
    return traffic;
  }

  get facts(): WindowSyncFacts {
    const { state, current, nextLookAt, startUpMs } = this;
    return {
      state,
      inFlight: current?.inFlight ?? 0,
      ...(nextLookAt !== undefined && nextLookAt !== Infinity && { nextLookAt }),
      ...(startUpMs !== undefined && { startUpMs }),
      ...(current && { tally: current.tally }),
    };
  }

  readonly stepped = (event: SyncEvent, state: SyncState, effects: readonly SyncEffect[]): void => {
    this.state = state;
    for (const effect of effects) if (effect.type === 'wakeAt') this.nextLookAt = effect.at;
    if (event.type === 'configured')
      this.current = event.account === undefined ? undefined : this.trafficOf(event.account);
    if (event.type === 'pulled' && event.outcome.kind === 'ok') this.noteStartUp();
    const words = inWords(event);
    if (words !== undefined) this.options.log.debug(`Sync: ${words}; the link is ${state.link.kind}.`);
  };

  readonly leading = async (lease: Lease, isLast: boolean): Promise<void> => {
    const { now, store } = this.options;
    if (!isLast && now() - this.writtenAt < WRITE_EVERY_MS) return;
    this.writtenAt = now();
    const tally = this.current?.tally;
    if (tally === undefined || tally === this.written) return;
    await store.writeTally(lease, tally);
    this.written = tally;
  };

  private noteStartUp(): void {
    if (this.startUpMs !== undefined) return;
    this.startUpMs = this.options.now() - this.startedAt;
    this.current?.noteStartUp(this.startUpMs);
  }
}

/** What is worth a line; commits and timers are not. */
function inWords(event: SyncEvent): string | undefined {
  switch (event.type) {
    case 'configured':
      return event.account === undefined ? 'switched off' : 'an account was set';
    case 'lease':
      return event.isHeld ? 'this window syncs' : 'this window does not sync';
    case 'pushed':
      return `conversation ${event.conversationId} pushed: ${event.outcome.kind}`;
    case 'pulled':
      return `pulled: ${event.outcome.kind}`;
    case 'followed':
      return `the stream of events ended: ${event.outcome.kind}`;
    case 'networkChanged':
      return 'the network has changed';
    case 'syncNow':
      return 'the user asked for it';
    case 'changed':
    case 'recalled':
    case 'found':
    case 'answered':
    case 'woken':
      return undefined;
  }
}
