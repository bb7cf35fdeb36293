/** A value that survives JSON unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/**
 * The one text form of a JSON value: keys sorted by code unit, no spaces, no `undefined`.
 * Equal values give equal text whatever order their keys were written in, so hashes of it can be compared
 * between machines (backends keep JSON by value, not by key order).
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    // Absent once it was stored: the hash must be that of what is read back.
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}

/** `Array.isArray` knows nothing of read-only ones. */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** What a text says, or undefined when it is no JSON (any more). */
export function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As `readJson`, for a text that said an object when it was stored. */
export function readJsonObject(text: string): JsonObject | undefined {
  const value = readJson(text);
  return typeof value === 'object' && value !== null && !isArray(value) ? value : undefined;
}
