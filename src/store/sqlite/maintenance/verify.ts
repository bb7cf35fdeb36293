import { StoreError } from '../../store.ts';
import { Source, type Row } from './source.ts';

/** Above this size every tenth batch of messages is compared with its hashes, below it all are. */
const WHOLE_UP_TO_BYTES = 512 * 1024 * 1024;
const SAMPLE = 10;

export interface Verified {
  readonly conversations: number;
  readonly messages: number;
}

/**
 * Reads a file that nobody writes: structure, references (not the search index, which can be made anew), and each message against the hash that it was saved with.
 * Damaged messages that it already marks as such are no news; with `mayHoldDamage` no damaged message is. Throws
 * `StoreError('unavailable')`.
 */
export function verifyCopy(file: string, bytes: number, mayHoldDamage = false): Verified {
  const source = Source.open(file, 'frozen');
  if (source === undefined) throw refused('it cannot be opened');
  try {
    if (structureOf((sql) => source.query(sql), source.tables()) === 'damaged')
      throw refused('its structure or a reference in it is damaged');
    const damaged = countDamaged(source, bytes > WHOLE_UP_TO_BYTES ? SAMPLE : 1);
    const isMore = !mayHoldDamage && damaged > source.count('quarantine');
    if (source.unreadable > 0 || isMore) throw refused('messages in it are damaged');
    return { conversations: source.count('conversations'), messages: source.count('messages') };
  } finally {
    source.close();
  }
}

/** `index`: nothing is wrong but the search index, which is made anew from the messages. */
export function structureOf(
  query: (sql: string) => readonly Row[],
  tables: readonly string[],
): 'sound' | 'index' | 'damaged' {
  try {
    const isSound = (of: string): boolean =>
      query(`PRAGMA integrity_check(${of})`)[0]?.['integrity_check'] === 'ok';
    if (query('PRAGMA foreign_key_check').length > 0) return 'damaged';
    if (isSound('1')) return 'sound';
    return tables.every((table) => isSound(`"${table}"`)) ? 'index' : 'damaged';
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
