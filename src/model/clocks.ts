/** Hybrid logical clocks of a conversation's fields, in microseconds since the epoch: when each was last changed. */
import type { ConversationFields } from './conversation.ts';
import { nextHlc } from './order.ts';

export const CLOCKED = ['title', 'status', 'isPinned', 'isStarred', 'tags'] as const;
export type ClockedField = keyof ConversationFields | 'tags';

/** How far a clock may be ahead of the server's: a field that was changed in a far future could never be changed again. */
export const FURTHEST_AHEAD_MICROS = 86_400_000_000;

/** Absent: never changed since clocks are kept, or changed by somebody who kept none. */
export type FieldClocks = { readonly [F in ClockedField]?: number };

/** One value of a field and when it was given. */
export interface Register {
  readonly value: string | boolean;
  readonly clock: number;
}

/**
 * The later of two values; of two with one clock the greater text, as the memory server decides. So every machine ends with
 * the same value, in whatever order and however often it sees them.
 */
export function laterOf<R extends Register>(a: R, b: R): R {
  if (a.clock !== b.clock) return a.clock > b.clock ? a : b;
  return textOf(a) >= textOf(b) ? a : b;
}

/** The server keeps flags as 0 and 1. */
function textOf({ value }: Register): string {
  return typeof value === 'boolean' ? String(Number(value)) : value;
}

/** A reading later than all that was seen: of the conversation's messages (`seen`) and of its fields. */
export function nextClock(clocks: FieldClocks, seen: number, nowMs: number): number {
  return nextHlc(nowMs, Math.max(seen, ...Object.values(clocks)));
}

/** With a new reading for each of these fields. */
export function stamped(
  clocks: FieldClocks,
  fields: readonly ClockedField[],
  seen: number,
  nowMs: number,
): FieldClocks {
  const clock = nextClock(clocks, seen, nowMs);
  return { ...clocks, ...Object.fromEntries(fields.map((field) => [field, clock])) };
}

/** With the clock of one field, or without one. */
export function withClock(clocks: FieldClocks, field: ClockedField, clock: number | undefined): FieldClocks {
  const { [field]: _, ...others } = clocks;
  return clock === undefined ? others : { ...others, [field]: clock };
}
