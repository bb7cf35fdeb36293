import type { Activity, CommandPanel } from '../../../model/activity.ts';
import type { Clock } from '../../../model/ids.ts';
import { indexTerms } from '../../../model/searchText.ts';
import type { Connection } from '../connection.ts';
import { readParts } from '../parts.ts';
import { isCurrent, readState, removeMessage, startIndex, writeMessage, writeTitle } from './table.ts';

/** UTF-16 units of a command's output that are searched: its beginning says what ran, the rest is bulk. */
const OUTPUT_HEAD = 4_000;

export interface Budget {
  readonly rows: number;
  /** Milliseconds since the epoch: no further row is begun after it. */
  readonly until: number;
  readonly now: Clock;
}

/** A turn of the idle worker: other windows wait no longer than this for their write. */
export function shortly(now: Clock): Budget {
  return { rows: 200, until: now() + 4, now };
}

/** What a search takes up before it looks. */
export function beforeSearch(now: Clock): Budget {
  return { rows: 2_000, until: now() + 30, now };
}

/** True when the index lacks something that can be indexed now. Reads three rows at most. */
export function isPending(db: Connection): boolean {
  if (!isCurrent(db)) return true;
  return (
    db.get('SELECT 1 FROM search_dirty LIMIT 1') !== undefined ||
    (db.get<{ n: number | null }>('SELECT max(n) AS n FROM messages')?.n ?? 0) > readState(db).indexedTo
  );
}

/**
 * Takes up to `rows` rows into the index in one write transaction, whose beginning reads afresh what another window has
 * done. Returns whether more is pending. Throws `StoreError`; nothing is changed then.
 */
export function indexSome(db: Connection, budget: Budget): boolean {
  if (!isPending(db)) return false;
  return db.write(() => {
    if (!isCurrent(db)) startIndex(db);
    const dirty = indexDirty(db, budget);
    indexNew(db, { ...budget, rows: budget.rows - dirty });
    return isPending(db);
  });
}

/** Rows that changed or went away after they were indexed. An open message stays noted by its end. */
function indexDirty(db: Connection, budget: Budget): number {
  const rows = db.all<{ n: number }>('SELECT n FROM search_dirty LIMIT ?', budget.rows);
  let done = 0;
  for (const { n } of rows) {
    if (done > 0 && budget.now() > budget.until) break;
    if (n < 0) writeTitle(db, -n, indexTerms(titleOf(db, -n)));
    else indexMessage(db, n);
    db.run('DELETE FROM search_dirty WHERE n = ?', n);
    done += 1;
  }
  return done;
}

function titleOf(db: Connection, n: number): string[] {
  return db
    .all<{ title: string }>('SELECT title FROM conversations WHERE n = ?', n)
    .map(({ title }) => title);
}

/** Messages above the mark, which never stands above the newest message (see 0013-numbers.ts). */
function indexNew(db: Connection, budget: Budget): void {
  let mark = readState(db).indexedTo;
  const rows = db.all<{ n: number }>(
    'SELECT n FROM messages WHERE n > ? ORDER BY n LIMIT ?',
    mark,
    Math.max(0, budget.rows),
  );
  let done = 0;
  for (const { n } of rows) {
    if (done > 0 && budget.now() > budget.until) break;
    indexMessage(db, n);
    mark = n;
    done += 1;
  }
  db.run('UPDATE search_state SET indexed_to = ?1 WHERE indexed_to <> ?1', mark);
}

function indexMessage(db: Connection, n: number): void {
  const place = db.get<{ n: number }>(
    'SELECT c.n FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.n = ?',
    n,
  );
  if (place === undefined) removeMessage(db, n);
  else writeMessage(db, n, place.n, indexTerms(textsOf(db, n)));
}

/** What is found of a message; nothing of one that is still being written. */
export function textsOf(db: Connection, n: number): string[] {
  const row = db.get<{ id: string; content: string }>(
    'SELECT id, content FROM messages WHERE n = ? AND owner IS NULL',
    n,
  );
  if (row === undefined) return [];
  const parts = readParts(db, [row.id], 'ends');
  return [row.content, ...searchedParts(parts.activities(row.id), parts.commands(row.id))];
}

export function searchedParts(activities: readonly Activity[], commands: readonly CommandPanel[]): string[] {
  return [...activities.map(activityText), ...commands.map(commandText)];
}

export function activityText({ label, detail, filePath }: Activity): string {
  return [label, filePath, detail].filter((text) => text !== undefined && text !== '').join(' · ');
}

export function commandText({ command, output }: CommandPanel): string {
  return output === '' ? command : `${command}\n${output.slice(0, OUTPUT_HEAD)}`;
}
