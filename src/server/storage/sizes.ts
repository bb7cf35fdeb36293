/**
 * How much goes into one answer. Messages may have up to 20 MB each: a page that is bounded by their number alone could be
 * too large for any client, and for this process.
 */
import { sql } from 'kysely';
import { AnswerTooLargeError } from './repository.ts';

/** Of a page: control characters grow sixfold in JSON, and clients take 32 MB. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** Of an answer that is no page, so that what it leaves out cannot be told: more than comes in one request. */
const ANSWER_BYTES = 24 * 1024 * 1024;

/** Of a message, without reading its text. */
export const MESSAGE_BYTES = sql<number>`octet_length(content) + coalesce(octet_length(metadata), 0)`;
/** The same of a conversation; its title is short. */
export const CONVERSATION_BYTES = sql<number>`coalesce(octet_length(initial_context), 0)`;

interface Sized {
  readonly bytes: number;
}

/** The first of them that go on one page: at least one, at most `limit`. */
export function pageOf<T extends Sized>(rows: readonly T[], limit: number): readonly T[] {
  let bytes = 0;
  const end = rows.findIndex((row, index) => {
    bytes += row.bytes;
    return index === limit || (index > 0 && bytes > PAGE_BYTES);
  });
  return end === -1 ? rows : rows.slice(0, end);
}

/** One alone always fits: it came in one request. @throws AnswerTooLargeError */
export function checkAnswer(rows: readonly Sized[]): void {
  const bytes = rows.reduce((total, row) => total + row.bytes, 0);
  if (rows.length > 1 && bytes > ANSWER_BYTES) throw new AnswerTooLargeError();
}
