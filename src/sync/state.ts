/** What the sync machine is in, what happens to it, and what it has done: see machine.ts. */
import type { AccountKey, LinkStatus, OutboxItem } from '../store/outbox.ts';
import type { RequestOutcome } from './failure.ts';

export type Link =
  /** Not tried since the account was set: the first request is a pull. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'up' }
  | Waiting
  /** Waits for a new token or the user's word. */
  | { readonly kind: 'signedOut'; readonly detail: string };

/** Nothing is sent before `retryAt`; then one pull probes. */
export interface Waiting {
  readonly kind: 'down' | 'denied';
  readonly failures: number;
  readonly retryAt: number;
  readonly detail: string;
  /**
   * The backend named the time: a request that began earlier and succeeds does not end the wait, nor does another
   * window or a new start. The user's word does.
   */
  readonly isAsked?: true;
}

/** The stream of events. It is none of the requests that are counted: it waits for the backend, not the other way round. */
export type Stream =
  /** Not known to be announced. */
  | { readonly kind: 'none' }
  /** Announced, and refused when it was asked for: not asked for again until the backend may be another. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'wanted'; readonly failures: number; readonly at: number }
  | { readonly kind: 'open'; readonly failures: number };

export type FollowOutcome =
  /** What came needs a pull, after which the stream goes on. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'broken'; readonly hasLived: boolean; readonly waitMs?: number }
  | { readonly kind: 'fenced' };

export interface SyncState {
  /** Undefined: sync is off. */
  readonly account: AccountKey | undefined;
  readonly isLeader: boolean;
  readonly link: Link;
  /** Conversations with a request under way, or with answers that are being entered. */
  readonly busy: ReadonlySet<string>;
  /** Of those, the ones with answers that are being entered: no request of theirs is under way or follows. */
  readonly answered: ReadonlySet<string>;
  readonly isPulling: boolean;
  readonly pullAt: number;
  /** When the last pull began; kept whatever else is forgotten. */
  readonly pulledAt: number;
  /** Until then pulls come closer together; kept whatever else is forgotten. */
  readonly alertUntil: number;
  /** What the last window to sync knew of the link is read before the first request. */
  readonly memory: 'unread' | 'reading' | 'read';
  /** One look into the outbox at a time; what changes meanwhile makes one more. */
  readonly looking: 'no' | 'wanted' | 'yes' | 'again';
  /** Found due by the last look while no more could be sent: the end of a request begins one without another look. */
  readonly ready: readonly OutboxItem[];
  /** When the next item that waits becomes due. */
  readonly nextDueAt: number | undefined;
  readonly stream: Stream;
  /** When it was last asked, the backend announced nothing: the first pull of a session need not ask again. */
  readonly isPlain: boolean;
}

export type SyncEvent =
  | { readonly type: 'configured'; readonly account: AccountKey | undefined }
  | { readonly type: 'lease'; readonly isHeld: boolean }
  /** Something was committed, here or in another window. */
  | { readonly type: 'changed' }
  /** What was last reported of the link, by whichever window; undefined when it could not be read. */
  | { readonly type: 'recalled'; readonly status: LinkStatus | undefined }
  /** The network is another one, or the user is back: a backend that was away may work again, and there may be news. */
  | { readonly type: 'networkChanged' }
  | { readonly type: 'found'; readonly items: readonly OutboxItem[]; readonly nextDueAt: number | undefined }
  /** Its last request has its answer, which is being entered: another conversation may use its place. `pushed` follows. */
  | { readonly type: 'answered'; readonly conversationId: string }
  | { readonly type: 'pushed'; readonly conversationId: string; readonly outcome: RequestOutcome }
  /** `canFollow`: the backend announces events. `isPlain`: nothing at all; absent where it was not asked. */
  | {
      readonly type: 'pulled';
      readonly outcome: RequestOutcome;
      readonly canFollow?: boolean;
      readonly isPlain?: boolean;
    }
  | { readonly type: 'followed'; readonly outcome: FollowOutcome }
  | { readonly type: 'woken' }
  | { readonly type: 'syncNow' };

export type SyncEffect =
  /** End every request; their answers no longer count. */
  | { readonly type: 'abort' }
  /** Read what was last reported of the link. */
  | { readonly type: 'recall' }
  | { readonly type: 'look'; readonly limit: number }
  | { readonly type: 'push'; readonly item: OutboxItem }
  | { readonly type: 'pull' }
  /** What waits for its time is due now. */
  | { readonly type: 'endWaits' }
  /** Keep a stream of events open. */
  | { readonly type: 'follow' }
  | { readonly type: 'wakeAt'; readonly at: number | undefined }
  /** Tell all windows about the link. */
  | { readonly type: 'report'; readonly status: LinkStatus };

export interface Step {
  readonly state: SyncState;
  readonly effects: readonly SyncEffect[];
}

export const initialState: SyncState = {
  account: undefined,
  isLeader: false,
  link: { kind: 'unknown' },
  busy: new Set(),
  answered: new Set(),
  isPulling: false,
  pullAt: 0,
  pulledAt: -Infinity,
  alertUntil: -Infinity,
  memory: 'unread',
  looking: 'no',
  ready: [],
  nextDueAt: undefined,
  stream: { kind: 'none' },
  isPlain: false,
};
