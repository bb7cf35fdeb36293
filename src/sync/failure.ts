import type { Deferral, OutboxItem } from '../store/outbox.ts';
import type { RemoteError } from './remote.ts';

/** What one request taught about the connection. */
export type RequestOutcome =
  | { readonly kind: 'ok' }
  /** No request was needed, or its answer concerned one item only. */
  | { readonly kind: 'nothing' }
  /** The backend answers, but not as it should: have a look at it soon. */
  | { readonly kind: 'doubtful'; readonly detail: string }
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'slow-down'; readonly detail: string; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'signed-out'; readonly detail: string }
  | { readonly kind: 'denied'; readonly detail: string }
  /** Another window syncs now. */
  | { readonly kind: 'fenced' };

const MAX_ATTEMPTS = 5;
/** Those come quickly, one after the other: about as long as five that are looked for in between. */
const MAX_RESENDS = 14;
const FORBIDDEN_WAIT_MS = 5 * 60_000;
const FIRST_WAIT_MS = 1_000;
export const LONGEST_BACK_OFF_MS = 30_000;

/**
 * Exponential back-off with jitter: between half and all of 1 s, 2 s, 4 s ... 30 s, and never less than 1 s. `random` is
 * in [0, 1).
 */
export function backOff(failures: number, random: number): number {
  const full = Math.min(LONGEST_BACK_OFF_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
  return Math.max(FIRST_WAIT_MS, jittered(full, random));
}

/** Between half and all of it, in whole milliseconds: the store keeps no fractions. */
function jittered(ms: number, random: number): number {
  return Math.round(ms * (0.5 + random / 2));
}

/** What a failed request says about the connection. */
export function outcomeOf(error: RemoteError): RequestOutcome {
  const detail = error.message;
  switch (error.problem) {
    case 'not-sent':
      // A proxy's sign-in, a certificate: asking often would not help, and could lock the user out of the proxy.
      return { kind: error.needsUser ? 'denied' : 'unreachable', detail };
    case 'unknown':
      if (error.retryAfterMs !== undefined)
        return { kind: 'slow-down', detail, retryAfterMs: error.retryAfterMs };
      return error.status === undefined ? { kind: 'unreachable', detail } : { kind: 'doubtful', detail };
    case 'signed-out':
      return { kind: 'signed-out', detail };
    case 'slow-down':
      return { kind: 'slow-down', detail, retryAfterMs: error.retryAfterMs };
    case 'forbidden':
      return { kind: 'denied', detail };
    case 'not-found':
    case 'refused':
      return { kind: 'nothing' };
  }
}

/**
 * Where an outbox item goes after its request failed; `item` as it was before. Nothing is ever dropped: what cannot succeed
 * is parked with its reason, what may have happened is read back before it is sent again, or is sent again by its client id
 * (I2, I3).
 */
export function deferralFor(
  error: RemoteError,
  item: OutboxItem,
  now: number,
  random: number,
  isById = false,
): Deferral {
  const attempts = item.attempts + 1;
  // That nothing happened now does not say what an earlier request did.
  const waiting = item.state === 'unknown' ? 'unknown' : 'queued';
  switch (error.problem) {
    case 'not-sent':
    case 'signed-out':
      return { state: waiting, notBefore: now, reason: error.message, isUntried: true };
    case 'slow-down':
      return {
        state: waiting,
        notBefore: now + (error.retryAfterMs ?? LONGEST_BACK_OFF_MS),
        reason: error.message,
        isUntried: true,
      };
    case 'forbidden':
      // Some backends refuse every change of fields but take messages; waiting does not change that.
      return item.kind === 'fields'
        ? { state: 'parked', reason: error.message }
        : { state: waiting, notBefore: now + FORBIDDEN_WAIT_MS, reason: error.message };
    case 'not-found':
    case 'refused':
      return { state: 'parked', reason: error.message };
    case 'unknown':
      if (item.kind !== 'fields') {
        if (isById && attempts >= MAX_RESENDS && error.status !== undefined)
          return { state: 'parked', reason: error.message };
        const wait = error.retryAfterMs ?? (isById ? backOff(attempts, random) : 0);
        return { state: 'unknown', notBefore: now + wait, reason: error.message };
      }
      // Setting fields twice is setting them once.
      return attempts >= MAX_ATTEMPTS && error.status !== undefined
        ? { state: 'parked', reason: error.message }
        : { state: 'queued', notBefore: now + backOff(attempts, random), reason: error.message };
  }
}

/**
 * Where an item goes whose read-back failed: asked again after about as long as it has been waiting already, so that
 * a backend that fails to read one conversation is asked ever more rarely.
 */
export function deferralForUnread(item: OutboxItem, now: number, random: number): Deferral {
  const waited = now - (item.sentAt ?? now);
  const wait = Math.min(LONGEST_BACK_OFF_MS, Math.max(FIRST_WAIT_MS, waited));
  return {
    state: 'unknown',
    notBefore: now + jittered(wait, random),
    reason: 'No answer came, and the server cannot be asked now.',
  };
}

/**
 * Where an item goes that a read-back did not find. The request may still be alive somewhere, so it is only sent
 * again when a reading that began after its longest possible life did not find it.
 */
export function deferralForAbsent(item: OutboxItem, readStartedAt: number, requestLifeMs: number): Deferral {
  const deadAt = (item.sentAt ?? 0) + requestLifeMs;
  if (readStartedAt < deadAt) {
    return {
      state: 'unknown',
      // The clock may have been set back since: then the life is counted from now.
      notBefore: Math.min(deadAt, readStartedAt + requestLifeMs),
      reason: 'No answer came; looking again before it is sent again.',
    };
  }
  if (item.attempts >= MAX_ATTEMPTS) {
    return { state: 'parked', reason: `The server did not take it in ${item.attempts} attempts.` };
  }
  return { state: 'queued', notBefore: readStartedAt };
}
