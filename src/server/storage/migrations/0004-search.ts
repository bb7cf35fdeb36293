import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../storage.ts';

/**
 * Where words are found: derived from titles and messages, and filled when its user searches. Each term begins with a
 * key of its user, so that looking one up reads nothing of anybody else's, in either database.
 */
export function searchIndex(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<unknown>) {
      await db.schema
        .createTable('navi_search_users')
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('org_id', 'text', (column) => column.notNull())
        .addColumn('seq', 'bigint', (column) => column.notNull())
        .addColumn('version', 'integer', (column) => column.notNull())
        .addPrimaryKeyConstraint('navi_search_users_pk', ['user_id', 'org_id'])
        .execute();
      for (const statement of kind === 'sqlite' ? SQLITE : POSTGRES) await sql.raw(statement).execute(db);
    },
  };
}

/** `n` is named, since VACUUM may number rows anew that have no name for it. */
const SQLITE = [
  `create table navi_search (n integer primary key, user_id text not null, org_id text not null,
    conversation_id text not null, message_at bigint not null, seq bigint not null,
    unique (user_id, conversation_id, message_at))`,
  `create virtual table navi_search_terms using fts5(terms, content='', contentless_delete=1,
    detail='none', tokenize="ascii tokenchars '+#'")`,
];

const POSTGRES = [
  `create table navi_search (user_id text not null, org_id text not null, conversation_id text not null,
    message_at bigint not null, seq bigint not null, terms tsvector not null,
    primary key (user_id, conversation_id, message_at))`,
  `create index navi_search_by_term on navi_search using gin (terms)`,
];
