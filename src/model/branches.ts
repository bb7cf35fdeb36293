/**
 * Which messages of a conversation are shown when some stand in the place of others. Pure and a function of the set
 * of messages alone: machines that hold the same messages show the same ones, in whatever order they arrived.
 */
import type { Links } from './links.ts';
import { comparePositions, type Position } from './order.ts';

/** A message that replaces or restores. */
export interface Mark extends Position, Pick<Links, 'replaces' | 'restores'> {}

/** The target, and everything from there up to (without) the mark, in the order of the conversation. */
export interface Cut {
  /** Id of the mark. */
  readonly by: string;
  readonly target: Position;
  readonly until: Position;
}

/**
 * A mark that was written later was written knowing this one, on every clock that is merged. Places in the conversation
 * change when a backend numbers messages; this order never does.
 */
export function isLater(a: Mark, b: Mark): boolean {
  return a.hlc !== b.hlc ? a.hlc > b.hlc : a.id > b.id;
}

/** The marks that hold, oldest first: those that no later mark that holds has taken back. */
export function holding(marks: readonly Mark[]): Mark[] {
  const byId = new Map(marks.map((mark) => [mark.id, mark]));
  const undone = new Set<string>();
  const newestFirst = [...marks].sort((a, b) => (isLater(a, b) ? -1 : 1));
  for (const mark of newestFirst) {
    const target = mark.restores === undefined ? undefined : byId.get(mark.restores);
    if (target !== undefined && !undone.has(mark.id) && isLater(mark, target)) undone.add(target.id);
  }
  return newestFirst.filter((mark) => !undone.has(mark.id)).reverse();
}

/** What the marks hide, oldest mark first. One whose target is not known (yet) hides nothing. */
export function cuts(marks: readonly Mark[], placeOf: (id: string) => Position | undefined): Cut[] {
  return holding(marks).flatMap((mark) => {
    const id = mark.replaces ?? mark.restores;
    const target = id === undefined ? undefined : placeOf(id);
    return target === undefined || target.id === mark.id ? [] : [{ by: mark.id, target, until: mark }];
  });
}

/** A target that is numbered after its mark, because the backend refused it at first, is hidden alone. */
export function isCut(place: Position, { target, until }: Cut): boolean {
  if (place.id === target.id) return true;
  return comparePositions(target, place) <= 0 && comparePositions(place, until) < 0;
}

/** Hidden messages with the mark that hides each: the oldest that holds. A restoring mark hides itself. */
export function hidden(messages: readonly Position[], marks: readonly Mark[]): ReadonlyMap<string, string> {
  const places = new Map(messages.map((message) => [message.id, message]));
  const found = new Map<string, string>();
  for (const mark of marks) if (mark.restores !== undefined) found.set(mark.id, mark.id);
  for (const cut of cuts(marks, (id) => places.get(id)))
    for (const place of messages) if (!found.has(place.id) && isCut(place, cut)) found.set(place.id, cut.by);
  return found;
}
