/** A few words of a text around what was looked for, taken from the text itself: the index keeps no copy of it. */
import { fold, runsOf, SEARCHED_LENGTH, type SearchTerm } from './searchText.ts';

export interface SnippetPiece {
  readonly text: string;
  readonly isMatch: boolean;
}

/** A place of a text in UTF-16 units, `end` not included, and the index of the term that is there. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly term: number;
}

const MOST_MATCHES = 200;
/** Pieces of a text that end at a blank where they can: most of a long one holds nothing, which is quick to see. */
const PIECE = /.{1,2000}\S{0,400}/gsu;
/** UTF-16 units behind the first match in which more are looked for. */
const REACH = 20_000;
const BEFORE = 40;

/** Where the terms are, in the order of the text; the first 200, none far behind the first. */
export function findMatches(text: string, terms: readonly SearchTerm[]): Match[] {
  const found: Match[] = [];
  if (terms.length === 0) return found;
  for (const { 0: piece, index } of text.slice(0, SEARCHED_LENGTH).matchAll(PIECE)) {
    const [first] = found;
    if (found.length >= MOST_MATCHES || (first !== undefined && index > first.start + REACH)) break;
    if (mayHold(piece, terms)) found.push(...matchesInPiece(piece, index, terms));
  }
  return found.slice(0, MOST_MATCHES);
}

function mayHold(text: string, terms: readonly SearchTerm[]): boolean {
  const folded = fold(text.replaceAll('_', ''));
  return terms.some((term) => folded.includes(term.text));
}

function matchesInPiece(piece: string, at: number, terms: readonly SearchTerm[]): Match[] {
  const found: Match[] = [];
  for (const { text: run, at: start, kind } of runsOf(piece))
    if (mayHold(run, terms)) found.push(...matchesInRun(run, at + start, kind, terms));
  return found;
}

function matchesInRun(
  run: string,
  at: number,
  kind: 'dense' | 'emoji' | 'word',
  terms: readonly SearchTerm[],
): Match[] {
  const { folded, places, ends } = foldWithPlaces(run);
  const isJoint = (index: number) =>
    kind !== 'word' || index === 0 || index === folded.length || isPartStart(run, places[index] ?? 0);
  const found: Match[] = [];
  for (const [term, { text, isPrefix }] of terms.entries()) {
    for (let index = folded.indexOf(text); index !== -1; index = folded.indexOf(text, index + 1)) {
      const end = index + text.length;
      if (!isJoint(index) || !(isPrefix || isJoint(end))) continue;
      found.push({ start: at + (places[index] ?? 0), end: at + (ends[end - 1] ?? run.length), term });
    }
  }
  return found.sort((a, b) => a.start - b.start);
}

/** For each unit of the folded run where in the run the character it comes from begins and ends. */
function foldWithPlaces(run: string): { folded: string; places: number[]; ends: number[] } {
  let folded = '';
  const [places, ends]: [number[], number[]] = [[], []];
  for (const { 0: cluster, index } of run.matchAll(/[^_][\p{M}\u00ad\u200b-\u200f\ufe0f]*/gsu)) {
    const piece = fold(cluster);
    for (let unit = 0; unit < piece.length; unit += 1) {
      places.push(index);
      ends.push(index + cluster.length);
    }
    folded += piece;
  }
  return { folded, places, ends };
}

/** Where the index sees a part of a name begin: foo_Bar, HTTPServer, utf8. */
function isPartStart(run: string, at: number): boolean {
  const [before = '', here = '', after = ''] = [run[at - 1], run[at], run[at + 1]];
  if (before === '_') return true;
  if (isDigit(before) !== isDigit(here)) return true;
  return isUpper(here) && (!isUpper(before) || isLower(after));
}

const isDigit = (character: string) => /\p{N}/u.test(character);
const isUpper = (character: string) => /\p{Lu}/u.test(character);
const isLower = (character: string) => /\p{Ll}/u.test(character);

/** At most about `length` UTF-16 units in one line, where most of the different terms stand closest to its beginning. */
export function snippetOf(text: string, matches: readonly Match[], length: number): SnippetPiece[] {
  const start = startOf(text, bestStart(matches, length - BEFORE));
  const end = wholeCharacter(text, Math.min(text.length, start + length));
  const pieces: SnippetPiece[] = start > 0 ? [{ text: '…', isMatch: false }] : [];
  let at = start;
  for (const match of matches) {
    if (match.end <= at || match.start >= end) continue;
    const from = Math.max(at, match.start);
    pieces.push({ text: oneLine(text.slice(at, from)), isMatch: false });
    pieces.push({ text: oneLine(text.slice(from, Math.min(end, match.end))), isMatch: true });
    at = Math.min(end, match.end);
  }
  pieces.push({ text: oneLine(text.slice(at, end)) + (end < text.length ? '…' : ''), isMatch: false });
  return joinSame(pieces);
}

/** The first place from where the most different terms are within reach. */
function bestStart(matches: readonly Match[], reach: number): number {
  let best = { start: matches[0]?.start ?? 0, terms: 0 };
  for (const [index, { start }] of matches.entries()) {
    const seen = new Set<number>();
    for (let other = index; other < matches.length; other += 1) {
      const match = matches[other];
      if (match === undefined || match.end > start + reach) break;
      seen.add(match.term);
    }
    if (seen.size > best.terms) best = { start, terms: seen.size };
  }
  return best.start;
}

/** A little before the match, at the beginning of a word or line when there is one. */
function startOf(text: string, match: number): number {
  if (match <= BEFORE) return 0;
  const from = match - BEFORE;
  const lead = text.slice(from, match);
  const line = lead.lastIndexOf('\n');
  const blank = line === -1 ? lead.search(/\s/) : line;
  return blank === -1 ? wholeCharacter(text, from) : from + blank + 1;
}

function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function joinSame(pieces: readonly SnippetPiece[]): SnippetPiece[] {
  const joined: SnippetPiece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (piece.text === '') continue;
    if (last?.isMatch === piece.isMatch)
      joined[joined.length - 1] = { ...piece, text: last.text + piece.text };
    else joined.push(piece);
  }
  return joined;
}
