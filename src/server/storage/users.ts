/** Everything of a user in one organisation: counted, and removed. */
import { type Kysely, sql } from 'kysely';
import { takeNumbers } from './changes.ts';
import type { Owner, UserCounts } from './repository.ts';
import type { Tables } from './schema.ts';
import type { Storage } from './storage.ts';

const COUNTED = {
  conversations: 'navi_conversations',
  messages: 'navi_messages',
  tombstones: 'navi_tombstones',
  tokens: 'navi_tokens',
} as const;

export async function countUser(db: Kysely<Tables>, { userId, orgId }: Owner): Promise<UserCounts> {
  const count = async (table: (typeof COUNTED)[keyof typeof COUNTED]): Promise<number> => {
    const { rows } = await sql<{ n: number }>`
      select count(*) as n from ${sql.table(table)} where user_id = ${userId} and org_id = ${orgId}`.execute(
      db,
    );
    return rows[0]?.n ?? 0;
  };
  return {
    conversations: await count(COUNTED.conversations),
    messages: await count(COUNTED.messages),
    tombstones: await count(COUNTED.tombstones),
    tokens: await count(COUNTED.tokens),
  };
}

/**
 * Leaves the user's row with a new epoch, so that cursors of before are refused, and for each conversation a tombstone
 * that is not told: its number is below zero. Without it, a machine that was away would bring the conversation back.
 */
export async function deleteUser(storage: Storage, owner: Owner): Promise<UserCounts> {
  const { db, kind, newId, search } = storage;
  const { userId, orgId } = owner;
  return await db.transaction().execute(async (trx) => {
    if (kind === 'postgres') await sql`set local statement_timeout = '10min'`.execute(trx);
    await takeNumbers(trx, owner, 1, newId());
    const counts = await countUser(trx, owner);
    await sql`
      insert into navi_tombstones (user_id, org_id, id, client_id, purged_at, seq)
      select user_id, org_id, id, client_id, ${storage.now()}, -seq from navi_conversations
      where user_id = ${userId} and org_id = ${orgId}`.execute(trx);
    for (const table of ['navi_messages', 'navi_conversations', 'navi_search_users', 'navi_tokens'] as const)
      await sql`delete from ${sql.table(table)} where user_id = ${userId} and org_id = ${orgId}`.execute(trx);
    await search.removeOwner(trx, owner);
    await trx
      .updateTable('navi_users')
      .set({ epoch: newId() })
      .where('user_id', '=', userId)
      .where('org_id', '=', orgId)
      .execute();
    return counts;
  });
}
