/**
 * All decisions of the sync engine, as a pure function `(state, event) -> (state, effects)`. The engine carries out
 * the effects and feeds back what happened. The table of states and events is drawn in docs/SPEC.md.
 */
import type { AccountKey, LinkStatus, OutboxItem } from '../store/outbox.ts';
import { backOff, type RequestOutcome } from './failure.ts';

/** More requests at once reorder messages on the plain backend and can exhaust it. */
export const MAX_REQUESTS = 2;
const PULL_EVERY_MS = 30_000;
/** No two pulls begin closer together than this, whatever happens: a pull is what asks a backend whether it is well. */
const PULLS_APART_MS = 1_000;
/** What was sent is looked for on the backend soon, once for a burst of messages. */
const CONFIRM_AFTER_MS = 5_000;
const SLOW_DOWN_MS = 30_000;
/** While a stream tells what happens, a pull is only a check. */
const PULL_LIVE_EVERY_MS = 5 * 60_000;
/** A wait that looks longer is the work of a clock that was set back, and is over. */
const LONGEST_WAIT_MS = 15 * 60_000;

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
  /** Conversations with a request under way. */
  readonly busy: ReadonlySet<string>;
  readonly isPulling: boolean;
  readonly pullAt: number;
  /** When the last pull began; kept whatever else is forgotten. */
  readonly pulledAt: number;
  /** What the last window to sync knew of the link is read before the first request. */
  readonly memory: 'unread' | 'reading' | 'read';
  /** One look into the outbox at a time; what changes meanwhile makes one more. */
  readonly looking: 'no' | 'wanted' | 'yes' | 'again';
  /** When the next item that waits becomes due. */
  readonly nextDueAt: number | undefined;
  readonly stream: Stream;
}

export type SyncEvent =
  | { readonly type: 'configured'; readonly account: AccountKey | undefined }
  | { readonly type: 'lease'; readonly isHeld: boolean }
  /** Something was committed, here or in another window. */
  | { readonly type: 'changed' }
  /** What was last reported of the link, by whichever window; undefined when it could not be read. */
  | { readonly type: 'recalled'; readonly status: LinkStatus | undefined }
  /** The network is another one, or the user is back: it may work again. */
  | { readonly type: 'networkChanged' }
  | { readonly type: 'found'; readonly items: readonly OutboxItem[]; readonly nextDueAt: number | undefined }
  | { readonly type: 'pushed'; readonly conversationId: string; readonly outcome: RequestOutcome }
  /** `canFollow`: the backend announces events. */
  | { readonly type: 'pulled'; readonly outcome: RequestOutcome; readonly canFollow?: boolean }
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
  isPulling: false,
  pullAt: 0,
  pulledAt: -Infinity,
  memory: 'unread',
  looking: 'no',
  nextDueAt: undefined,
  stream: { kind: 'none' },
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
        state: { ...forgetful(state), account: event.account },
        effects: [{ type: 'abort' }],
      };
    case 'lease':
      if (event.isHeld === state.isLeader) return { state, effects: [] };
      return {
        state: { ...forgetful(state), isLeader: event.isHeld },
        effects: [{ type: 'abort' }],
      };
    case 'changed':
      return { state: lookAgain(state), effects: [] };
    case 'recalled': {
      if (state.memory !== 'reading') return { state, effects: [] };
      const left = event.status?.account === state.account ? event.status : undefined;
      const link = state.link.kind === 'unknown' ? resumed(left, now) : state.link;
      const pulledAt = Math.max(state.pulledAt, left?.pulledAt ?? -Infinity);
      return { state: { ...state, memory: 'read', link, pulledAt }, effects: [] };
    }
    case 'networkChanged': {
      const { link } = state;
      if (link.kind !== 'down' || link.isAsked === true) return { state, effects: [] };
      return { state: { ...state, link: { ...link, retryAt: Math.min(link.retryAt, now) } }, effects: [] };
    }
    case 'found':
      return found(state, event);
    case 'pushed': {
      const busy = new Set(state.busy);
      busy.delete(event.conversationId);
      // A stream tells by itself what has arrived there.
      const isToConfirm = event.outcome.kind === 'ok' && state.stream.kind !== 'open';
      const pullAt = isToConfirm ? Math.min(state.pullAt, now + CONFIRM_AFTER_MS) : state.pullAt;
      return { state: lookAgain(learn({ ...state, busy, pullAt }, event.outcome, now, random)), effects: [] };
    }
    case 'pulled': {
      const ended = { ...state, isPulling: false, pullAt: now + PULL_EVERY_MS };
      if (event.outcome.kind === 'ok') {
        const link = isAskedToWait(state.link, now) ? state.link : { kind: 'up' as const };
        const stream = offered(state.stream, event.canFollow === true, now);
        const pullAt = stream.kind === 'open' ? now + PULL_LIVE_EVERY_MS : ended.pullAt;
        return { state: lookAgain({ ...ended, link, stream, pullAt }), effects: [] };
      }
      // A list that makes no sense is no list: the backend is as good as gone.
      const outcome =
        event.outcome.kind === 'doubtful'
          ? { ...event.outcome, kind: 'unreachable' as const }
          : event.outcome;
      return { state: lookAgain(learn(ended, outcome, now, random)), effects: [] };
    }
    case 'followed':
      return { state: streamEnded(state, event.outcome, now, random), effects: [] };
    case 'woken':
      return { state: lookAgain(state), effects: [] };
    case 'syncNow':
      // The user's word ends every wait, also that for a sign-in.
      return {
        state: lookAgain({
          ...state,
          pullAt: now,
          memory: canWork(state) ? 'read' : state.memory,
          link: state.link.kind === 'up' ? state.link : { kind: 'unknown' },
        }),
        effects: [],
      };
  }
}

/** Another account, or another holder of the lease: nothing that was learned holds any more. */
function forgetful({ account, isLeader, pulledAt }: SyncState): SyncState {
  return { ...initialState, account, isLeader, pulledAt };
}

/** The link as another window, or this one before it was restarted, has left it. */
function resumed(status: LinkStatus | undefined, now: number): Link {
  if (status === undefined) return { kind: 'unknown' };
  const { link, detail, retryAt = now, failures = 1 } = status;
  if ((link !== 'down' && link !== 'denied') || isOver(retryAt, now)) return { kind: 'unknown' };
  if (status.isAsked === true) return { kind: link, failures, retryAt, detail, isAsked: true };
  // It may be well again by now. Many windows that come and go must still not ask each.
  return { kind: link, failures, retryAt: Math.min(retryAt, now + PULLS_APART_MS), detail };
}

function isOver(at: number, now: number): boolean {
  return at <= now || at > now + LONGEST_WAIT_MS;
}

function lookAgain(state: SyncState): SyncState {
  return { ...state, looking: state.looking === 'yes' || state.looking === 'again' ? 'again' : 'wanted' };
}

function isAskedToWait(link: Link, now: number): link is Waiting {
  return (
    (link.kind === 'down' || link.kind === 'denied') && link.isAsked === true && !isOver(link.retryAt, now)
  );
}

function found(state: SyncState, event: Extract<SyncEvent, { type: 'found' }>): Step {
  const items =
    state.link.kind === 'up' && canWork(state)
      ? event.items
          .filter((item) => !state.busy.has(item.conversationId))
          .slice(0, Math.max(0, roomOf(state)))
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
    case 'unreachable': {
      const retryAt = now + backOff(failures, random);
      return waitFor(state, { kind: 'down', failures, retryAt, detail: outcome.detail }, now);
    }
    case 'slow-down': {
      const retryAt = now + Math.max(PULLS_APART_MS, outcome.retryAfterMs ?? SLOW_DOWN_MS);
      return waitFor(state, { kind: 'down', failures, retryAt, detail: outcome.detail, isAsked: true }, now);
    }
    case 'denied': {
      // Whoever has to change something is a person; asking often could lock an account at a proxy.
      // Failures of another kind before it say nothing of that.
      const denials = state.link.kind === 'denied' ? failures : 1;
      const retryAt = now + Math.min(LONGEST_WAIT_MS, PULL_EVERY_MS * 2 ** (denials - 1));
      return waitFor(state, { kind: 'denied', failures: denials, retryAt, detail: outcome.detail }, now);
    }
    case 'signed-out':
      return { ...state, link: { kind: 'signedOut', detail: outcome.detail } };
    case 'fenced':
      return { ...forgetful(state), isLeader: false };
  }
}

function offered(stream: Stream, isOffered: boolean, now: number): Stream {
  if (!isOffered) return stream.kind === 'open' ? stream : { kind: 'none' };
  return stream.kind === 'none' ? { kind: 'wanted', failures: 0, at: now } : stream;
}

/** Pulls go on as without a stream until it is open again. */
function streamEnded(state: SyncState, outcome: FollowOutcome, now: number, random: number): SyncState {
  if (state.stream.kind !== 'open') return state;
  const pullAt = Math.min(state.pullAt, now + PULL_EVERY_MS);
  switch (outcome.kind) {
    case 'behind':
      // Not before the pull, which may have to wait for its second.
      return { ...state, pullAt: now, stream: { kind: 'wanted', failures: 0, at: now + PULLS_APART_MS } };
    case 'refused':
      return { ...state, pullAt, stream: { kind: 'refused' } };
    case 'broken': {
      const failures = outcome.hasLived ? 1 : state.stream.failures + 1;
      const at = now + Math.max(outcome.waitMs ?? 0, backOff(failures, random));
      return { ...state, pullAt, stream: { kind: 'wanted', failures, at } };
    }
    case 'fenced':
      return { ...forgetful(state), isLeader: false };
  }
}

/** A time that the backend named is kept also when another request fails in another way. */
function waitFor(state: SyncState, link: Waiting, now: number): SyncState {
  const known = state.link;
  if (!isAskedToWait(known, now)) return { ...state, link };
  return { ...state, link: { ...link, retryAt: Math.max(link.retryAt, known.retryAt), isAsked: true } };
}

/** What can be started now, whatever brought us here. */
function proceed(state: SyncState, now: number): Step {
  if (!canWork(state)) return { state: { ...state, looking: 'no' }, effects: [] };
  const effects: SyncEffect[] = [];
  let next = state;
  if (next.memory === 'unread') {
    next = { ...next, memory: 'reading' };
    effects.push({ type: 'recall' });
  }
  if (canPull(next) && isPullDue(next, now)) {
    next = { ...next, isPulling: true, pulledAt: now };
    effects.push({ type: 'pull' });
  }
  if (isStreamDue(next, now)) {
    const { failures } = next.stream;
    next = { ...next, stream: { kind: 'open', failures }, pullAt: now + PULL_LIVE_EVERY_MS };
    effects.push({ type: 'follow' });
  }
  // While nothing more could be sent, a look would find nothing to do: the end of a request is what lets it begin.
  if (next.looking === 'wanted' && next.link.kind === 'up' && roomOf(next) > 0) {
    next = { ...next, looking: 'yes' };
    effects.push({ type: 'look', limit: MAX_REQUESTS * 2 });
  }
  return { state: next, effects };
}

function canWork(state: SyncState): boolean {
  return state.account !== undefined && state.isLeader;
}

function roomOf({ busy, isPulling }: SyncState): number {
  return MAX_REQUESTS - busy.size - Number(isPulling);
}

/** After a pull that is due: that moves the place where the stream begins. */
function isStreamDue(
  state: SyncState,
  now: number,
): state is SyncState & { stream: Extract<Stream, { kind: 'wanted' }> } {
  const { stream, link, isPulling } = state;
  if (stream.kind !== 'wanted' || link.kind !== 'up' || isPulling || isPullDue(state, now)) return false;
  return isOver(stream.at, now);
}

function canPull(state: SyncState): boolean {
  return !state.isPulling && state.busy.size < MAX_REQUESTS;
}

function isPullDue(state: SyncState, now: number): boolean {
  const at = nextPullAt(state, now);
  return at !== undefined && at <= now;
}

/** When the next pull may begin, in the past when it could have; undefined: not before something happens. */
function nextPullAt(state: SyncState, now: number): number | undefined {
  const { link, memory, pullAt, pulledAt, stream } = state;
  const earliest = pulledAt > now ? now : pulledAt + PULLS_APART_MS;
  switch (link.kind) {
    case 'unknown':
      return memory === 'read' ? earliest : undefined;
    case 'up': {
      // No pull is put off for longer: the clock was set back.
      const longest = stream.kind === 'open' ? PULL_LIVE_EVERY_MS : PULL_EVERY_MS;
      return Math.max(earliest, pullAt > now + longest ? now : pullAt);
    }
    case 'down':
    case 'denied':
      return Math.max(earliest, isOver(link.retryAt, now) ? now : link.retryAt);
    case 'signedOut':
      return undefined;
  }
}

/** A pull that waits for a free request waits for no time: the end of a request is what lets it begin. */
function wakeTime(state: SyncState, now: number): number | undefined {
  if (!canWork(state)) return undefined;
  const pullAt = canPull(state) ? nextPullAt(state, now) : undefined;
  if (state.link.kind !== 'up') return pullAt;
  // An item that is due already waits for a free request, not for a time.
  const due = state.nextDueAt !== undefined && state.nextDueAt > now ? state.nextDueAt : Infinity;
  const { stream } = state;
  const follow = stream.kind === 'wanted' && stream.at > now ? stream.at : Infinity;
  return Math.min(pullAt ?? Infinity, due, follow);
}

/** Whether a request may be followed by another of the same conversation without asking here. */
export function mayGoOn(state: SyncState, now: number): boolean {
  return canWork(state) && state.link.kind === 'up' && !isPullDue(state, now);
}

function reportOf(before: SyncState, after: SyncState): SyncEffect[] {
  // What the last window left must not be overwritten before it was read.
  if (!canWork(after) || after.memory !== 'read') return [];
  const status = linkStatus(after);
  const isSame =
    canWork(before) &&
    before.memory === 'read' &&
    JSON.stringify(status) === JSON.stringify(linkStatus(before));
  return isSame ? [] : [{ type: 'report', status }];
}

/** What all windows and the next start may know of the link. */
function linkStatus({ link, account, pulledAt }: SyncState): LinkStatus {
  return {
    link: link.kind,
    detail: 'detail' in link ? link.detail : '',
    ...(account === undefined ? {} : { account }),
    ...('retryAt' in link ? { retryAt: link.retryAt, failures: link.failures } : {}),
    // A backend that is well may be asked by each window: nothing has to be written down for that.
    ...(link.kind === 'up' || pulledAt === -Infinity ? {} : { pulledAt }),
    ...('isAsked' in link ? { isAsked: link.isAsked } : {}),
  };
}
