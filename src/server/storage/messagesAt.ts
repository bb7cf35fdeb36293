/** Messages of a conversation by their places, which are told apart from their texts: those may be large. */
import type { Kysely } from 'kysely';
import type { MessageRecord, Owner } from './repository.ts';
import { toMessage } from './rows.ts';
import type { MessageTable, Tables } from './schema.ts';
import { checkAnswer, MESSAGE_BYTES } from './sizes.ts';

/** Oldest first. */
export async function messagesAt(
  db: Kysely<Tables>,
  owner: Owner,
  id: string,
  places: readonly Pick<MessageTable, 'created_at'>[],
): Promise<MessageRecord[]> {
  const times = places.map((place) => place.created_at);
  if (times.length === 0) return [];
  const rows = await db
    .selectFrom('navi_messages')
    .selectAll()
    .where('user_id', '=', owner.userId)
    .where('conversation_id', '=', id)
    .where('created_at', '>=', Math.min(...times))
    .where('created_at', '<=', Math.max(...times))
    .orderBy('created_at', 'asc')
    .execute();
  return rows.map(toMessage);
}

/** The newest so many, oldest first. @throws AnswerTooLargeError */
export async function newestMessages(
  db: Kysely<Tables>,
  owner: Owner,
  id: string,
  limit: number,
): Promise<MessageRecord[]> {
  const places = await db
    .selectFrom('navi_messages')
    .select(['created_at', MESSAGE_BYTES.as('bytes')])
    .where('user_id', '=', owner.userId)
    .where('conversation_id', '=', id)
    .orderBy('created_at', 'desc')
    .limit(limit)
    .execute();
  checkAnswer(places);
  return await messagesAt(db, owner, id, places);
}
