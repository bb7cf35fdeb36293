import { StoreError } from '../../store.ts';
import { Source, type Row, textOf } from './source.ts';

/** Above this size every tenth batch of messages is compared with its hashes, below it all are. */
const WHOLE_UP_TO_BYTES = 512 * 1024 * 1024;
const SAMPLE = 10;
/** How FTS5 says what is wrong with an index of its own. */
const INDEX_PROBLEM = /^fts5: |inverted index for FTS5 table/;

export interface Verified {
  readonly conversations: number;
  readonly messages: number;
}

/**
 * Reads a file that nobody writes: structure and references (not the search index, which can be made anew), and each message
 * against the hash that it was saved with.
 * Damaged messages that it already marks as such are no news; with `mayHoldDamage` no damaged message is. Throws
 * `StoreError('unavailable')`.
 */
export function verifyCopy(file: string, bytes: number, mayHoldDamage = false): Verified {
  const source = Source.open(file, 'frozen');
  if (source === undefined) throw refused('it cannot be opened');
  try {
    if (structureOf((sql) => source.query(sql)) === 'damaged')
      throw refused('its structure or a reference in it is damaged');
    const damaged = countDamaged(source, bytes > WHOLE_UP_TO_BYTES ? SAMPLE : 1);
    const isMore = !mayHoldDamage && damaged > source.count('quarantine');
    if (source.unreadable > 0 || isMore) throw refused('messages in it are damaged');
    return { conversations: source.count('conversations'), messages: source.count('messages') };
  } finally {
    source.close();
  }
}

/**
 * `index`: nothing is wrong but what the search index says of itself; it is made anew from the messages. A page that two
 * trees claim is damage, also when one of them is the index's: dropping it would give the page free under the other.
 */
export function structureOf(query: (sql: string) => readonly Row[]): 'sound' | 'index' | 'damaged' {
  try {
    if (query('PRAGMA foreign_key_check').length > 0) return 'damaged';
    const found = query('PRAGMA integrity_check(100)').map((row) => textOf(row['integrity_check']));
    if (found.length === 1 && found[0] === 'ok') return 'sound';
    return found.every((words) => INDEX_PROBLEM.test(words)) ? 'index' : 'damaged';
  } catch (error) {
    if (error instanceof Error && 'errcode' in error) return 'damaged';
    throw error;
  }
}

function countDamaged(source: Source, every: number): number {
  let [damaged, batch] = [0, 0];
  for (const messages of source.messages()) {
    batch += 1;
    if (batch % every === 0) damaged += messages.filter(({ verdict }) => verdict === 'damaged').length;
  }
  return damaged;
}

function refused(why: string): StoreError {
  return new StoreError(
    'unavailable',
    `The backup was not kept: ${why}. The conversation file was not changed.`,
  );
}
