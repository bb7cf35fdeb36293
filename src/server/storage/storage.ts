import type { Kysely } from 'kysely';
import type { IdSource } from '../../model/ids.ts';
import type { Tables } from './schema.ts';
import type { SearchTable } from './search/table.ts';

export type DatabaseKind = 'sqlite' | 'postgres';

/** What the statements work with. */
export interface Storage {
  readonly db: Kysely<Tables>;
  /** Microseconds since the epoch. */
  readonly now: () => number;
  readonly newId: IdSource;
  readonly kind: DatabaseKind;
  readonly search: SearchTable;
}
