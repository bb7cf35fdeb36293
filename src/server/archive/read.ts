/** Everything of a user, or of all, from one moment of the database, in one order and in little memory. */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { ArchiveRecord } from '../../protocol/archive.ts';
import type { Owner } from '../storage/repository.ts';
import type { Tables } from '../storage/schema.ts';
import type { Snapshot } from '../storage/snapshots.ts';
import { conversationRecord, messageRecord, tokenRecord, tombstoneRecord } from './rows.ts';

/** Of one page, whichever comes first; one row may be larger than that. */
const PAGE_ROWS = 200;
const PAGE_BYTES = 4 * 1024 * 1024;
const OWNERS = 1_000;

export async function* recordsOfAll(snapshot: Snapshot, hasTokens: boolean): AsyncGenerator<ArchiveRecord> {
  for await (const owner of owners(snapshot))
    yield* recordsOf(snapshot, owner, hasTokens ? 'hashes' : 'none');
}

/** The user first, then conversations, messages, tombstones and tokens, each in the order of their last change. */
export async function* recordsOf(
  { trx }: Snapshot,
  owner: Owner,
  tokens: 'hashes' | 'names' | 'none',
): AsyncGenerator<ArchiveRecord> {
  const { userId, orgId } = owner;
  const user = await trx
    .selectFrom('navi_users')
    .select('seq')
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .executeTakeFirst();
  yield { type: 'user', user_id: userId, org_id: orgId, seq: user?.seq ?? null };
  for await (const row of rows(trx, 'navi_conversations', owner, bytesOf('initial_context', 'title')))
    yield conversationRecord(row);
  for await (const row of rows(trx, 'navi_messages', owner, bytesOf('content', 'metadata')))
    yield messageRecord(row);
  for await (const row of rows(trx, 'navi_tombstones', owner, sql`0`)) yield tombstoneRecord(row);
  if (tokens === 'none') return;
  const tokenRows = await trx
    .selectFrom('navi_tokens')
    .selectAll()
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .execute();
  tokenRows.sort((a, b) => (a.token_hash < b.token_hash ? -1 : 1));
  for (const row of tokenRows) yield tokenRecord(row, tokens === 'hashes');
}

/** What a column takes, told without reading it. */
function bytesOf(...columns: readonly string[]): RawBuilder<unknown> {
  return sql.join(
    columns.map((column) => sql`coalesce(octet_length(${sql.ref(column)}), 0)`),
    sql` + `,
  );
}

/** By their numbers, which are different within an owner and a table. */
async function* rows<T extends 'navi_conversations' | 'navi_messages' | 'navi_tombstones'>(
  trx: Transaction<Tables>,
  table: T,
  { userId, orgId }: Owner,
  bytes: RawBuilder<unknown>,
): AsyncGenerator<Tables[T]> {
  let from = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const sizes = await sql<{ seq: number; bytes: number }>`
      select seq, ${bytes} as bytes from ${sql.table(table)}
      where user_id = ${userId} and org_id = ${orgId} and seq > ${from} order by seq limit ${PAGE_ROWS}`.execute(
      trx,
    );
    const to = endOfPage(sizes.rows);
    if (to === undefined) return;
    const page = await sql<Tables[T]>`
      select * from ${sql.table(table)}
      where user_id = ${userId} and org_id = ${orgId} and seq > ${from} and seq <= ${to} order by seq`.execute(
      trx,
    );
    yield* page.rows;
    from = to;
  }
}

function endOfPage(sizes: readonly { readonly seq: number; readonly bytes: number }[]): number | undefined {
  let total = 0;
  let end: number | undefined;
  for (const { seq, bytes } of sizes) {
    total += bytes;
    if (end !== undefined && total > PAGE_BYTES) break;
    end = seq;
  }
  return end;
}

/** Whoever ever wrote, or has a token; in the order of bytes, whatever the language of the database. */
async function* owners({ trx, kind }: Snapshot): AsyncGenerator<Owner> {
  const everybody = sql`select user_id, org_id from navi_users union select user_id, org_id from navi_tokens`;
  interface Row {
    readonly user_id: string;
    readonly org_id: string;
  }
  let next: () => Promise<readonly Row[]>;
  if (kind === 'postgres') {
    // Sorted once, on the server's disk when there are many.
    await sql`declare navi_owners no scroll cursor for
      select * from (${everybody}) as u order by user_id collate "C", org_id collate "C"`.execute(trx);
    next = async () => (await sql<Row>`fetch forward ${sql.lit(OWNERS)} from navi_owners`.execute(trx)).rows;
  } else {
    let last: Row = { user_id: '', org_id: '' };
    next = async () => {
      const found = await sql<Row>`select * from (${everybody}) as u
        where (user_id, org_id) > (${last.user_id}, ${last.org_id})
        order by user_id, org_id limit ${OWNERS}`.execute(trx);
      last = found.rows.at(-1) ?? last;
      return found.rows;
    };
  }
  for (let found = await next(); found.length > 0; found = await next())
    for (const row of found) yield { userId: row.user_id, orgId: row.org_id };
}
