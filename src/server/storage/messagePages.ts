/** Messages of a conversation, as many as go into one answer. */
import { type Kysely, sql } from 'kysely';
import type { MessageRecord, Owner } from './repository.ts';
import { toMessage } from './rows.ts';
import type { MessageTable, Tables } from './schema.ts';
import { checkAnswer, MESSAGE_BYTES, pageOf } from './sizes.ts';

/** What is larger is read when it is known that it goes into the answer: most messages are not, and come with the first look. */
const LARGE = 16 * 1024;
const IF_SMALL = sql`case when ${MESSAGE_BYTES} <= ${sql.lit(LARGE)}`;

interface Wanted {
  readonly limit: number;
  /** From this time on (not included); absent: from the end. */
  readonly edge?: number | undefined;
  /** Towards the older ones. */
  readonly isUp: boolean;
}

/** Without its texts. */
interface Large extends Omit<MessageTable, 'content'> {
  readonly content: null;
  readonly bytes: number;
}

type Sized = Large | (MessageTable & { readonly bytes: number });

/** A page: what fits, one message at least; oldest first. */
export async function pageAt(
  db: Kysely<Tables>,
  owner: Owner,
  id: string,
  wanted: Wanted,
): Promise<{ readonly messages: MessageRecord[]; readonly isMore: boolean }> {
  const rows = await look(db, owner, id, { ...wanted, limit: wanted.limit + 1 });
  const page = pageOf(rows, wanted.limit);
  const messages = await whole(db, owner, id, page);
  return { messages: wanted.isUp ? messages.reverse() : messages, isMore: rows.length > page.length };
}

/** The newest so many, oldest first. @throws AnswerTooLargeError */
export async function newestMessages(
  db: Kysely<Tables>,
  owner: Owner,
  id: string,
  limit: number,
): Promise<MessageRecord[]> {
  const rows = await look(db, owner, id, { limit, isUp: true });
  checkAnswer(rows);
  return (await whole(db, owner, id, rows)).reverse();
}

async function look(
  db: Kysely<Tables>,
  { userId }: Owner,
  id: string,
  { limit, edge, isUp }: Wanted,
): Promise<readonly Sized[]> {
  const from =
    edge === undefined ? sql`` : isUp ? sql`and created_at < ${edge}` : sql`and created_at > ${edge}`;
  const { rows } = await sql<Sized>`
    select user_id, org_id, conversation_id, created_at, id, client_id, body_hash, role, tokens_used, seq,
      ${MESSAGE_BYTES} as bytes, ${IF_SMALL} then content end as content, ${IF_SMALL} then metadata end as metadata
    from navi_messages where user_id = ${userId} and conversation_id = ${id} ${from}
    order by created_at ${isUp ? sql`desc` : sql`asc`} limit ${limit}`.execute(db);
  return rows;
}

/** With the texts of the large ones, in the same order. One that was purged since is left out. */
async function whole(
  db: Kysely<Tables>,
  { userId }: Owner,
  id: string,
  rows: readonly Sized[],
): Promise<MessageRecord[]> {
  const large = rows.filter(isLarge);
  if (large.length === 0) return rows.filter((row) => !isLarge(row)).map(toMessage);
  const texts = await db
    .selectFrom('navi_messages')
    .select(['created_at', 'content', 'metadata'])
    .where('user_id', '=', userId)
    .where('conversation_id', '=', id)
    .where(
      'created_at',
      'in',
      large.map((row) => row.created_at),
    )
    .execute();
  const textOf = new Map(texts.map((text) => [text.created_at, text]));
  return rows.flatMap((row) => {
    if (!isLarge(row)) return [toMessage(row)];
    const text = textOf.get(row.created_at);
    return text === undefined ? [] : [toMessage({ ...row, ...text })];
  });
}

function isLarge(row: Sized): row is Large {
  return row.content === null;
}
