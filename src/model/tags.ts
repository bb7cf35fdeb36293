/** Words that a user files conversations under. */

/** Longest tag, in code points. */
export const MAX_TAG = 40;
/** Most tags of one conversation. */
export const MAX_TAGS = 20;

/** What makes two tags the same: case and the form in which accents are written do not count. */
export function tagKey(tag: string): string {
  return tag.normalize('NFC').toLowerCase().normalize('NFC');
}

/** One line, NFC, no space at its ends, at most 40 code points; undefined when nothing is left. */
export function cleanTag(text: string): string | undefined {
  const line = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const tag = Array.from(line).slice(0, MAX_TAG).join('').trim();
  return tag === '' ? undefined : tag;
}

/** At most 20, each once; the first spelling of a tag stays. `known` are spellings in use elsewhere, and win. */
export function cleanTags(texts: readonly string[], known: readonly string[] = []): string[] {
  const spellings = new Map(known.map((tag) => [tagKey(tag), tag]));
  const tags = new Map<string, string>();
  for (const text of texts) {
    const tag = cleanTag(text);
    if (tag === undefined) continue;
    const key = tagKey(tag);
    if (!tags.has(key)) tags.set(key, spellings.get(key) ?? tag);
  }
  return [...tags.values()].slice(0, MAX_TAGS);
}

export function sameTags(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((tag, index) => tag === b[index]);
}

/** In whatever order they stand. */
export function sameTagSet(a: readonly string[], b: readonly string[]): boolean {
  return sameTags([...a].sort(), [...b].sort());
}

/**
 * Three ways, as sets: what either side added since `base` is there, what either side removed is not. In the order of
 * `ours`, in the spelling of `theirs`; may be more than a user can give at once.
 */
export function mergeTags(
  base: readonly string[],
  ours: readonly string[],
  theirs: readonly string[],
): string[] {
  const [was, here] = [new Set(base.map(tagKey)), new Set(ours.map(tagKey))];
  const there = new Map(theirs.map((tag) => [tagKey(tag), tag]));
  const kept = ours.flatMap((tag) => there.get(tagKey(tag)) ?? (was.has(tagKey(tag)) ? [] : [tag]));
  const added = theirs.filter((tag) => !here.has(tagKey(tag)) && !was.has(tagKey(tag)));
  return [...kept, ...added];
}
