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

/** Other versions of a shown message. */
export interface Version {
  /** The shown message. */
  readonly messageId: string;
  /** What was replaced by it, or what had replaced it. */
  readonly kind: 'earlier' | 'later';
  /** Taking this mark back shows the other version. */
  readonly markId: string;
  /** How many versions there are in this direction, at least 1. */
  readonly count: number;
}

/**
 * A mark that was written later was written knowing this one, on every clock that is merged. Places in the conversation
 * change when a backend numbers messages; this order never does.
 */
function isLater(a: Mark, b: Mark): boolean {
  return a.hlc !== b.hlc ? a.hlc > b.hlc : a.id > b.id;
}

/** The marks that hold, oldest first: those that no later mark that holds has taken back. */
function holding(marks: readonly Mark[]): Mark[] {
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

/** The other versions of what is shown. A later mark on the same message speaks for the ones before it. */
export function versions(marks: readonly Mark[]): Version[] {
  const byId = new Map(marks.map((mark) => [mark.id, mark]));
  const found = new Map<string, Version>();
  for (const mark of holding(marks)) {
    const version = versionOf(mark, byId);
    if (version !== undefined) found.set(`${version.messageId} ${version.kind}`, version);
  }
  return [...found.values()];
}

function versionOf(mark: Mark, byId: ReadonlyMap<string, Mark>): Version | undefined {
  let root: Mark | undefined = mark;
  let turns = 0;
  const seen = new Set<string>();
  while (root?.restores !== undefined && !seen.has(root.id)) {
    seen.add(root.id);
    root = byId.get(root.restores);
    turns += 1;
  }
  if (root?.replaces === undefined) return undefined;
  const isReplacementShown = turns % 2 === 0;
  return isReplacementShown
    ? { messageId: root.id, kind: 'earlier', markId: mark.id, count: depth(root, byId) }
    : { messageId: root.replaces, kind: 'later', markId: mark.id, count: 1 };
}

/** How many messages stand behind this one, each replaced by the next. */
function depth(mark: Mark, byId: ReadonlyMap<string, Mark>): number {
  const seen = new Set<string>();
  let at: Mark | undefined = mark;
  while (at?.replaces !== undefined && !seen.has(at.id)) {
    seen.add(at.id);
    at = byId.get(at.replaces);
  }
  return seen.size;
}
