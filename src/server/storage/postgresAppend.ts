/**
 * An append as one statement: one way to the database and one commit, instead of five. What it does is what
 * `appendIn` does statement by statement, and the same suite holds both to it.
 */
import { type RawBuilder, sql } from 'kysely';
import { absence } from './conversations.ts';
import { type Append, type Appended, findByClientIds, prepare } from './messages.ts';
import { listedOnTop, nextTime } from './order.ts';
import type { Absent, MessageRecord, NewMessage, Owner, Stored } from './repository.ts';
import { toMessage } from './rows.ts';
import { titleOf } from './titles.ts';
import type { Storage } from './storage.ts';

const UNIQUE_VIOLATION = '23505';
const TRIES = 5;

interface Answer {
  /** False when the conversation was removed after this statement had begun. */
  readonly is_there: boolean;
  /** Of a message that was stored. */
  readonly id: string | null;
  readonly created_at: number | null;
}

export function appendInOneStatement(storage: Storage): Append {
  return async (owner, id, messages) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await appendOnce(storage, owner, id, messages);
      } catch (error) {
        // Another request stored one of these client ids after this statement had looked for it. Nothing was changed.
        if (!isUniqueViolation(error) || attempt >= TRIES) throw error;
      }
    }
  };
}

async function appendOnce(
  storage: Storage,
  owner: Owner,
  id: string,
  messages: readonly NewMessage[],
): Promise<Appended | Absent> {
  const prepared = prepare(messages, storage.newId);
  const { rows } = await statement(storage, owner, id, prepared, titleOf(messages)).execute(storage.db);
  if (rows[0]?.is_there !== true) return await absence(storage.db, owner, id);
  const times = new Map(rows.map((row) => [row.id, row.created_at]));
  const clientIds = prepared.flatMap((row) => (times.has(row.id) ? [] : (row.client_id ?? [])));
  const known = await findByClientIds(storage.db, owner, id, clientIds);
  return prepared.map(({ index, ...message }): Stored<MessageRecord> => {
    const createdAt = times.get(message.id);
    if (createdAt != null) {
      const place = { user_id: owner.userId, org_id: owner.orgId, conversation_id: id, seq: 0 };
      return { outcome: 'stored', record: toMessage({ ...message, ...place, created_at: createdAt }) };
    }
    const row = known.get(message.client_id);
    return row?.body_hash === message.body_hash
      ? { outcome: 'known', record: toMessage(row) }
      : { outcome: 'conflict' };
  });
}

function statement(
  { now }: Storage,
  { userId, orgId }: Owner,
  id: string,
  rows: ReturnType<typeof prepare>,
  title: string | undefined,
) {
  const column = <K extends keyof (typeof rows)[number]>(name: K) => rows.map((row) => row[name]);
  const next = nextTime(sql`${now()}::bigint`, sql`u.last_at`);
  // `owner` takes the user's lock before anything else is written; what follows hangs on its answer.
  return sql<Answer>`
    with given as (
      select * from unnest(${column('index')}::int[], ${column('id')}::text[], ${column('client_id')}::text[],
        ${column('body_hash')}::text[], ${column('role')}::text[], ${column('content')}::text[],
        ${column('metadata')}::text[], ${column('tokens_used')}::int[])
        as g(index, id, client_id, body_hash, role, content, metadata, tokens_used)
    ), place as (
      select id, listed_at from navi_conversations where user_id = ${userId} and org_id = ${orgId} and id = ${id}
    ), fresh as (
      select g.*, row_number() over (order by g.index) - 1 as k, count(*) over () as total from given g
      where exists (select 1 from place)
        and ${storedUnder({ user: sql`${userId}`, conversation: sql`${id}`, client: sql`g.client_id` })} is null
    ), owner as (
      update navi_users u set seq = u.seq + f.total + 1, last_at = ${next} + f.total - 1,
        last_listed_at = ${listedOnTop(next, sql`p.listed_at`, sql`u.last_listed_at`)}
      from (select total from fresh limit 1) f, place p where u.user_id = ${userId} and u.org_id = ${orgId}
      returning u.seq - f.total as first, f.total, u.last_at - f.total + 1 as start, u.last_listed_at as listed_at
    ), conversation as (
      update navi_conversations c set
        updated_at = greatest(o.start, c.updated_at + 1) + o.total - 1,
        listed_at = o.listed_at,
        message_count = c.message_count + o.total,
        title = case when coalesce(c.title, '') = '' then coalesce(${title ?? null}::text, c.title) else c.title end,
        seq = case when coalesce(c.title, '') = '' and ${title ?? null}::text is not null then o.first else c.seq end
      from owner o where c.user_id = ${userId} and c.org_id = ${orgId} and c.id = ${id}
      returning c.updated_at - o.total + 1 as start, o.first
    ), stored as (
      insert into navi_messages (user_id, org_id, conversation_id, created_at, id, client_id, body_hash, role, content,
        metadata, tokens_used, seq)
      select ${userId}, ${orgId}, ${id}, c.start + f.k, f.id, f.client_id, f.body_hash, f.role, f.content, f.metadata,
        f.tokens_used, c.first + 1 + f.k
      from fresh f, conversation c
      returning id, created_at
    )
    select exists (select 1 from conversation) or not exists (select 1 from fresh) as is_there, s.id, s.created_at
      from place left join stored s on true`;
}

interface Place {
  readonly user: RawBuilder<unknown>;
  readonly conversation: RawBuilder<unknown>;
  readonly client: RawBuilder<unknown>;
}

/**
 * The client id, or null when no message has it. With a limit it stays one look into the index for each: joined, it would
 * read the whole conversation. With an order only the index of client ids serves: while the statistics of a new table
 * take it for empty, the planner finds any index of the user as good.
 */
export function storedUnder({ user, conversation, client }: Place): RawBuilder<unknown> {
  return sql`(select m.client_id from navi_messages m where m.user_id = ${user} and m.conversation_id = ${conversation}
    and m.client_id >= ${client} and m.client_id <= ${client} order by m.client_id limit 1)`;
}

function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;
}
