/** Tells a damaged file from one that cannot be used for another reason. */
import { existsSync } from 'node:fs';
import { Connection } from './connection.ts';
import { frozenUrl, sizeOf } from './maintenance/files.ts';
import { migrate, versionOf } from './migrations/migrate.ts';
import { sqliteCode } from './trouble.ts';
import { DatabaseSync } from 'node:sqlite';

const ERROR = 1;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** SQLITE_CORRUPT_VTAB: the full-text index, which is made from the rest. */
const CORRUPT_INDEX = 267;

/** Damage that SQLite does not see. */
export class DamageError extends Error {
  constructor(options?: ErrorOptions) {
    super('The conversation file is damaged.', options);
  }
}

/** The structure of the file is broken. */
export function isDamage(error: unknown): boolean {
  if (error instanceof DamageError) return true;
  return [error, causeOf(error)].some((each) => {
    const code = sqliteCode(each);
    return (code === CORRUPT && !isIndexCode(each)) || code === NOT_A_DATABASE;
  });
}

/** The full-text index alone is broken. */
export function isIndexDamage(error: unknown): boolean {
  return isIndexCode(error) || isIndexCode(causeOf(error));
}

/** A statement failed that cannot fail on tables as they should be: their description in the file may be damaged. */
export function mayBeSchemaDamage(error: unknown): boolean {
  return sqliteCode(error) === ERROR || sqliteCode(causeOf(error)) === ERROR;
}

/** Throws node:sqlite's error when not even the schema can be read. */
export function hasSchemaDamage(connection: Connection): boolean {
  const sound = new Connection(connection.file, () => undefined, { mode: 'empty' });
  try {
    migrate(sound, versionOf(connection));
    return describe(sound) !== describe(connection);
  } finally {
    sound.close();
  }
}

const FILE_ID = "SELECT value FROM meta WHERE key = 'file.id'";

/** The write-ahead log beside the file belongs to another one, which SQLite does not notice. */
export function hasForeignLog(connection: Connection): boolean {
  const { file } = connection;
  if (!existsSync(`${file}-wal`) || sizeOf(`${file}-wal`) === 0) return false;
  const own = ownId(file);
  return own !== undefined && own !== idWithLog(connection);
}

function idWithLog(connection: Connection): string | undefined {
  try {
    return connection.get<{ value: string }>(FILE_ID)?.value;
  } catch (error) {
    // A log that hides this table is none of a file that has it.
    if (sqliteCode(error) === ERROR) return undefined;
    throw error;
  }
}

/** As the file says without its log; undefined when it does not say. */
function ownId(file: string): string | undefined {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(frozenUrl(file), { readOnly: true });
    const id = db.prepare(FILE_ID).get()?.['value'];
    return typeof id === 'string' ? id : undefined;
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
    return undefined;
  } finally {
    db?.close();
  }
}

/** Tables with their columns, without what SQLite and the full-text index keep for themselves. */
function describe(connection: Connection): string {
  const rows = connection.all<{ name: string; columns: string }>(
    `SELECT s.name, (SELECT group_concat(c.name) FROM pragma_table_info(s.name) c) AS columns
     FROM sqlite_schema s WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite%' AND s.name NOT LIKE 'search%'
     ORDER BY s.name`,
  );
  return JSON.stringify(rows);
}

function isIndexCode(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === CORRUPT_INDEX;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
