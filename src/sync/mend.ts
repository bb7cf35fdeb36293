/**
 * What the plain backend can never store, made into something that it can, and back: a NUL, half of a surrogate pair, and
 * the special tokens of its tokenizer are answered with 500 for ever. Nothing is dropped: what was changed is noted beside
 * it, and every NAVI that reads the message restores it.
 */
import * as z from 'zod';
import { isArray, type Json, type JsonObject } from '../model/json.ts';

/** One code unit of the mended text stands for another one of the original; `INSERTED` stands for none. */
export type Mend = readonly [at: number, original: number];

export interface MendedText {
  readonly text: string;
  /** In rising order; empty when nothing had to be changed. */
  readonly mends: readonly Mend[];
}

export const mendsSchema = z.array(z.tuple([z.int().min(0), z.int().min(-1).max(0xffff)]));

const INSERTED = -1;
/** What breaks a special token: readers do not see it. */
const BREAK = '\u200b';
const NUL_PICTURE = '\u2400';
const REPLACEMENT = '\ufffd';

/** A NUL, or half of a surrogate pair. */
const UNIT = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
/** The `<` that begins something like `<|endoftext|>`. */
const TOKEN = /<(?=\|[^\s|<>]{1,64}\|>)/;
const POISON = new RegExp(`${UNIT.source}|${TOKEN.source}`, 'g');
const ESCAPED = new RegExp(`\\\\|${UNIT.source}`, 'g');

/** A text that the plain backend takes, as a reader without NAVI may see it. */
export function mendText(text: string): MendedText {
  const mends: Mend[] = [];
  let added = 0;
  const mended = text.replace(POISON, (found, at: number) => {
    if (found === '<') {
      added += 1;
      mends.push([at + added, INSERTED]);
      return found + BREAK;
    }
    mends.push([at + added, found.charCodeAt(0)]);
    return standIn(found.charCodeAt(0));
  });
  return { text: mended, mends };
}

/** The original; the text as it is when the mends are not those of this text. */
export function restoreText(text: string, mends: readonly Mend[]): string {
  const parts: string[] = [];
  let from = 0;
  for (const [at, original] of mends) {
    if (at < from || text.charAt(at) !== standIn(original)) return text;
    parts.push(text.slice(from, at), original === INSERTED ? '' : String.fromCharCode(original));
    from = at + 1;
  }
  return parts.join('') + text.slice(from);
}

function standIn(original: number): string {
  if (original === INSERTED) return BREAK;
  return original === 0 ? NUL_PICTURE : REPLACEMENT;
}

/** Whether a text or a key in a JSON value could not be stored. */
export function isPoisoned(value: Json): boolean {
  // JSON writes both as an escape that no other backslash precedes.
  const text = JSON.stringify(value);
  return text.includes('\\u') && /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(text);
}

/** Texts and keys with a backslash for an escape, so that `unescapeJson` gives back the same value. */
export function escapeJson(object: JsonObject): JsonObject {
  return mapTexts(object, (text) =>
    text.replace(
      ESCAPED,
      (found) => `\\${found === '\\' ? found : `u${found.charCodeAt(0).toString(16).padStart(4, '0')}`}`,
    ),
  );
}

export function unescapeJson(object: JsonObject): JsonObject {
  return mapTexts(object, (text) =>
    text.replace(/\\(\\|u([0-9a-f]{4}))/g, (_, escaped: string, unit: string | undefined) =>
      unit === undefined ? escaped : String.fromCharCode(parseInt(unit, 16)),
    ),
  );
}

function mapTexts(object: JsonObject, map: (text: string) => string): JsonObject {
  const visit = (value: Json): Json => {
    if (typeof value === 'string') return map(value);
    if (typeof value !== 'object' || value === null) return value;
    if (isArray(value)) return value.map(visit);
    return visitObject(value);
  };
  const visitObject = (one: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(one).map(([key, value]) => [map(key), visit(value)]));
  return visitObject(object);
}
