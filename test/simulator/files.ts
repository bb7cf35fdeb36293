/** Files for machines. A life leaves few rows: its file is emptied for the next one, with its statements still prepared. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate } from '../../src/store/sqlite/migrations/migrate.ts';

/** Whether a commit reaches a disk is shown elsewhere; a file in memory makes thousands of lives affordable. */
const MEMORY = '/dev/shm';
const scratch = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'navi-simulator-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** I8 and I10: the moves that docs/SPEC.md draws, and an account that never changes; anything else is refused where it is made. */
const WATCH = `
  CREATE TEMP TRIGGER moves BEFORE UPDATE OF state ON main.outbox
  WHEN old.state <> new.state AND (old.state || ' ' || new.state) NOT IN ('queued sending', 'sending queued',
    'sending unknown', 'sending parked', 'unknown queued', 'unknown parked', 'parked queued')
    AND NOT (old.state = 'unknown' AND new.state = 'sending' AND old.carried IS NOT NULL)
  BEGIN SELECT RAISE(ABORT, 'I8: not a move of the outbox'); END;
  CREATE TEMP TRIGGER owners BEFORE UPDATE OF account ON main.conversations
  WHEN old.account IS NOT NULL AND new.account IS NOT old.account
  BEGIN SELECT RAISE(ABORT, 'I10: a conversation changed its account'); END`;

interface File {
  readonly db: Connection;
  /** How a table is emptied of all that came after the migrations. */
  readonly clearing: readonly string[];
}

const spare: File[] = [];
const used = new Map<Connection, File>();
let made = 0;

/** A migrated file without a row of anybody's. */
export function emptyFile(): Connection {
  const file = spare.pop() ?? newFile();
  used.set(file.db, file);
  return file.db;
}

export function giveBack(db: Connection): void {
  const file = used.get(db);
  if (file === undefined) throw new Error('This file was given back before.');
  used.delete(db);
  db.exec('PRAGMA foreign_keys=OFF');
  db.write(() => {
    for (const statement of file.clearing) db.run(statement);
    // Triggers have noted what went.
    for (const statement of file.clearing) db.run(statement);
  });
  db.exec('PRAGMA foreign_keys=ON');
  spare.push(file);
}

function newFile(): File {
  const db = new Connection(join(scratch, `${(made += 1)}.db`), () => undefined);
  migrate(db);
  db.exec(WATCH);
  const tables = db.all<{ name: string }>(
    `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_schema'`,
  );
  return { db, clearing: tables.map(({ name }) => clearingOf(db, name)) };
}

function clearingOf(db: Connection, table: string): string {
  const isEmpty = db.get(`SELECT 1 FROM ${table}`) === undefined;
  if (isEmpty) return `DELETE FROM ${table}`;
  return `DELETE FROM ${table} WHERE rowid > ${db.get<{ n: number }>(`SELECT max(rowid) AS n FROM ${table}`)?.n ?? 0}`;
}
