/**
 * All decisions of the sync engine, as a pure function `(state, event) -> (state, effects)`. The engine carries out
 * the effects and feeds back what happened. The table of states and events is drawn in docs/SPEC.md.
 */
import type { AccountKey, LinkStatus, OutboxItem } from '../store/outbox.ts';
import { backOff, type RequestOutcome } from './failure.ts';

/** More requests at once reorder messages on the plain backend and can exhaust it. */
export const MAX_REQUESTS = 2;
const PULL_EVERY_MS = 30_000;
/** What was sent is looked for on the backend soon, once for a burst of messages. */
const CONFIRM_AFTER_MS = 5_000;
const SLOW_DOWN_MS = 30_000;
const LONGEST_DENIED_MS = 15 * 60_000;

export type Link =
  /** Not tried since the account was set: the first request is a pull. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'up' }
  /** Nothing is sent before `retryAt`; then one pull probes. */
  | {
      readonly kind: 'down' | 'denied';
      readonly failures: number;
      readonly retryAt: number;
      readonly detail: string;
      /** The backend named the time: a request that began earlier and succeeds does not end the wait. */
      readonly isAsked?: true;
    }
  /** Waits for a new token or the user's word. */
  | { readonly kind: 'signedOut'; readonly detail: string };

export interface SyncState {
  /** Undefined: sync is off. */
  readonly account: AccountKey | undefined;
  readonly isLeader: boolean;
  readonly link: Link;
  /** Conversations with a request under way. */
  readonly busy: ReadonlySet<string>;
  readonly isPulling: boolean;
  readonly pullAt: number;
  /** One look into the outbox at a time; what changes meanwhile makes one more. */
  readonly looking: 'no' | 'wanted' | 'yes' | 'again';
  /** When the next item that waits becomes due. */
  readonly nextDueAt: number | undefined;
}

export type SyncEvent =
  | { readonly type: 'configured'; readonly account: AccountKey | undefined }
  | { readonly type: 'lease'; readonly isHeld: boolean }
  /** Something was committed, here or in another window. */
  | { readonly type: 'changed' }
  | { readonly type: 'found'; readonly items: readonly OutboxItem[]; readonly nextDueAt: number | undefined }
  | { readonly type: 'pushed'; readonly conversationId: string; readonly outcome: RequestOutcome }
  | { readonly type: 'pulled'; readonly outcome: RequestOutcome }
  | { readonly type: 'woken' }
  | { readonly type: 'syncNow' };

export type SyncEffect =
  /** End every request; their answers no longer count. */
  | { readonly type: 'abort' }
  | { readonly type: 'look'; readonly limit: number }
  | { readonly type: 'push'; readonly item: OutboxItem }
  | { readonly type: 'pull' }
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
  isPulling: false,
  pullAt: 0,
  looking: 'no',
  nextDueAt: undefined,
};

/** `now` in milliseconds since the epoch, `random` in [0, 1). */
export function step(before: SyncState, event: SyncEvent, now: number, random: number): Step {
  const { state, effects } = react(before, event, now, random);
  const next = proceed(state, now);
  const report = reportOf(before, next.state);
  const all = [...effects, ...report, ...next.effects];
  return { state: next.state, effects: [...all, { type: 'wakeAt', at: wakeTime(next.state, now) }] };
}

/** What the event itself changes. */
function react(state: SyncState, event: SyncEvent, now: number, random: number): Step {
  switch (event.type) {
    case 'configured':
      return {
        state: { ...initialState, account: event.account, isLeader: state.isLeader },
        effects: [{ type: 'abort' }],
      };
    case 'lease':
      if (event.isHeld === state.isLeader) return { state, effects: [] };
      return {
        state: { ...initialState, account: state.account, isLeader: event.isHeld },
        effects: [{ type: 'abort' }],
      };
    case 'changed':
      return { state: lookAgain(state), effects: [] };
    case 'found':
      return found(state, event);
    case 'pushed': {
      const busy = new Set(state.busy);
      busy.delete(event.conversationId);
      const pullAt =
        event.outcome.kind === 'ok' ? Math.min(state.pullAt, now + CONFIRM_AFTER_MS) : state.pullAt;
      return { state: lookAgain(learn({ ...state, busy, pullAt }, event.outcome, now, random)), effects: [] };
    }
    case 'pulled': {
      const ended = { ...state, isPulling: false, pullAt: now + PULL_EVERY_MS };
      if (event.outcome.kind === 'ok') {
        const link = isAskedToWait(state.link, now) ? state.link : { kind: 'up' as const };
        return { state: lookAgain({ ...ended, link }), effects: [] };
      }
      // A list that makes no sense is no list: the backend is as good as gone.
      const outcome =
        event.outcome.kind === 'doubtful'
          ? { ...event.outcome, kind: 'unreachable' as const }
          : event.outcome;
      return { state: lookAgain(learn(ended, outcome, now, random)), effects: [] };
    }
    case 'woken':
      return { state: lookAgain(state), effects: [] };
    case 'syncNow':
      // The user's word ends every wait, also that for a sign-in.
      return {
        state: lookAgain({
          ...state,
          pullAt: now,
          link: state.link.kind === 'up' ? state.link : { kind: 'unknown' },
        }),
        effects: [],
      };
  }
}

function lookAgain(state: SyncState): SyncState {
  return { ...state, looking: state.looking === 'yes' || state.looking === 'again' ? 'again' : 'wanted' };
}

function isAskedToWait(link: Link, now: number): boolean {
  return link.kind === 'down' && link.isAsked === true && link.retryAt > now;
}

function found(state: SyncState, event: Extract<SyncEvent, { type: 'found' }>): Step {
  const room = MAX_REQUESTS - state.busy.size - Number(state.isPulling);
  const items =
    state.link.kind === 'up' && canWork(state)
      ? event.items.filter((item) => !state.busy.has(item.conversationId)).slice(0, Math.max(0, room))
      : [];
  const busy = new Set([...state.busy, ...items.map((item) => item.conversationId)]);
  const looking = state.looking === 'again' ? 'wanted' : 'no';
  return {
    state: { ...state, busy, looking, nextDueAt: event.nextDueAt },
    effects: items.map((item) => ({ type: 'push', item })),
  };
}

/** What an answer, or its absence, says about the link. */
function learn(state: SyncState, outcome: RequestOutcome, now: number, random: number): SyncState {
  const failures = 'failures' in state.link ? state.link.failures + 1 : 1;
  switch (outcome.kind) {
    case 'ok':
    case 'nothing':
      return state;
    case 'doubtful':
      // One item's trouble must not stop the others: a pull finds out whether the backend is well.
      return { ...state, pullAt: now };
    case 'unreachable':
      return {
        ...state,
        link: { kind: 'down', failures, retryAt: now + backOff(failures, random), detail: outcome.detail },
      };
    case 'slow-down': {
      const retryAt = now + (outcome.retryAfterMs ?? SLOW_DOWN_MS);
      return { ...state, link: { kind: 'down', failures, retryAt, detail: outcome.detail, isAsked: true } };
    }
    case 'denied': {
      // Whoever has to change something is a person; asking often could lock an account at a proxy.
      const retryAt = now + Math.min(LONGEST_DENIED_MS, PULL_EVERY_MS * 2 ** (failures - 1));
      return { ...state, link: { kind: 'denied', failures, retryAt, detail: outcome.detail } };
    }
    case 'signed-out':
      return { ...state, link: { kind: 'signedOut', detail: outcome.detail } };
    case 'fenced':
      return { ...initialState, account: state.account };
  }
}

/** What can be started now, whatever brought us here. */
function proceed(state: SyncState, now: number): Step {
  if (!canWork(state)) return { state: { ...state, looking: 'no' }, effects: [] };
  const effects: SyncEffect[] = [];
  let next = state;
  if (canPull(next) && isPullDue(next, now)) {
    next = { ...next, isPulling: true };
    effects.push({ type: 'pull' });
  }
  if (next.looking === 'wanted' && next.link.kind === 'up') {
    next = { ...next, looking: 'yes' };
    effects.push({ type: 'look', limit: MAX_REQUESTS * 2 });
  }
  return { state: next, effects };
}

function canWork(state: SyncState): boolean {
  return state.account !== undefined && state.isLeader;
}

function canPull(state: SyncState): boolean {
  return !state.isPulling && state.busy.size < MAX_REQUESTS;
}

function isPullDue(state: SyncState, now: number): boolean {
  switch (state.link.kind) {
    case 'unknown':
      return true;
    case 'up':
      return state.pullAt <= now;
    case 'down':
    case 'denied':
      return state.link.retryAt <= now;
    case 'signedOut':
      return false;
  }
}

/** A pull that waits for a free request waits for no time: the end of a request is what lets it begin. */
function wakeTime(state: SyncState, now: number): number | undefined {
  if (!canWork(state)) return undefined;
  switch (state.link.kind) {
    case 'unknown':
    case 'signedOut':
      return undefined;
    case 'down':
    case 'denied':
      return canPull(state) ? state.link.retryAt : undefined;
    case 'up': {
      // An item that is due already waits for a free request, not for a time.
      const due = state.nextDueAt !== undefined && state.nextDueAt > now ? state.nextDueAt : Infinity;
      return Math.min(canPull(state) ? state.pullAt : Infinity, due);
    }
  }
}

function reportOf(before: SyncState, after: SyncState): SyncEffect[] {
  if (!canWork(after)) return [];
  const status = linkStatus(after.link);
  const known = linkStatus(before.link);
  const isSame = canWork(before) && status.link === known.link && status.detail === known.detail;
  return isSame ? [] : [{ type: 'report', status }];
}

export function linkStatus(link: Link): LinkStatus {
  return { link: link.kind, detail: 'detail' in link ? link.detail : '' };
}
