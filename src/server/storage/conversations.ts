import { type Kysely, sql, type Transaction } from 'kysely';
import { takeNumbers } from './changes.ts';
import { changeFields } from './fields.ts';
import { listOnTop, takePlaces } from './order.ts';
import { newestMessages } from './messagePages.ts';
import type {
  Absent,
  ConversationChange,
  ConversationRecord,
  MessageRecord,
  NewConversation,
  Owner,
  Page,
  Stored,
} from './repository.ts';
import { bodyHash, toConversation, toText } from './rows.ts';
import type { ConversationTable, Tables } from './schema.ts';
import type { Storage } from './storage.ts';

export async function listConversations(
  { db }: Storage,
  owner: Owner,
  page: Page,
): Promise<ConversationRecord[]> {
  // A literal, so that a planner sees that the index of the shown ones holds all of them.
  const isWanted =
    page.status === undefined ? sql<boolean>`status <> 'deleted'` : sql<boolean>`status = ${page.status}`;
  const rows = await db
    .selectFrom('navi_conversations')
    .selectAll()
    .where('user_id', '=', owner.userId)
    .where('org_id', '=', owner.orgId)
    .where(isWanted)
    .orderBy('listed_at', 'desc')
    .orderBy('id')
    .limit(page.limit)
    .offset(page.offset)
    .execute();
  return rows.map(toConversation);
}

export async function createConversation(
  storage: Storage,
  owner: Owner,
  conversation: NewConversation,
): Promise<Stored<ConversationRecord> | 'purged'> {
  const { db, newId } = storage;
  const hash = bodyHash(conversation);
  return await db.transaction().execute(async (trx) => {
    // Also makes a second creation under the same client id wait for the first.
    const places = await takePlaces(trx, storage, owner, { numbers: 1, times: 1 });
    if (conversation.clientId !== null) {
      const known = await findByClientId(trx, owner, conversation.clientId);
      if (known !== undefined)
        return known.body_hash === hash
          ? { outcome: 'known', record: toConversation(known) }
          : { outcome: 'conflict' };
      if (await isPurged(trx, owner, 'client_id', conversation.clientId)) return 'purged';
    }
    const row: ConversationTable = {
      user_id: owner.userId,
      org_id: owner.orgId,
      id: newId(),
      client_id: conversation.clientId,
      body_hash: hash,
      title: conversation.title,
      status: 'active',
      is_pinned: 0,
      is_starred: 0,
      tags: '[]',
      clocks: '{}',
      workspace_path: conversation.workspacePath,
      initial_context: toText(conversation.initialContext),
      message_count: 0,
      created_at: places.start,
      updated_at: places.start,
      listed_at: await listOnTop(trx, owner, places, undefined, places.start),
      seq: places.first,
    };
    await trx.insertInto('navi_conversations').values(row).execute();
    return { outcome: 'stored', record: toConversation(row) };
  });
}

export async function readConversation(
  { db }: Storage,
  owner: Owner,
  id: string,
  messageLimit: number,
): Promise<{ conversation: ConversationRecord; messages: MessageRecord[] } | Absent> {
  // The row first: a message that arrives in between is then newer than the row's `updated_at`, and a client that
  // compares it looks again. The other way round it would never see that message.
  const row = await findRow(db, owner, id);
  if (row === undefined) return await absence(db, owner, id);
  const messages = await newestMessages(db, owner, id, messageLimit);
  return { conversation: toConversation(row), messages };
}

export async function changeConversation(
  storage: Storage,
  owner: Owner,
  id: string,
  change: ConversationChange,
): Promise<ConversationRecord | Absent> {
  return await storage.db.transaction().execute(async (trx) => {
    const places = await takePlaces(trx, storage, owner, { numbers: 1, times: 1 });
    const row = await findRow(trx, owner, id);
    if (row === undefined) return await absence(trx, owner, id);
    const { set, isVisible } = changeFields(row, change, storage.now());
    if (Object.keys(set).length === 0) return toConversation(row);
    const changed = { ...row, ...set, seq: places.first };
    if (isVisible) {
      changed.updated_at = Math.max(places.start, row.updated_at + 1);
      changed.listed_at = await listOnTop(trx, owner, places, row, changed.updated_at);
    }
    const { updated_at, listed_at, seq } = changed;
    await trx
      .updateTable('navi_conversations')
      .set({ ...set, updated_at, listed_at, seq })
      .where('user_id', '=', owner.userId)
      .where('id', '=', id)
      .execute();
    return toConversation(changed);
  });
}

export async function purgeConversation(
  storage: Storage,
  owner: Owner,
  id: string,
): Promise<'purged' | 'missing'> {
  return await storage.db.transaction().execute(async (trx) => {
    const seq = await takeNumbers(trx, owner, 1, storage.newId());
    const row = await findRow(trx, owner, id);
    if (row === undefined) return await absence(trx, owner, id);
    const { userId, orgId } = owner;
    await trx
      .deleteFrom('navi_messages')
      .where('user_id', '=', userId)
      .where('conversation_id', '=', id)
      .execute();
    await trx.deleteFrom('navi_conversations').where('user_id', '=', userId).where('id', '=', id).execute();
    await storage.search.removeConversation(trx, owner, id);
    await trx
      .insertInto('navi_tombstones')
      .values({ user_id: userId, org_id: orgId, id, client_id: row.client_id, purged_at: storage.now(), seq })
      .execute();
    return 'purged';
  });
}

export async function findRow(
  db: Kysely<Tables>,
  { userId, orgId }: Owner,
  id: string,
): Promise<ConversationTable | undefined> {
  return await db
    .selectFrom('navi_conversations')
    .selectAll()
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .where('id', '=', id)
    .executeTakeFirst();
}

/** Why there is no such conversation. */
export async function absence(db: Kysely<Tables>, owner: Owner, id: string): Promise<Absent> {
  return (await isPurged(db, owner, 'id', id)) ? 'purged' : 'missing';
}

async function isPurged(
  db: Kysely<Tables>,
  { userId, orgId }: Owner,
  column: 'id' | 'client_id',
  value: string,
): Promise<boolean> {
  const found = await db
    .selectFrom('navi_tombstones')
    .select('id')
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .where(column, '=', value)
    .executeTakeFirst();
  return found !== undefined;
}

async function findByClientId(
  trx: Transaction<Tables>,
  { userId, orgId }: Owner,
  clientId: string,
): Promise<ConversationTable | undefined> {
  return await trx
    .selectFrom('navi_conversations')
    .selectAll()
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
}
