/** When the sync machine may begin what, by its state and the time. Pure, as machine.ts. */
import { LONGEST_BACK_OFF_MS } from './failure.ts';
import type { Link, Stream, SyncState, Waiting } from './state.ts';

/** More requests at once reorder messages on the plain backend and can exhaust it. */
export const MAX_REQUESTS = 2;
export const PULL_EVERY_MS = 30_000;
/** No two pulls begin closer together than this, whatever happens: a pull is what asks a backend whether it is well. */
export const PULLS_APART_MS = 1_000;
/**
 * The user waits for what other machines have: for a while pulls come closer together. It outlasts what those may still wait for
 * themselves, the life of a request of theirs that had no answer.
 */
export const ALERT_MS = 90_000;
export const PULL_ALERT_EVERY_MS = 10_000;
/** While a stream tells what happens, a pull is only a check. */
export const PULL_LIVE_EVERY_MS = 5 * 60_000;
/** A wait that looks longer is the work of a clock that was set back, and is over. */
export const LONGEST_WAIT_MS = 15 * 60_000;

export function isOver(at: number, now: number, longest = LONGEST_WAIT_MS): boolean {
  return at <= now || at > now + longest;
}

/** When what waits like this is tried again; now, where the clock was set back meanwhile. */
function retryTime({ kind, isAsked, retryAt }: Waiting, now: number): number {
  const longest = kind === 'down' && isAsked !== true ? LONGEST_BACK_OFF_MS : LONGEST_WAIT_MS;
  return isOver(retryAt, now, longest) ? now : retryAt;
}

export function isAskedToWait(link: Link, now: number): link is Waiting {
  return (
    (link.kind === 'down' || link.kind === 'denied') && link.isAsked === true && !isOver(link.retryAt, now)
  );
}

export function canWork(state: SyncState): boolean {
  return state.account !== undefined && state.isLeader;
}

/** How many more requests may begin. */
export function roomOf({ busy, answered, isPulling }: SyncState): number {
  return MAX_REQUESTS - (busy.size - answered.size) - Number(isPulling);
}

export function canPull(state: SyncState): boolean {
  return !state.isPulling && roomOf(state) > 0;
}

export function isPullDue(state: SyncState, now: number): boolean {
  const at = nextPullAt(state, now);
  return at !== undefined && at <= now;
}

/** When the next pull may begin, in the past when it could have; undefined: not before something happens. */
export function nextPullAt(state: SyncState, now: number): number | undefined {
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
      return Math.max(earliest, retryTime(link, now));
    case 'signedOut':
      return undefined;
  }
}

/** How long after a pull the next one comes. */
export function pullPeriod({ alertUntil, stream }: SyncState, now: number): number {
  if (stream.kind === 'open') return PULL_LIVE_EVERY_MS;
  return alertUntil > now && alertUntil <= now + ALERT_MS ? PULL_ALERT_EVERY_MS : PULL_EVERY_MS;
}

/** After a pull that is due: that moves the place where the stream begins. */
export function isStreamDue(
  state: SyncState,
  now: number,
): state is SyncState & { stream: Extract<Stream, { kind: 'wanted' }> } {
  const { stream, link, isPulling } = state;
  if (stream.kind !== 'wanted' || link.kind !== 'up' || isPulling || isPullDue(state, now)) return false;
  return isOver(stream.at, now);
}

/** A pull that waits for a free request waits for no time: the end of a request is what lets it begin. */
export function wakeTime(state: SyncState, now: number): number | undefined {
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
