/**
 * Single messages of different users that wait at the same time, in one statement: it costs PostgreSQL about half of a
 * statement and a commit each. A user's row that somebody else holds is passed over, so that no user waits for another;
 * what was not stored so is appended alone, which also finds out why.
 */
import { sql } from 'kysely';
import { listedOnTop, nextTime } from './order.ts';
import { type Append, type Appended, prepare, type Prepared } from './messages.ts';
import {
  type Absent,
  type NewMessage,
  OutcomeUnknownError,
  type Owner,
  StorageUnavailableError,
} from './repository.ts';
import { toMessage } from './rows.ts';
import { titleOf } from './titles.ts';
import { storedUnder } from './postgresAppend.ts';
import type { Storage } from './storage.ts';

const MOST_IN_A_GROUP = 64;
/** A second statement beside one that is under way is worth its price when so many wait; and one that is stuck holds up few. */
const ENOUGH_FOR_ANOTHER = 32;
const MOST_UNDER_WAY = 2;

interface Waiting {
  readonly owner: Owner;
  /** Of all waiting ones of this user, one is under way at a time. */
  readonly user: string;
  readonly id: string;
  readonly message: NewMessage;
  /** Undefined: append it alone. */
  readonly resolve: (appended: Appended | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** `alone` appends what is no single message, and what a group could not. */
export function groupedByUsers(storage: Storage, alone: Append): Append {
  const waiting = new Set<Waiting>();
  const busy = new Set<string>();
  let underWay = 0;

  const start = (): void => {
    while (underWay === 0 || (underWay < MOST_UNDER_WAY && waiting.size >= ENOUGH_FOR_ANOTHER)) {
      const group = takeGroup(waiting, busy);
      if (group.length === 0) return;
      underWay += 1;
      void appendGroup(storage, group).then((tell) => {
        underWay -= 1;
        for (const { user } of group) busy.delete(user);
        // The database works again while answers are written.
        start();
        tell();
      });
    }
  };

  return async (owner, id, messages): Promise<Appended | Absent> => {
    const [message] = messages;
    if (message === undefined || messages.length > 1) return await alone(owner, id, messages);
    const appended = await new Promise<Appended | undefined>((resolve, reject) => {
      const user = JSON.stringify([owner.userId, owner.orgId]);
      waiting.add({ owner, user, id, message, resolve, reject });
      // Requests that arrived together go together.
      setImmediate(start);
    });
    return appended ?? (await alone(owner, id, messages));
  };
}

/** The first of each user who is not under way; they are from now on. */
function takeGroup(waiting: Set<Waiting>, busy: Set<string>): Waiting[] {
  const group: Waiting[] = [];
  for (const one of waiting) {
    if (busy.has(one.user)) continue;
    busy.add(one.user);
    waiting.delete(one);
    group.push(one);
    if (group.length === MOST_IN_A_GROUP) break;
  }
  return group;
}

/** What tells each of its own outcome. Never rejects. */
async function appendGroup(storage: Storage, group: readonly Waiting[]): Promise<() => void> {
  try {
    const rows = prepare(
      group.map(({ message }) => message),
      storage.newId,
    );
    const stored = await statement(storage, group, rows).execute(storage.db);
    const times = new Map(stored.rows.map((row) => [row.id, row.created_at]));
    return () => {
      for (const [index, { owner, id, resolve }] of group.entries()) {
        const row = rows[index];
        const createdAt = row === undefined ? undefined : times.get(row.id);
        resolve(row && createdAt !== undefined ? [storedAs(owner, id, row, createdAt)] : undefined);
      }
    };
  } catch (error) {
    const isOver = error instanceof StorageUnavailableError || error instanceof OutcomeUnknownError;
    return () => {
      for (const { resolve, reject } of group)
        if (isOver) reject(error);
        // Nothing was changed, and one must not fail for another's sake.
        else resolve(undefined);
    };
  }
}

function storedAs(owner: Owner, id: string, row: Prepared, createdAt: number): Appended[number] {
  const { index: _, ...message } = row;
  const place = { user_id: owner.userId, org_id: owner.orgId, conversation_id: id, seq: 0 };
  return { outcome: 'stored', record: toMessage({ ...message, ...place, created_at: createdAt }) };
}

function statement({ now }: Storage, group: readonly Waiting[], rows: readonly Prepared[]) {
  const each = <T>(of: (one: Waiting) => T): T[] => group.map(of);
  const column = <K extends keyof Prepared>(name: K) => rows.map((row) => row[name]);
  const next = nextTime(sql`${now()}::bigint`, sql`u.last_at`);
  // `locked` takes the users' locks before anything else is written; what follows hangs on them.
  return sql<{ readonly id: string; readonly created_at: number }>`
    with given as (
      select * from unnest(${each(({ owner }) => owner.userId)}::text[], ${each(({ owner }) => owner.orgId)}::text[],
        ${each(({ id }) => id)}::text[], ${column('id')}::text[], ${column('client_id')}::text[],
        ${column('body_hash')}::text[], ${column('role')}::text[], ${column('content')}::text[],
        ${column('metadata')}::text[], ${column('tokens_used')}::int[],
        ${each(({ message }) => titleOf([message]) ?? null)}::text[])
        as g(user_id, org_id, conversation_id, id, client_id, body_hash, role, content, metadata, tokens_used, title)
    ), locked as materialized (
      select g.id from given g cross join lateral (
        select from navi_users u where u.user_id = g.user_id and u.org_id = g.org_id for update skip locked) u
      where ${storedUnder({ user: sql`g.user_id`, conversation: sql`g.conversation_id`, client: sql`g.client_id` })} is null
    ), owner as (
      update navi_users u set seq = u.seq + 2, last_at = ${next},
        last_listed_at = ${listedOnTop(next, sql`p.listed_at`, sql`u.last_listed_at`)}
      from given g join navi_conversations p
        on p.user_id = g.user_id and p.org_id = g.org_id and p.id = g.conversation_id
      where u.user_id = g.user_id and u.org_id = g.org_id and g.id in (select id from locked)
      returning g.id, u.seq, u.last_at, u.last_listed_at
    ), conversation as (
      update navi_conversations c set
        updated_at = greatest(o.last_at, c.updated_at + 1),
        listed_at = o.last_listed_at,
        message_count = c.message_count + 1,
        title = case when coalesce(c.title, '') = '' then coalesce(g.title, c.title) else c.title end,
        seq = case when coalesce(c.title, '') = '' and g.title is not null then o.seq - 1 else c.seq end
      from given g join owner o on o.id = g.id
      where c.user_id = g.user_id and c.org_id = g.org_id and c.id = g.conversation_id
      returning g.id, c.updated_at, o.seq
    )
    insert into navi_messages (user_id, org_id, conversation_id, created_at, id, client_id, body_hash, role, content,
      metadata, tokens_used, seq)
    select g.user_id, g.org_id, g.conversation_id, c.updated_at, g.id, g.client_id, g.body_hash, g.role, g.content,
      g.metadata, g.tokens_used, c.seq
    from given g join conversation c on c.id = g.id
    returning id, created_at`;
}
