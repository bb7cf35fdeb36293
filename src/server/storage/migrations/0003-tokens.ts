import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Personal tokens, found by their hash: a request says nothing else. Small, and the same wherever users' rows lie. */
export const tokens: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('navi_tokens')
      .addColumn('token_hash', 'text', (column) => column.notNull().primaryKey())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('org_id', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint')
      .addColumn('revoked_at', 'bigint')
      .execute();
  },
};
