/** FTS5 keeps the terms; `navi_search` tells whose and where they are, by the same number. */
import { type RawBuilder, sql } from 'kysely';
import type { SearchTable } from './table.ts';
import { toMatch } from './terms.ts';

export const sqliteTable: SearchTable = {
  // A write transaction holds the whole file.
  lockOwner: async () => undefined,

  async add(trx, { userId, orgId }, texts) {
    for (const { conversationId, messageAt, seq, terms } of texts) {
      const { insertId } = await trx
        .insertInto('navi_search')
        .values({
          user_id: userId,
          org_id: orgId,
          conversation_id: conversationId,
          message_at: messageAt,
          seq,
        })
        .executeTakeFirstOrThrow();
      await sql`insert into navi_search_terms (rowid, terms)
        select n, ${terms.join(' ')} from navi_search where user_id = ${userId} and n = ${insertId}`.execute(
        trx,
      );
    }
  },

  async removeTitles(trx, { userId }, conversationIds) {
    if (conversationIds.length === 0) return;
    const ids = sql.join(conversationIds);
    const rows = sql`navi_search where user_id = ${userId} and conversation_id in (${ids}) and message_at = 0`;
    for (const statement of removal(rows)) await statement.execute(trx);
  },

  async removeConversation(trx, { userId }, conversationId) {
    const rows = sql`navi_search where user_id = ${userId} and conversation_id = ${conversationId}`;
    for (const statement of removal(rows)) await statement.execute(trx);
  },

  async removeOwner(trx, { userId, orgId }) {
    const rows = sql`navi_search where user_id = ${userId} and org_id = ${orgId}`;
    for (const statement of removal(rows)) await statement.execute(trx);
  },

  async clear(trx) {
    await sql`insert into navi_search_terms (navi_search_terms) values ('delete-all')`.execute(trx);
    await sql`delete from navi_search`.execute(trx);
    await sql`delete from navi_search_users`.execute(trx);
  },

  async find(db, owner, { terms, status, before, limit }) {
    const { userId, orgId } = owner;
    // From the newest row on, and no further than the page is full.
    const { rows } = await sql<{ conversation_id: string; message_at: number; seq: number }>`
      select s.conversation_id, s.message_at, s.seq
      from navi_search_terms t cross join navi_search s on s.n = t.rowid
        cross join navi_conversations c on c.user_id = s.user_id and c.id = s.conversation_id
      where navi_search_terms match ${toMatch(owner, terms)} and s.user_id = ${userId} and s.org_id = ${orgId}
        and s.seq < ${before ?? Number.MAX_SAFE_INTEGER}
        and ${status === undefined ? sql`c.status <> 'deleted'` : sql`c.status = ${status}`}
      order by t.rowid desc limit ${limit}`.execute(db);
    return rows;
  },
};

function removal(rows: RawBuilder<unknown>): readonly RawBuilder<unknown>[] {
  return [
    sql`delete from navi_search_terms where rowid in (select n from ${rows})`,
    sql`delete from ${rows}`,
  ];
}
