import type { DatabaseKind } from '../storage.ts';
import { postgresTable } from './postgresTable.ts';
import { sqliteTable } from './sqliteTable.ts';
import type { SearchTable } from './table.ts';

export function searchTableOf(kind: DatabaseKind): SearchTable {
  return kind === 'sqlite' ? sqliteTable : postgresTable;
}
