import { SEARCH_TEXT_VERSION } from '../../../model/searchText.ts';
import { StoreError } from '../../store.ts';
import type { Connection } from '../connection.ts';

/** Messages by their number, and titles by that of their conversation: what is dear among messages is cheap among titles. */
const TABLES = ['search', 'search_titles'] as const;

/**
 * Terms only: no copy of the text, no positions. `ascii` takes every other character as part of a term, so that what a
 * term is does not depend on this SQLite.
 */
const COLUMNS = `terms, content='', contentless_delete=1, detail='none', prefix='2 3', tokenize="ascii tokenchars '+#'"`;

/**
 * Whose a message is: a thousand matches are a thousand places in the file, and these are a hundred times closer together
 * than the messages.
 */
const PLACES = `CREATE TABLE search_places (n INTEGER PRIMARY KEY, conversation INTEGER NOT NULL) STRICT`;

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
  for (const table of TABLES) {
    db.exec(`DROP TABLE IF EXISTS ${table}`);
    db.exec(`CREATE VIRTUAL TABLE ${table} USING fts5(${COLUMNS})`);
  }
  db.exec(`DROP TABLE IF EXISTS search_places; ${PLACES}`);
  // Where damage has taken the row, an index without one would be begun anew for ever.
  db.run('INSERT OR REPLACE INTO search_state VALUES (1, 0, ?)', SEARCH_TEXT_VERSION);
  db.run('INSERT OR IGNORE INTO search_dirty SELECT -n FROM conversations');
}

/** Inside a write transaction. `conversation` is the number of the message's. */
export function writeMessage(
  db: Connection,
  n: number,
  conversation: number,
  terms: ReadonlySet<string>,
): void {
  writeTerms(db, 'search', n, terms);
  db.run('INSERT OR REPLACE INTO search_places (n, conversation) VALUES (?, ?)', n, conversation);
}

/** `n` is the conversation's number. */
export function writeTitle(db: Connection, n: number, terms: ReadonlySet<string>): void {
  writeTerms(db, 'search_titles', n, terms);
}

export function removeMessage(db: Connection, n: number): void {
  writeTerms(db, 'search', n, new Set());
  db.run('DELETE FROM search_places WHERE n = ?', n);
}

function writeTerms(
  db: Connection,
  table: (typeof TABLES)[number],
  rowid: number,
  terms: ReadonlySet<string>,
): void {
  db.run(`DELETE FROM ${table} WHERE rowid = ?`, rowid);
  if (terms.size > 0)
    db.run(`INSERT INTO ${table} (rowid, terms) VALUES (?, ?)`, rowid, [...terms].join(' '));
}
