/** How large things are, from a sample whose cost does not grow with the tables. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from './schema.ts';
import type { DatabaseKind } from './storage.ts';

export interface Sizes {
  /** One number for each user of the sample; counted up to `COUNT_LIMIT`. */
  readonly conversationsOfUsers: readonly number[];
  readonly messagesOfConversations: readonly number[];
}

export type SampleSizes = () => Promise<Sizes>;

const USERS = 100;
const CONVERSATIONS = 1_000;
/** A user who has more counts as one who has this many. */
const COUNT_LIMIT = 2_001;

/** On PostgreSQL; a page has 8 KB. */
const PAGES = 40;

type Sampled = 'navi_users' | 'navi_conversations';

export async function sampleSizes(db: Kysely<Tables>, kind: DatabaseKind): Promise<Sizes> {
  const pick = kind === 'sqlite' ? pickSqlite : pickPostgres;
  const users = await sql<{ size: number }>`
    select (
      select count(*) from (
        select 1 from navi_conversations c
        where c.user_id = u.user_id and c.org_id = u.org_id limit ${sql.lit(COUNT_LIMIT)}
      ) counted
    ) as size
    from ${await pick(db, 'navi_users', USERS)} u`.execute(db);
  const conversations = await sql<{ size: number }>`
    select c.message_count as size
    from ${await pick(db, 'navi_conversations', CONVERSATIONS)} c`.execute(db);
  return {
    conversationsOfUsers: users.rows.map(({ size }) => size),
    messagesOfConversations: conversations.rows.map(({ size }) => size),
  };
}

/** Row numbers at random, as far as there are such rows: each row is as likely as any other. */
async function pickSqlite(_db: Kysely<Tables>, table: Sampled, rows: number) {
  const last = sql`(select max(rowid) from ${sql.table(table)})`;
  return sql`(
    with recursive picks(n, pick) as (
      select 1, abs(random() % ${last}) + 1
      union all
      select n + 1, abs(random() % ${last}) + 1 from picks where n < ${sql.lit(rows)}
    )
    select * from ${sql.table(table)} where rowid in (select pick from picks)
  )`;
}

/** Of pages at random, rows at random: what is read is no more than these pages, however many there are. */
async function pickPostgres(db: Kysely<Tables>, table: Sampled, rows: number) {
  const size = await sql<{ pages: number }>`
    select pg_relation_size(${table}::regclass)::float8 / current_setting('block_size')::int as pages`.execute(
    db,
  );
  const share = Math.min(100, (100 * PAGES) / Math.max(1, size.rows[0]?.pages ?? 1));
  return sql`(
    select * from ${sql.table(table)} tablesample system (${share}) order by random() limit ${sql.lit(rows)}
  )`;
}
