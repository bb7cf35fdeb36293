/** What the server's index holds of a text, and what it is asked for; pure. */
import { sha256 } from '../../../model/hash.ts';
import { indexTerms, type SearchTerm } from '../../../model/searchText.ts';
import type { Owner } from '../repository.ts';

/** PostgreSQL takes a megabyte of terms a row; of a text with more different ones, what is beyond is not found. */
const MOST_BYTES = 600_000;
const KEY_LENGTH = 10;

/**
 * What the terms of an owner begin with. Short, since it stands before each of them: two owners may have the same one,
 * and every statement names the owner besides.
 */
export function ownerKey({ userId, orgId }: Owner): string {
  return sha256(JSON.stringify([userId, orgId])).slice(0, KEY_LENGTH);
}

export function termsOf(owner: Owner, text: string): string[] {
  const key = ownerKey(owner);
  let bytes = 0;
  const terms: string[] = [];
  for (const term of indexTerms([text])) {
    bytes += key.length + Buffer.byteLength(term);
    if (bytes > MOST_BYTES) break;
    terms.push(key + term);
  }
  return terms;
}

/** For FTS5. */
export function toMatch(owner: Owner, terms: readonly SearchTerm[]): string {
  const key = ownerKey(owner);
  return terms
    .map(({ text, isPrefix }) => `"${key}${text.replaceAll('"', '""')}"${isPrefix ? ' *' : ''}`)
    .join(' AND ');
}

/** For PostgreSQL, as it writes a `tsquery` itself. */
export function toTsQuery(owner: Owner, terms: readonly SearchTerm[]): string {
  const key = ownerKey(owner);
  const quoted = (text: string) => `'${key}${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
  return terms.map(({ text, isPrefix }) => `${quoted(text)}${isPrefix ? ':*' : ''}`).join(' & ');
}
