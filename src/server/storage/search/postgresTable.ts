/** Terms as the lexemes of a `tsvector` under a GIN index: built in, without an extension and without a language. */
import { sql } from 'kysely';
import type { FoundText, SearchTable } from './table.ts';
import { toTsQuery } from './terms.ts';

export const postgresTable: SearchTable = {
  async lockOwner(trx, { userId, orgId }) {
    await sql`select seq from navi_users where user_id = ${userId} and org_id = ${orgId} for no key update`.execute(
      trx,
    );
  },

  async add(trx, { userId, orgId }, texts) {
    if (texts.length === 0) return;
    const rows = texts.map(({ conversationId, messageAt, seq, terms }) => ({
      conversation_id: conversationId,
      message_at: messageAt,
      seq,
      terms,
    }));
    await sql`insert into navi_search (user_id, org_id, conversation_id, message_at, seq, terms)
      select ${userId}, ${orgId}, t.conversation_id, t.message_at, t.seq, array_to_tsvector(t.terms)
      from json_to_recordset(${JSON.stringify(rows)})
        as t(conversation_id text, message_at bigint, seq bigint, terms text[])`.execute(trx);
  },

  async removeTitles(trx, { userId }, conversationIds) {
    if (conversationIds.length === 0) return;
    await trx
      .deleteFrom('navi_search')
      .where('user_id', '=', userId)
      .where('conversation_id', 'in', conversationIds)
      .where('message_at', '=', 0)
      .execute();
  },

  async removeConversation(trx, { userId }, conversationId) {
    await trx
      .deleteFrom('navi_search')
      .where('user_id', '=', userId)
      .where('conversation_id', '=', conversationId)
      .execute();
  },

  async removeOwner(trx, { userId, orgId }) {
    await trx.deleteFrom('navi_search').where('user_id', '=', userId).where('org_id', '=', orgId).execute();
  },

  async clear(trx) {
    await sql`delete from navi_search`.execute(trx);
    await sql`delete from navi_search_users`.execute(trx);
  },

  async find(db, owner, { terms, status, before, limit }) {
    const { userId, orgId } = owner;
    const { rows } = await sql<FoundText>`
      select s.conversation_id, s.message_at, s.seq
      from navi_search s join navi_conversations c on c.user_id = s.user_id and c.id = s.conversation_id
      where s.terms @@ ${toTsQuery(owner, terms)}::tsquery and s.user_id = ${userId} and s.org_id = ${orgId}
        and s.seq < ${before ?? Number.MAX_SAFE_INTEGER}
        and ${status === undefined ? sql`c.status <> 'deleted'` : sql`c.status = ${status}`}
      order by s.seq desc limit ${limit}`.execute(db);
    return rows;
  },
};
