import type { PullContext } from './reading.ts';
import { RemoteError } from './remote.ts';

export interface PushContext extends PullContext {
  readonly random: () => number;
  /** No request of ours can still take effect this long after it was sent, milliseconds. */
  readonly requestLifeMs: number;
  /** True while nothing else has to be done first: the next of the same conversation may follow at once. */
  readonly mayGoOn: () => boolean;
  /** Says that no request of this conversation is under way or follows, before what became of the last one is entered. */
  readonly answered: (conversationId: string) => void;
}

/** Longer than a store takes to answer; short against the life of a request, which is counted from its note. */
export const LATEST_MS = 5_000;

/** A clock is corrected by so much; set back further, it does not say any more how much time has passed. */
const CORRECTED_MS = 1_000;

/** True while no more than `ms` have passed since `from`, by a clock that was not set back. */
export function isWithin(ms: number, from: number, now: number): boolean {
  return now - from >= -CORRECTED_MS && now - from <= ms;
}

/**
 * A window that was stopped between noting a request and sending it may go on when another one has long looked for what it
 * sent, found nothing and sent it again: then it sends nothing. Undefined while there is no such danger.
 */
export function tooLate(begunAt: number, now: number): RemoteError | undefined {
  if (isWithin(LATEST_MS, begunAt, now)) return undefined;
  return new RemoteError('not-sent', 'This window was stopped before it could send');
}
