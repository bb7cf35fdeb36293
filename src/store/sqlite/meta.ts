import { readJsonObject } from '../../model/json.ts';
import type { Connection } from './connection.ts';

/** A small value of the file itself; undefined when it was never written, or is damaged. */
export function readMeta<T extends object>(db: Connection, key: string): T | undefined {
  const row = db.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key);
  return row && (readJsonObject(row.value) as T | undefined);
}

/** Call it inside a transaction. */
export function writeMeta(db: Connection, key: string, value: object): void {
  db.run(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    JSON.stringify(value),
  );
}
