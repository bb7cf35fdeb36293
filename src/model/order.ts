/** Order of a message that no backend has numbered yet: after every numbered one. Largest safe integer. */
export const UNNUMBERED = Number.MAX_SAFE_INTEGER;

/** Where a message stands in its conversation. Total: no two messages of one conversation compare equal. */
export interface Position {
  /** The backend's `created_at` in microseconds since the epoch, or UNNUMBERED. */
  readonly serverOrder: number;
  readonly hlc: number;
  readonly id: string;
}

/** The one total order of a conversation's messages (I4): backend's sequence, then hybrid clock, then id. */
export function comparePositions(a: Position, b: Position): number {
  if (a.serverOrder !== b.serverOrder) return a.serverOrder - b.serverOrder;
  if (a.hlc !== b.hlc) return a.hlc - b.hlc;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** When something was written, in whole milliseconds: never after it was stored. Shown, never used for order. */
export function writingTime({ writtenAt }: { readonly writtenAt?: number }, nowMs: number): number {
  return writtenAt !== undefined && writtenAt > 0 && writtenAt < nowMs ? Math.floor(writtenAt) : nowMs;
}

/**
 * The next hybrid logical clock reading, in microseconds: physical time when it moved on, else one more than the
 * largest seen, so that a clock set back cannot reorder a writer's messages.
 */
export function nextHlc(nowMs: number, largestSeen: number): number {
  return Math.max(Math.floor(nowMs) * 1000, largestSeen + 1);
}
