import { indexTerms } from '../../../model/searchText.ts';
import type { IndexFacts } from '../../check/facts.ts';
import { sqliteCode, type Connection } from '../connection.ts';
import { textsOf } from '../search/indexer.ts';
import { hasIndex, isCurrent, readState } from '../search/table.ts';

/** Messages whose words are looked up, spread evenly, and words of each. */
const SAMPLE = 100;
const WORDS = 3;
const CORRUPT = 11;

/** How far the search index is from what it is made of. */
export function checkIndex(db: Connection): IndexFacts {
  const none = {
    isThere: hasIndex(db),
    isReadable: true,
    isCurrent: isCurrent(db),
    stale: 0,
    sampled: 0,
    missed: 0,
  };
  // One of another version is made anew anyway.
  if (!none.isThere || !none.isCurrent) return { ...none, pending: pendingOf(db) };
  const counts = db.snapshot(() => ({ stale: staleOf(db), pending: pendingOf(db) }));
  try {
    return { ...none, ...counts, ...sample(db) };
  } catch (error) {
    if (sqliteCode(error) !== CORRUPT) throw error;
    return { ...none, ...counts, isReadable: false };
  }
}

function pendingOf(db: Connection): number {
  return (
    db.get<{ n: number }>(
      `SELECT (SELECT count(*) FROM messages WHERE n > ?)
         + (SELECT count(*) FROM search_dirty) AS n`,
      readState(db).indexedTo,
    )?.n ?? 0
  );
}

/** Entries of what is not there, and places that are not those of their messages. One that is to be indexed anew is no drift. */
function staleOf(db: Connection): number {
  const count = (sql: string): number => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`)?.n ?? 0;
  const isSettled = (n: string): string => `NOT EXISTS (SELECT 1 FROM search_dirty s WHERE s.n = ${n})`;
  return (
    count(
      `search_docsize d WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.n = d.id) AND ${isSettled('d.id')}`,
    ) +
    count(
      `search_titles_docsize d WHERE NOT EXISTS (SELECT 1 FROM conversations c WHERE c.n = d.id) AND ${isSettled('-d.id')}`,
    ) +
    count(
      `search_places p JOIN messages m ON m.n = p.n JOIN conversations c ON c.id = m.conversation_id
       WHERE c.n <> p.conversation AND ${isSettled('p.n')}`,
    )
  );
}

function sample(db: Connection): Pick<IndexFacts, 'sampled' | 'missed'> {
  const { indexedTo } = readState(db);
  const numbers = new Set<number>();
  for (let i = 0; i < SAMPLE; i += 1) {
    const n = db.get<{ n: number }>(
      'SELECT n FROM messages WHERE n >= ? AND n <= ? ORDER BY n LIMIT 1',
      Math.floor((i * indexedTo) / SAMPLE) + 1,
      indexedTo,
    )?.n;
    if (n !== undefined) numbers.add(n);
  }
  const found = [...numbers].map((n) => db.snapshot(() => isFound(db, n))).filter((is) => is !== undefined);
  return { sampled: found.length, missed: found.filter((is) => !is).length };
}

/** Undefined for a message that has no words, or that is to be indexed anew. */
function isFound(db: Connection, n: number): boolean | undefined {
  if (db.get('SELECT 1 FROM search_dirty WHERE n = ?', n) !== undefined) return undefined;
  const longest = [...indexTerms(textsOf(db, n))].sort((a, b) => b.length - a.length).slice(0, WORDS);
  if (longest.length === 0) return undefined;
  return longest.every(
    (term) =>
      db.get(
        'SELECT 1 FROM search WHERE search MATCH ? AND rowid = ?',
        `"${term.replaceAll('"', '""')}"`,
        n,
      ) !== undefined,
  );
}
