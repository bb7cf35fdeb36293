/** What this process really asks its databases, taken at their drivers: whoever writes a statement, and however. */
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';

export interface StatementLog {
  /** Each text once, with the values that it came with first (none are known on SQLite). */
  readonly sqlite: ReadonlyMap<string, readonly unknown[]>;
  readonly postgres: ReadonlyMap<string, readonly unknown[]>;
  stop(): void;
}

export function recordStatements(): StatementLog {
  const sqlite = new Map<string, readonly unknown[]>();
  const postgres = new Map<string, readonly unknown[]>();
  const sqlitePrototype = DatabaseSync.prototype;
  const { prepare } = Object.getOwnPropertyDescriptors(sqlitePrototype);
  const { query } = Object.getOwnPropertyDescriptors(pg.Client.prototype);
  replace(sqlitePrototype, 'prepare', prepare, ([text]) => {
    if (typeof text === 'string' && !sqlite.has(text)) sqlite.set(text, []);
  });
  replace(pg.Client.prototype, 'query', query, ([first, second]) => {
    const config = typeof first === 'object' && first !== null ? (first as pg.QueryConfig) : undefined;
    const text = typeof first === 'string' ? first : config?.text;
    const values = config?.values ?? (Array.isArray(second) ? second : []);
    if (text !== undefined && !postgres.has(text)) postgres.set(text, values);
  });
  return {
    sqlite,
    postgres,
    stop: () => {
      Object.defineProperty(sqlitePrototype, 'prepare', prepare);
      Object.defineProperty(pg.Client.prototype, 'query', query);
    },
  };
}

function replace(
  prototype: object,
  name: string,
  { value }: PropertyDescriptor,
  hear: (given: readonly unknown[]) => void,
): void {
  const original = value as (...given: unknown[]) => unknown;
  const heard = function (this: unknown, ...given: unknown[]): unknown {
    hear(given);
    return original.apply(this, given);
  };
  Object.defineProperty(prototype, name, { configurable: true, writable: true, value: heard });
}
