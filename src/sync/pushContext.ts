import type { PullContext } from './reading.ts';

export interface PushContext extends PullContext {
  readonly now: () => number;
  readonly random: () => number;
  /** No request of ours can still take effect this long after it was sent, milliseconds. */
  readonly requestLifeMs: number;
  /** True while nothing else has to be done first: the next of the same conversation may follow at once. */
  readonly mayGoOn: () => boolean;
}
