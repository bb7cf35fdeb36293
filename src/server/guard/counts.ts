/** What was turned away, and why. */
export interface GuardCounts {
  /** By the rate of this kind of client. */
  limited(by: 'user' | 'address'): void;
  /** Because the server had too much to do. */
  shed(reason: 'queue' | 'wait' | 'loop' | 'memory'): void;
}
