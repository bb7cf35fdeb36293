/**
 * The order of a user's list: newest `updated_at` first. An index of `updated_at` would have to be written with each message,
 * and with it, on PostgreSQL, all others of the row. So the list goes by `listed_at`, which moves only when a conversation
 * comes to the top: while it is the newest, nothing can come before it. The user's row, which every writer locks, knows whose
 * that is, and gives times that grow from one conversation to the next.
 */
import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { Owner } from './repository.ts';
import type { ConversationTable, Tables } from './schema.ts';
import type { Storage } from './storage.ts';

/** A time that lies further ahead was given by a wrong clock: nothing else is put behind it. */
const NEAR_MICROS = 1_000_000;

export interface Places {
  /** Number of the first change. */
  readonly first: number;
  /** Microseconds since the epoch: the first time. */
  readonly start: number;
  /** `listed_at` on top of the list. */
  readonly top: number;
}

/** Takes the user's lock, and with it numbers and times in a row. The user's row is made when there is none. */
export async function takePlaces(
  trx: Transaction<Tables>,
  { now, newId }: Storage,
  { userId, orgId }: Owner,
  { numbers, times }: { readonly numbers: number; readonly times: number },
): Promise<Places> {
  const at = now();
  const row = await trx
    .insertInto('navi_users')
    .values({
      user_id: userId,
      org_id: orgId,
      epoch: newId(),
      seq: numbers,
      last_at: at + times - 1,
      last_listed_at: 0,
    })
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'org_id']).doUpdateSet({
        seq: sql<number>`navi_users.seq + ${numbers}`,
        last_at: sql<number>`${nextTime(sql`cast(${at} as bigint)`, sql.ref('navi_users.last_at'))} + cast(${times - 1} as bigint)`,
      }),
    )
    .returning(['seq', 'last_at', 'last_listed_at'])
    .executeTakeFirstOrThrow();
  return { first: row.seq - numbers + 1, start: row.last_at - times + 1, top: row.last_listed_at };
}

/** SQL: now, or right behind the last time that was given. */
export function nextTime(now: RawBuilder<unknown>, last: RawBuilder<unknown>): RawBuilder<number> {
  return sql<number>`case when ${last} >= ${now} and ${last} < ${now} + ${sql.lit(NEAR_MICROS)} then ${last} + 1 else ${now} end`;
}

/** PostgreSQL: `listOnTop` within a statement. */
export function listedOnTop(
  at: RawBuilder<unknown>,
  listed: RawBuilder<unknown>,
  top: RawBuilder<unknown>,
): RawBuilder<number> {
  return sql<number>`case when ${listed} = ${top} then ${top} else greatest(${at}, ${top} + 1) end`;
}

/** The `listed_at` of a conversation that is the newest from `at` on; `row` is what it was before, undefined for a new one. */
export async function listOnTop(
  trx: Transaction<Tables>,
  { userId, orgId }: Owner,
  { top }: Places,
  row: Pick<ConversationTable, 'listed_at'> | undefined,
  at: number,
): Promise<number> {
  if (row?.listed_at === top) return top;
  const listedAt = Math.max(at, top + 1);
  await trx
    .updateTable('navi_users')
    .set({ last_listed_at: listedAt })
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .execute();
  return listedAt;
}
