import type { ConversationItem } from '../protocol/panel.ts';

/**
 * `next` with the rows of `shown` in their places, so that no row moves away from under a pointer that aims at it.
 * What is new comes last; what is gone is gone.
 */
export function inShownOrder(
  shown: readonly ConversationItem[],
  next: readonly ConversationItem[],
): readonly ConversationItem[] {
  const fresh = new Map(next.map((item) => [item.id, item]));
  const known = shown.flatMap(({ id }) => fresh.get(id) ?? []);
  const knownIds = new Set(known.map((item) => item.id));
  return [...known, ...next.filter((item) => !knownIds.has(item.id))];
}
