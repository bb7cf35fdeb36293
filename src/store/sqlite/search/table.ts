import { SEARCH_TEXT_VERSION } from '../../../model/searchText.ts';
import { StoreError } from '../../store.ts';
import type { Connection } from '../connection.ts';

/**
 * Terms only: no copy of the text, no positions. A row is a message (its number) or a title (minus its conversation's).
 * `ascii` takes every other character as part of a term, so that what a term is does not depend on this SQLite.
 */
const CREATE = `CREATE VIRTUAL TABLE search USING fts5(
  terms, content='', contentless_delete=1, detail='none', prefix='2 3', tokenize="ascii tokenchars '+#'")`;

export interface SearchState {
  /** Messages with a higher number are not indexed yet. */
  readonly indexedTo: number;
  readonly textVersion: number;
}

export function readState(db: Connection): SearchState {
  const row = db.get<{ indexed_to: number; text_version: number }>(
    'SELECT indexed_to, text_version FROM search_state',
  );
  return { indexedTo: row?.indexed_to ?? 0, textVersion: row?.text_version ?? 0 };
}

export function hasIndex(db: Connection): boolean {
  return db.get("SELECT 1 FROM sqlite_master WHERE name = 'search'") !== undefined;
}

/** True when there is an index whose terms are those of this NAVI. */
export function isCurrent(db: Connection): boolean {
  return readState(db).textVersion === SEARCH_TEXT_VERSION;
}

/** Inside a write transaction: an empty index, and everything is to be indexed again. Throws `StoreError`. */
export function startIndex(db: Connection): void {
  if (db.get("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'") === undefined) {
    throw new StoreError(
      'unavailable',
      'Search is not available: the SQLite of this editor has no full-text search (FTS5). Everything else works.',
    );
  }
  db.exec('DROP TABLE IF EXISTS search');
  db.exec(CREATE);
  db.run('UPDATE search_state SET indexed_to = 0, text_version = ?', SEARCH_TEXT_VERSION);
  db.run('INSERT OR IGNORE INTO search_dirty SELECT -n FROM conversations');
}

/** Inside a write transaction. No terms: the row is taken out. */
export function writeRow(db: Connection, n: number, terms: ReadonlySet<string>): void {
  db.run('DELETE FROM search WHERE rowid = ?', n);
  if (terms.size > 0) db.run('INSERT INTO search (rowid, terms) VALUES (?, ?)', n, [...terms].join(' '));
}
