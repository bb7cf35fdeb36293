/** Merging the fields of one conversation that two machines changed. Pure; docs/SPEC.md says the rules. */
import { FIELDS, type FieldChange } from './change.ts';
import { laterOf, nextClock, withClock, type ClockedField, type FieldClocks } from './clocks.ts';
import type { ConversationFields } from './conversation.ts';
import { mergeTags, sameTagSet } from './tags.ts';

type Field = keyof ConversationFields;

/** What is held here. */
export interface Side extends ConversationFields {
  readonly tags: readonly string[];
  readonly clocks: FieldClocks;
}

/** What a backend holds, or was last known to hold. One that keeps no clocks gives none, and no tags. */
export interface RemoteSide extends ConversationFields {
  readonly tags?: readonly string[];
  readonly clocks?: FieldClocks;
}

/** Both sides changed a field to different values, and one of them was dropped. */
export interface Dropped {
  readonly field: Field;
  readonly kept: string | boolean;
  readonly other: string | boolean;
}

export interface MergeTime {
  readonly nowMs: number;
  /** The largest clock of the conversation's messages. */
  readonly seen: number;
  /** A deletion there is older than a message here: it does not hold. */
  readonly isOutlived?: boolean;
}

type Values = Record<Field, string | boolean>;

/**
 * Field by field. Where both sides have a clock the later value wins; else three ways: a field that only one side changed
 * since `base` takes that side's value, one that both changed keeps ours, which is about to be sent. Whatever the clocks
 * say, a new deletion wins over another new status, so that no machine that has not heard of it undoes it (I7), unless it
 * is outlived. Of tags, what either side added is added, and what either side removed is removed.
 */
export function mergeSides(
  base: RemoteSide,
  ours: Side,
  theirs: RemoteSide,
  time: MergeTime,
): { readonly merged: Side; readonly dropped: readonly Dropped[] } {
  const all = { ...ours.clocks };
  for (const [field, clock] of Object.entries(theirs.clocks ?? {}))
    all[field as Field] = Math.max(clock, all[field as Field] ?? 0);
  const later = nextClock(all, time.seen, time.nowMs);
  const values: Values = { title: '', status: '', isPinned: false, isStarred: false };
  let clocks = ours.clocks;
  const dropped: Dropped[] = [];
  for (const field of FIELDS) {
    const sides: Sides = { field, base, ours, theirs, isOutlived: time.isOutlived === true };
    const winner = winnerOf(sides);
    const kept = winner === 'theirs' ? theirs[field] : ours[field];
    values[field] = kept;
    clocks = withClock(clocks, field, clockOf(sides, winner));
    const other = winner === 'theirs' ? ours[field] : theirs[field];
    if (isConflict(sides)) dropped.push({ field, kept, other });
  }
  const tags =
    theirs.tags === undefined ? ours.tags : mergeTags(tagsOf(base, theirs), ours.tags, theirs.tags);
  if (theirs.tags !== undefined)
    clocks = withClock(clocks, 'tags', sameTagSet(tags, theirs.tags) ? theirs.clocks?.tags : later);
  return { merged: { ...(values as unknown as ConversationFields), tags, clocks }, dropped };
}

interface Sides {
  readonly field: Field;
  readonly base: RemoteSide;
  readonly ours: Side;
  readonly theirs: RemoteSide;
  readonly isOutlived: boolean;
}

/** `stands`: ours, and it has to be given anew for the backend to take it. */
type Winner = 'ours' | 'stands' | 'theirs';

/** A backend that knew a clock and knows none went back to an earlier state: what it holds is older than all. */
function clockThere({ field, base, theirs }: Sides): number | undefined {
  return theirs.clocks && (theirs.clocks[field] ?? (base.clocks?.[field] === undefined ? undefined : 0));
}

function winnerOf(sides: Sides): Winner {
  const { field, base, ours, theirs, isOutlived } = sides;
  const [our, their] = [ours.clocks[field], clockThere(sides)];
  if (ours[field] === theirs[field]) return their === undefined || (our ?? 0) > their ? 'ours' : 'theirs';
  if (field === 'status') {
    if (isOutlived) return 'stands';
    const isBack = their !== undefined && their < (base.clocks?.status ?? 0);
    if (theirs.status === 'deleted' && base.status !== 'deleted' && !isBack) return 'theirs';
    if (ours.status === 'deleted' && base.status !== 'deleted')
      return (our ?? 0) > (their ?? 0) ? 'ours' : 'stands';
  }
  if (our === undefined || their === undefined) return ours[field] === base[field] ? 'theirs' : 'ours';
  const [a, b] = [
    { value: ours[field], clock: our },
    { value: theirs[field], clock: their },
  ];
  return laterOf(a, b) === a ? 'ours' : 'theirs';
}

function clockOf(sides: Sides, winner: Winner): number | undefined {
  const { field, ours, theirs } = sides;
  const our = ours.clocks[field];
  if (winner !== 'stands') return winner === 'ours' ? our : theirs.clocks?.[field];
  // A backend without clocks is compared three ways: a reading of our own would only be out of date one day.
  if (theirs.clocks === undefined) return our;
  // No later than it has to be: what was said meanwhile knows nothing of it, and must not seem to be older.
  return Math.max(our ?? 0, (clockThere(sides) ?? 0) + 1);
}

/** Each side was changed since both agreed, and they do not agree now. */
function isConflict({ field, base, ours, theirs, isOutlived }: Sides): boolean {
  if (ours[field] === theirs[field]) return false;
  if (isOutlived && field === 'status') return true;
  if (base.clocks === undefined || theirs.clocks === undefined)
    return ours[field] !== base[field] && theirs[field] !== base[field];
  const agreed = base.clocks[field];
  return ours.clocks[field] !== agreed && theirs.clocks[field] !== agreed;
}

/** A backend that went back to an earlier state has not removed what it lacks. */
function tagsOf(base: RemoteSide, theirs: RemoteSide): readonly string[] {
  const isBack = (theirs.clocks?.tags ?? 0) < (base.clocks?.tags ?? 0);
  return isBack ? [] : (base.tags ?? []);
}

export interface Sent extends Pending {
  /** Ours, when it was sent. */
  readonly clocks: FieldClocks;
}

/**
 * After a backend has answered with what it holds now: the fields that it took are no news from there, and have the clock
 * that it gave them, unless they were changed here again.
 */
export function agree(
  ours: Side,
  base: RemoteSide,
  sent: Sent,
  theirs: RemoteSide,
): { readonly side: Side; readonly base: RemoteSide; readonly isTaken: boolean } {
  const fields = FIELDS.filter(
    (field) => sent.change[field] !== undefined && sent.change[field] === theirs[field],
  );
  const taken: ClockedField[] = [...fields];
  if (sent.tags !== undefined && theirs.tags !== undefined && sameTagSet(sent.tags, theirs.tags))
    taken.push('tags');
  const known = theirs.clocks ?? {};
  const same = taken.filter((field) => ours.clocks[field] === sent.clocks[field]);
  const values = Object.fromEntries(taken.map((field) => [field, theirs[field]]));
  const next: RemoteSide = { ...base, ...values, clocks: taken.reduce(takeClock(known), base.clocks ?? {}) };
  return {
    side: { ...ours, clocks: same.reduce(takeClock(known), ours.clocks) },
    base: next,
    isTaken: taken.length > 0,
  };
}

function takeClock(from: FieldClocks): (clocks: FieldClocks, field: ClockedField) => FieldClocks {
  return (clocks, field) => withClock(clocks, field, from[field]);
}

/** What the backend has to be told for it to hold what is held here. */
export interface Pending {
  /** Also values that it holds already, given later than it knows. */
  readonly change: FieldChange;
  /** Absent: it keeps none, or has them. */
  readonly tags?: readonly string[];
}

export function pendingOf(base: RemoteSide, ours: Side): Pending {
  const isLater = (field: Field): boolean =>
    base.clocks !== undefined && (ours.clocks[field] ?? 0) > (base.clocks[field] ?? 0);
  const fields = FIELDS.filter((field) => ours[field] !== base[field] || isLater(field));
  const change: FieldChange = Object.fromEntries(fields.map((field) => [field, ours[field]]));
  if (base.tags === undefined || sameTagSet(base.tags, ours.tags)) return { change };
  return { change, tags: ours.tags };
}

export function isNothing({ change, tags }: Pending): boolean {
  return Object.keys(change).length === 0 && tags === undefined;
}

/** A field waits that did not wait before. */
export function pendsMore(after: Pending, before: Pending): boolean {
  const waited = new Set(Object.keys(before.change));
  const isNew = Object.keys(after.change).some((field) => !waited.has(field));
  return isNew || (after.tags !== undefined && before.tags === undefined);
}

/**
 * What both sides are measured from when they meet for the first time: a field without a clock is there as it was created.
 */
export function firstBase(ours: Side, theirs: RemoteSide): RemoteSide {
  const { clocks } = theirs;
  if (clocks === undefined) return theirs;
  const { title, status, isPinned, isStarred } = ours;
  const created = FIELDS.filter((field) => clocks[field] === undefined);
  const unchanged: FieldChange = Object.fromEntries(created.map((field) => [field, theirs[field]]));
  return { title, status, isPinned, isStarred, ...unchanged, tags: [], clocks: {} };
}
