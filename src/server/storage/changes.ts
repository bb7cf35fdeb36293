/**
 * The feed of changes. Every transaction that writes for a user first moves the number of that user's row, and so holds
 * its lock until the commit: numbers become visible in their order, and a reader that has seen number n has seen all
 * before it. Users wait for nobody but themselves, wherever their rows lie.
 */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { ChangeCursor, ChangePage, ChangeRecord, Owner } from './repository.ts';
import { toConversation, toMessage } from './rows.ts';
import type { Tables } from './schema.ts';
import { CONVERSATION_BYTES, MESSAGE_BYTES, pageOf } from './sizes.ts';

/** Takes `count` numbers and the user's lock; the first of them. `epoch` is used when the user is new. */
export async function takeNumbers(
  trx: Transaction<Tables>,
  { userId, orgId }: Owner,
  count: number,
  epoch: string,
): Promise<number> {
  const { seq } = await trx
    .insertInto('navi_users')
    .values({ user_id: userId, org_id: orgId, epoch, seq: count, last_at: 0, last_listed_at: 0 })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'org_id']).doUpdateSet({ seq: sql<number>`navi_users.seq + ${count}` }),
    )
    .returning('seq')
    .executeTakeFirstOrThrow();
  return seq - count + 1;
}

export async function newest(
  db: Kysely<Tables>,
  { userId, orgId }: Owner,
): Promise<ChangeCursor | undefined> {
  return await db
    .selectFrom('navi_users')
    .select(['epoch', 'seq'])
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .executeTakeFirst();
}

interface Key {
  readonly type: ChangeRecord['type'];
  readonly id: string;
  /** Of a message. */
  readonly created_at: number | null;
  readonly seq: number;
  readonly bytes: number;
}

export async function readChanges(
  db: Kysely<Tables>,
  owner: Owner,
  since: ChangeCursor | undefined,
  limit: number,
): Promise<ChangePage | 'gone'> {
  const user = await newest(db, owner);
  if (since !== undefined && (user?.epoch !== since.epoch || since.seq > user.seq)) return 'gone';
  if (user === undefined) return { changes: [], cursor: { epoch: '', seq: 0 }, hasMore: false };
  const from = since?.seq ?? 0;
  const keys = await readKeys(db, owner, from, limit + 1);
  const page = pageOf(keys, limit);
  return {
    changes: await load(db, owner, page),
    cursor: { epoch: user.epoch, seq: page.at(-1)?.seq ?? from },
    hasMore: keys.length > page.length,
  };
}

/** One statement, so that it sees one state: the numbers of three tables, read one after the other, would have holes. */
async function readKeys(
  db: Kysely<Tables>,
  owner: Owner,
  from: number,
  limit: number,
): Promise<readonly Key[]> {
  const { userId, orgId } = owner;
  const { rows } = await sql<Key>`
    select * from (
      select * from (select 'conversation' as type, id, cast(null as bigint) as created_at, seq,
        ${CONVERSATION_BYTES} as bytes from navi_conversations
        where user_id = ${userId} and org_id = ${orgId} and seq > ${from} order by seq limit ${limit}) as c
      union all
      select * from (select 'message' as type, conversation_id as id, created_at, seq, ${MESSAGE_BYTES} as bytes from navi_messages
        where user_id = ${userId} and org_id = ${orgId} and seq > ${from} order by seq limit ${limit}) as m
      union all
      select * from (select 'tombstone' as type, id, cast(null as bigint) as created_at, seq, 0 as bytes from navi_tombstones
        where user_id = ${userId} and org_id = ${orgId} and seq > ${from} order by seq limit ${limit}) as t
    ) as k order by seq limit ${limit}`.execute(db);
  return rows;
}

/** The rows as they are by now; one that was purged meanwhile is left to its tombstone, which comes later. */
async function load(db: Kysely<Tables>, owner: Owner, keys: readonly Key[]): Promise<ChangeRecord[]> {
  const ids = (type: Key['type']) => keys.filter((key) => key.type === type);
  const [conversations, messages, tombstones] = await Promise.all([
    loadConversations(db, owner, ids('conversation')),
    loadMessages(db, owner, ids('message')),
    loadTombstones(db, owner, ids('tombstone')),
  ]);
  return keys.flatMap((key) => {
    const found = { conversation: conversations, message: messages, tombstone: tombstones }[key.type];
    return found.get(keyOf(key)) ?? [];
  });
}

function keyOf({ id, created_at: createdAt }: Pick<Key, 'id' | 'created_at'>): string {
  return createdAt === null ? id : `${id} ${createdAt}`;
}

type Found = ReadonlyMap<string, ChangeRecord>;

async function loadConversations(db: Kysely<Tables>, owner: Owner, keys: readonly Key[]): Promise<Found> {
  const rows = await rowsOf(db, 'navi_conversations', owner, keys);
  return new Map(rows.map((row) => [row.id, { type: 'conversation', conversation: toConversation(row) }]));
}

async function loadMessages(db: Kysely<Tables>, owner: Owner, keys: readonly Key[]): Promise<Found> {
  const first = keys[0];
  const last = keys.at(-1);
  if (first === undefined || last === undefined) return new Map();
  const rows = await db
    .selectFrom('navi_messages')
    .selectAll()
    .where('user_id', '=', owner.userId)
    .where('org_id', '=', owner.orgId)
    .where('seq', '>=', first.seq)
    .where('seq', '<=', last.seq)
    .execute();
  return new Map(
    rows.map((row) => [
      keyOf({ id: row.conversation_id, created_at: row.created_at }),
      { type: 'message', conversationId: row.conversation_id, message: toMessage(row) },
    ]),
  );
}

async function loadTombstones(db: Kysely<Tables>, owner: Owner, keys: readonly Key[]): Promise<Found> {
  const rows = await rowsOf(db, 'navi_tombstones', owner, keys);
  return new Map(
    rows.map((row) => [
      row.id,
      { type: 'tombstone', conversationId: row.id, clientId: row.client_id, purgedAt: row.purged_at },
    ]),
  );
}

async function rowsOf<T extends 'navi_conversations' | 'navi_tombstones'>(
  db: Kysely<Tables>,
  table: T,
  { userId, orgId }: Owner,
  keys: readonly Key[],
): Promise<Tables[T][]> {
  if (keys.length === 0) return [];
  const ids = keys.map(({ id }) => id);
  const { rows } = await sql<Tables[T]>`
    select * from ${sql.table(table)}
    where user_id = ${userId} and org_id = ${orgId} and id in (${sql.join(ids)})`.execute(db);
  return rows;
}
