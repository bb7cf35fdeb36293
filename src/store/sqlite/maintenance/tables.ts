import type { SQLInputValue } from 'node:sqlite';
import type { Connection } from '../connection.ts';
import { sqliteCode } from '../trouble.ts';
import type { Row, Source } from './source.ts';

const CONSTRAINT = 19;
const MISMATCH = 20;

/**
 * How the rows of each table come from one file into another. `own`: by rules of fill.ts. `message`: with the message
 * that they belong to. `anew`: made by the file itself. `copied`: row by row where nothing is in their place, like
 * those of any table that is not named here.
 */
export const TABLES: Readonly<Record<string, 'own' | 'message' | 'anew' | 'copied'>> = {
  conversations: 'own',
  messages: 'own',
  message_pieces: 'message',
  activities: 'message',
  command_panels: 'message',
  part_pieces: 'message',
  blobs: 'message',
  unused_blobs: 'anew',
  message_attachments: 'message',
  draft_attachments: 'own',
  quarantine: 'message',
  drafts: 'own',
  edits: 'own',
  outbox: 'own',
  tombstones: 'own',
  leases: 'own',
  meta: 'own',
  sessions: 'own',
  accounts: 'copied',
  // What was not read out of another file must be read from the backend again.
  feeds: 'anew',
  doubts: 'anew',
  workspaces: 'copied',
  conflicts: 'copied',
  search_state: 'anew',
  search_dirty: 'anew',
  search_places: 'anew',
};

/** Columns that both files know, by name. */
export function commonColumns(db: Connection, source: Source, table: string): string[] {
  const known = new Set(
    db.all<{ name: string }>('SELECT name FROM pragma_table_info(?)', table).map(({ name }) => name),
  );
  return source.columns(table).filter((column) => known.has(column));
}

/** False when the row fits nowhere: something is in its place, or its values are none that this table takes. */
export function insertRow(db: Connection, table: string, values: Row): boolean {
  const columns = Object.keys(values);
  const places = columns.map(() => '?').join(', ');
  const names = columns.map((column) => `"${column}"`).join(', ');
  try {
    return (
      db.run(
        `INSERT INTO "${table}" (${names}) VALUES (${places}) ON CONFLICT DO NOTHING`,
        ...Object.values(values),
      ) > 0
    );
  } catch (error) {
    const code = sqliteCode(error);
    if (code === CONSTRAINT || code === MISMATCH) return false;
    throw error;
  }
}

export function pick(row: Row, columns: readonly string[]): Record<string, SQLInputValue> {
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
}

/** Tables of the source that no rule names, and those that are simply copied. */
export function copiedTables(db: Connection, source: Source): string[] {
  return source
    .tables()
    .filter(
      (table) => (TABLES[table] ?? 'copied') === 'copied' && commonColumns(db, source, table).length > 0,
    );
}
