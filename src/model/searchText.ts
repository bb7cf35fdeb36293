/**
 * How words are found: one text becomes the same terms when it is stored and when it is asked for. The full-text index
 * splits at blanks alone; everything about languages and identifiers is decided here, whatever SQLite it runs on.
 */

/** Raised when the terms of a stored text change, or the tables that hold them: an index of another is built anew. */
export const SEARCH_TEXT_VERSION = 2;

/** UTF-16 units of one text that are searched; what follows is kept, and not found by search. */
export const SEARCHED_LENGTH = 200_000;
const LONGEST_TERM = 64;
const MOST_PARTS = 8;
const MOST_QUERY_TERMS = 24;
const LONGEST_QUERY = 1_000;

/** Scripts that are written without blanks, or with too few of them: found by pairs of characters. */
const DENSE =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Bopomofo}\\p{Script=Thai}' +
  '\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Tibetan}\\u30fc';
/** With the joiners that `plain` takes out, so that a run of a stored text and of its plain form are the same. */
const WORD = '\\p{L}\\p{N}\\p{M}\\p{Co}_\\u00ad\\u200b-\\u200f';
const RUN = new RegExp(
  `(?<dense>[${DENSE}]+)|(?<emoji>\\p{RI}\\p{RI}|\\p{Extended_Pictographic})|(?<word>(?:(?![${DENSE}])[${WORD}])+(?:\\+\\+|#(?![${WORD}]))?)`,
  'gu',
);
/** Where a name has its joints: getUserById2, HTTPServer, snake_case. */
const PART = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[^\p{Lu}\p{N}_+#]+|\p{N}+/gu;
const DIGIT = /^\p{N}$/u;
/** Accents, and the vowel points of Arabic and Hebrew, which are written or left out. */
const ACCENTS =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0640\u064b-\u065f\u0670\u200b-\u200f\u00ad\ufe00-\ufe0f]/gu;
const SAME: Readonly<Record<string, string>> = {
  ø: 'o',
  đ: 'd',
  ł: 'l',
  æ: 'ae',
  œ: 'oe',
  ð: 'd',
  þ: 'th',
  ς: 'σ',
  ı: 'i',
  ى: 'ي',
  ة: 'ه',
  ی: 'ي',
  ک: 'ك',
};
const SAME_CHARACTERS = new RegExp(`[${Object.keys(SAME).join('')}]`, 'gu');
/** Arabic and Persian: the last four bits are the value. */
const OTHER_DIGITS = /[\u0660-\u0669\u06f0-\u06f9]/gu;
const ASCII = /^[\0-\x7f]*$/;

/** Compatible forms made one and accents taken off; the case stays, since it shows the joints of a name. */
function plain(text: string): string {
  if (ASCII.test(text)) return text;
  return text
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .normalize('NFC')
    .replace(OTHER_DIGITS, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf));
}

/** `ß` becomes `ss` on the way up. */
function lower(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .normalize('NFC')
    .replace(SAME_CHARACTERS, (character) => SAME[character] ?? character);
}

/** A text as two texts are compared: without case, accents and compatible forms. Its length may differ. */
export function fold(text: string): string {
  return lower(plain(text));
}

export interface Run {
  readonly kind: 'dense' | 'emoji' | 'word';
  readonly text: string;
  /** UTF-16 units before it. */
  readonly at: number;
}

/** The stretches of a text that terms are made of. */
export function* runsOf(text: string): Generator<Run> {
  for (const { 0: run, index: at, groups } of text.matchAll(RUN)) {
    const kind =
      groups?.['word'] !== undefined ? 'word' : groups?.['dense'] !== undefined ? 'dense' : 'emoji';
    yield { kind, text: run, at };
  }
}

/** Every different term of the texts, in the order in which they come. */
export function indexTerms(texts: Iterable<string>): Set<string> {
  const terms = new Set<string>();
  for (const text of texts) {
    for (const { kind, text: run } of runsOf(plain(text.slice(0, SEARCHED_LENGTH)))) {
      if (kind === 'word') addWord(terms, run);
      else if (kind === 'dense') addPairs(terms, run);
      else terms.add(run);
    }
  }
  return terms;
}

/** A name is found by its beginning and by the beginning of each of its parts: getUserById by `user` and `userBy`. */
function addWord(terms: Set<string>, word: string): void {
  const name = joined(word);
  if (name === '') return;
  terms.add(cut(name));
  const parts = word.match(PART) ?? [];
  if (parts.length < 2) return;
  const lowered = parts.slice(0, MOST_PARTS).map(joined);
  const rest = parts.slice(MOST_PARTS).map(joined).join('');
  for (const [index, part] of lowered.entries()) {
    // A single letter says nothing; a digit is half of a version: v1.125.
    if (part.length < 2 && !DIGIT.test(part)) continue;
    terms.add(cut(part));
    if (index > 0) terms.add(cut(lowered.slice(index).join('') + rest));
  }
}

function joined(word: string): string {
  return lower(word.replaceAll('_', ''));
}

/** Each character, and each with the one after it. */
function addPairs(terms: Set<string>, run: string): void {
  const characters = Array.from(lower(run));
  for (const [index, character] of characters.entries()) {
    terms.add(character);
    const after = characters[index + 1];
    if (after !== undefined) terms.add(character + after);
  }
}

function cut(term: string): string {
  return term.length <= LONGEST_TERM ? term : term.slice(0, LONGEST_TERM).toWellFormed();
}

export interface SearchTerm {
  readonly text: string;
  /** True when a longer term that begins with it is found as well. */
  readonly isPrefix: boolean;
}

/** What to look for; every term must be found. Empty when the text holds neither letters, digits nor emoji. */
export function queryTerms(text: string): readonly SearchTerm[] {
  const terms = new Map<string, SearchTerm>();
  const add = (term: string, isPrefix: boolean) => {
    if (term !== '' && !terms.get(term)?.isPrefix) terms.set(term, { text: term, isPrefix });
  };
  const runs = [...runsOf(plain(text.slice(0, LONGEST_QUERY)))];
  const addWordTerm = (word: string, isLast: boolean) => {
    // The beginning `a` is that of nearly everything, and `in` that of half of it, once the next word is begun.
    add(cut(word), word.length >= (isLast ? 2 : 3));
  };
  for (const [index, { kind, text: run }] of runs.entries()) {
    if (kind === 'word') addWordTerm(joined(run), index === runs.length - 1);
    else if (kind === 'dense') pairsOf(run).forEach((pair) => add(pair, false));
    else add(run, false);
  }
  return [...terms.values()].slice(0, MOST_QUERY_TERMS);
}

function pairsOf(run: string): string[] {
  const characters = Array.from(lower(run));
  if (characters.length === 1) return characters;
  return characters.slice(1).map((character, index) => (characters[index] ?? '') + character);
}
