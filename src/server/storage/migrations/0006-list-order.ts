import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DatabaseKind } from '../storage.ts';

/** The order of a user's list in a column of its own, which an append to the newest conversation leaves alone: see order.ts. */
export function listOrder(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const column of ['last_at', 'last_listed_at'])
        await sql`alter table navi_users add column ${sql.ref(column)} bigint not null default 0`.execute(db);
      await sql`alter table navi_conversations add column listed_at bigint not null default 0`.execute(db);
      await sql`update navi_conversations set listed_at = updated_at`.execute(db);
      for (const index of ['navi_conversations_shown', 'navi_conversations_by_status'])
        await sql`drop index ${sql.ref(index)}`.execute(db);
      await sql`create index navi_conversations_shown on navi_conversations (user_id, org_id, listed_at desc, id)
        where status <> 'deleted'`.execute(db);
      await sql`create index navi_conversations_by_status on navi_conversations
        (user_id, org_id, status, listed_at desc, id)`.execute(db);
      // Room on the page for the next version of a row, so that no index has to point at it anew.
      if (kind === 'postgres') await sql`alter table navi_conversations set (fillfactor = 80)`.execute(db);
    },
  };
}
