/**
 * All decisions of the sync engine, as a pure function `(state, event) -> (state, effects)`. The engine carries out
 * the effects and feeds back what happened. The table of states and events is drawn in docs/SPEC.md.
 */
import type { LinkStatus } from '../store/outbox.ts';
import { backOff, type RequestOutcome } from './failure.ts';
import {
  initialState,
  type FollowOutcome,
  type Link,
  type Step,
  type Stream,
  type SyncEffect,
  type SyncEvent,
  type SyncState,
  type Waiting,
} from './state.ts';
import {
  ALERT_MS,
  canPull,
  canWork,
  isAskedToWait,
  isOver,
  isPullDue,
  isStreamDue,
  LONGEST_WAIT_MS,
  MAX_REQUESTS,
  PULL_ALERT_EVERY_MS,
  PULL_EVERY_MS,
  PULL_LIVE_EVERY_MS,
  pullPeriod,
  PULLS_APART_MS,
  roomOf,
  wakeTime,
} from './times.ts';

/** What was sent is looked for on the backend soon, once for a burst of messages. */
const CONFIRM_AFTER_MS = 5_000;
const SLOW_DOWN_MS = 30_000;

/** `now` in milliseconds since the epoch, `random` in [0, 1). */
export function step(before: SyncState, event: SyncEvent, now: number, random: number): Step {
  const { state, effects } = react(before, event, now, random);
  const next = proceed(state, now);
  const report = reportOf(before, next.state);
  // What is begun may ask the store first: nobody waits for the report.
  const all = [...effects, ...next.effects, ...report];
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
      const isPlain = left?.isPlain === true;
      return { state: { ...state, memory: 'read', link, pulledAt, isPlain }, effects: [] };
    }
    case 'networkChanged': {
      const { link } = state;
      // What other machines wrote meanwhile is to be there when the user looks.
      if (link.kind === 'up') return { state: { ...state, pullAt: soonPullAt(state, now) }, effects: [] };
      if (link.kind !== 'down' || link.isAsked === true) return { state, effects: [] };
      return { state: { ...state, link: { ...link, retryAt: Math.min(link.retryAt, now) } }, effects: [] };
    }
    case 'found':
      return { state: found(state, event), effects: [] };
    case 'answered':
      if (!state.busy.has(event.conversationId)) return { state, effects: [] };
      return {
        state: { ...state, answered: new Set([...state.answered, event.conversationId]) },
        effects: [],
      };
    case 'pushed': {
      const busy = without(state.busy, event.conversationId);
      const answered = without(state.answered, event.conversationId);
      // A stream tells by itself what has arrived there.
      const isToConfirm = event.outcome.kind === 'ok' && state.stream.kind !== 'open';
      const pullAt = isToConfirm ? Math.min(state.pullAt, now + CONFIRM_AFTER_MS) : state.pullAt;
      return {
        state: lookAgain(learn({ ...state, busy, answered, pullAt }, event.outcome, now, random)),
        effects: [],
      };
    }
    case 'pulled': {
      const { isPlain = state.isPlain } = event;
      const ended = { ...state, isPulling: false, isPlain };
      if (event.outcome.kind === 'ok') {
        const link = isAskedToWait(state.link, now) ? state.link : { kind: 'up' as const };
        const stream = offered(state.stream, event.canFollow === true, now);
        const next = { ...ended, link, stream };
        return { state: lookAgain({ ...next, pullAt: now + pullPeriod(next, now) }), effects: [] };
      }
      // A list that makes no sense is no list: the backend is as good as gone.
      const outcome =
        event.outcome.kind === 'doubtful'
          ? { ...event.outcome, kind: 'unreachable' as const }
          : event.outcome;
      const failed = { ...ended, pullAt: now + PULL_EVERY_MS };
      return { state: lookAgain(learn(failed, outcome, now, random)), effects: [] };
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
          alertUntil: now + ALERT_MS,
          memory: canWork(state) ? 'read' : state.memory,
          link: state.link.kind === 'up' ? state.link : { kind: 'unknown' },
        }),
        effects: canWork(state) ? [{ type: 'endWaits' }] : [],
      };
  }
}

function without(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  return new Set([...ids].filter((one) => one !== id));
}

/** Another account, or another holder of the lease: nothing that was learned holds any more. */
function forgetful({ account, isLeader, pulledAt, alertUntil }: SyncState): SyncState {
  return { ...initialState, account, isLeader, pulledAt, alertUntil };
}

/** At once, unless the last pull was a moment ago. */
function soonPullAt({ pullAt, pulledAt }: SyncState, now: number): number {
  return Math.min(pullAt, pulledAt > now ? now : Math.max(now, pulledAt + PULL_ALERT_EVERY_MS));
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

function lookAgain(state: SyncState): SyncState {
  return { ...state, looking: state.looking === 'yes' || state.looking === 'again' ? 'again' : 'wanted' };
}

function found(state: SyncState, { items, nextDueAt }: Extract<SyncEvent, { type: 'found' }>): SyncState {
  return { ...state, looking: state.looking === 'again' ? 'wanted' : 'no', ready: items, nextDueAt };
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
  if (!canWork(state)) return { state: { ...state, looking: 'no', ready: [] }, effects: [] };
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
  const begun = beginReady(next);
  next = begun.state;
  effects.push(...begun.effects);
  if (isStreamDue(next, now)) {
    const { failures } = next.stream;
    // One that broke before may never tell anything: the pull that was planned comes first.
    const pullAt = failures === 0 ? now + PULL_LIVE_EVERY_MS : next.pullAt;
    next = { ...next, stream: { kind: 'open', failures }, pullAt };
    effects.push({ type: 'follow' });
  }
  // While nothing more could be sent, a look would find nothing to do: the end of a request is what lets it begin.
  if (next.looking === 'wanted' && next.link.kind === 'up' && roomOf(next) > 0) {
    next = { ...next, looking: 'yes' };
    effects.push({ type: 'look', limit: MAX_REQUESTS * 2 });
  }
  return { state: next, effects };
}

/** What was found is sent while there is room for it. Whoever begins one hears from the store if it is gone meanwhile. */
function beginReady(state: SyncState): Step {
  if (state.link.kind !== 'up') return { state: { ...state, ready: [] }, effects: [] };
  const free = state.ready.filter((item) => !state.busy.has(item.conversationId));
  const items = free.slice(0, Math.max(0, roomOf(state)));
  const busy = new Set([...state.busy, ...items.map((item) => item.conversationId)]);
  return {
    state: { ...state, busy, ready: free.slice(items.length) },
    effects: items.map((item) => ({ type: 'push', item })),
  };
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
function linkStatus({ link, account, pulledAt, isPlain }: SyncState): LinkStatus {
  return {
    link: link.kind,
    detail: 'detail' in link ? link.detail : '',
    ...(account === undefined ? {} : { account }),
    ...('retryAt' in link ? { retryAt: link.retryAt, failures: link.failures } : {}),
    // A backend that is well may be asked by each window: nothing has to be written down for that.
    ...(link.kind === 'up' || pulledAt === -Infinity ? {} : { pulledAt }),
    ...('isAsked' in link ? { isAsked: link.isAsked } : {}),
    ...(isPlain ? { isPlain } : {}),
  };
}
