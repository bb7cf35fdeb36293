import { type Kysely, sql, type Transaction } from 'kysely';
import { absence, findRow } from './conversations.ts';
import { listOnTop, takePlaces } from './order.ts';
import type {
  Absent,
  MessagePage,
  MessageRecord,
  MessageWindow,
  NewMessage,
  Owner,
  Stored,
} from './repository.ts';
import { bodyHash, toMessage, toText } from './rows.ts';
import type { MessageTable, Tables } from './schema.ts';
import { pageAt } from './messagePages.ts';
import { titleOf } from './titles.ts';
import type { Storage } from './storage.ts';

/** Rows in one INSERT: databases limit the parameters of a statement. */
const ROWS_A_STATEMENT = 100;

export type Appended = readonly Stored<MessageRecord>[];

/** See `Repository.append`; no client id comes twice. */
export type Append = (
  owner: Owner,
  id: string,
  messages: readonly NewMessage[],
) => Promise<Appended | Absent>;

/** What a message brings along, before its place is known. */
export interface Prepared extends Pick<
  MessageTable,
  'id' | 'client_id' | 'body_hash' | 'role' | 'content' | 'metadata' | 'tokens_used'
> {
  readonly index: number;
}

/** Lets `append` see each client id once; what it says of the first counts for the others. */
export async function eachOnce(
  messages: readonly NewMessage[],
  append: (unique: readonly NewMessage[]) => Promise<Appended | Absent>,
): Promise<Appended | Absent> {
  if (messages.length < 2) return await append(messages);
  const firstOf = new Map<string, number>();
  const unique: NewMessage[] = [];
  const places = messages.map((message) => {
    const first = message.clientId === null ? undefined : firstOf.get(message.clientId);
    if (first !== undefined) return first;
    if (message.clientId !== null) firstOf.set(message.clientId, unique.length);
    return unique.push(message) - 1;
  });
  const appended = await append(unique);
  if (typeof appended === 'string' || unique.length === messages.length) return appended;
  const answered = new Set<number>();
  return messages.flatMap((message, index): Stored<MessageRecord>[] => {
    const place = places[index] ?? 0;
    const outcome = appended[place];
    if (outcome === undefined) throw new Error('A message was neither stored nor refused.');
    const isFirst = !answered.has(place);
    answered.add(place);
    if (isFirst || outcome.outcome === 'conflict') return [outcome];
    const first = unique[place];
    const isSame = first !== undefined && bodyHash(first) === bodyHash(message);
    return [isSame ? { outcome: 'known', record: outcome.record } : { outcome: 'conflict' }];
  });
}

/** Statement by statement, for a database in this process; postgresAppend.ts does the same in one. */
export async function appendIn(
  trx: Transaction<Tables>,
  storage: Storage,
  owner: Owner,
  id: string,
  messages: readonly NewMessage[],
): Promise<Appended | Absent> {
  const { newId } = storage;
  // One number more than messages: the first belongs to the conversation, when this gives it its title.
  const places = await takePlaces(trx, storage, owner, {
    numbers: messages.length + 1,
    times: messages.length,
  });
  const { first } = places;
  const conversation = await findRow(trx, owner, id);
  if (conversation === undefined) return await absence(trx, owner, id);
  const outcomes: Stored<MessageRecord>[] = [];
  const fresh = await sift(trx, owner, id, prepare(messages, newId), outcomes);
  if (fresh.length === 0) return outcomes;
  const start = Math.max(places.start, conversation.updated_at + 1);
  const listedAt = await listOnTop(trx, owner, places, conversation, start);
  const title = conversation.title ? undefined : titleOf(messages);
  await trx
    .updateTable('navi_conversations')
    .set({
      updated_at: start + fresh.length - 1,
      ...(listedAt !== conversation.listed_at && { listed_at: listedAt }),
      message_count: sql<number>`message_count + ${fresh.length}`,
      ...(title === undefined ? {} : { title, seq: first }),
    })
    .where('user_id', '=', owner.userId)
    .where('id', '=', id)
    .execute();
  const rows = fresh.map(({ index, ...message }, k) => ({
    index,
    row: {
      ...message,
      user_id: owner.userId,
      org_id: owner.orgId,
      conversation_id: id,
      created_at: start + k,
      seq: first + 1 + k,
    },
  }));
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
    const some = rows.slice(from, from + ROWS_A_STATEMENT).map(({ row }) => row);
    await trx.insertInto('navi_messages').values(some).execute();
  }
  for (const { index, row } of rows) outcomes[index] = { outcome: 'stored', record: toMessage(row) };
  return outcomes;
}

export function prepare(messages: readonly NewMessage[], newId: () => string): Prepared[] {
  return messages.map((message, index) => ({
    index,
    id: newId(),
    client_id: message.clientId,
    body_hash: bodyHash(message),
    role: message.role,
    content: message.content,
    metadata: toText(message.metadata),
    tokens_used: message.tokensUsed,
  }));
}

/** Those that are not there yet; what became of the others is entered in `outcomes`. */
async function sift(
  trx: Transaction<Tables>,
  owner: Owner,
  id: string,
  prepared: readonly Prepared[],
  outcomes: Stored<MessageRecord>[],
): Promise<Prepared[]> {
  const clientIds = prepared.flatMap(({ client_id: clientId }) => clientId ?? []);
  const known = await findByClientIds(trx, owner, id, clientIds);
  return prepared.filter((message) => {
    const row = message.client_id === null ? undefined : known.get(message.client_id);
    if (row === undefined) return true;
    outcomes[message.index] =
      row.body_hash === message.body_hash
        ? { outcome: 'known', record: toMessage(row) }
        : { outcome: 'conflict' };
    return false;
  });
}

export async function findByClientIds(
  db: Kysely<Tables>,
  { userId }: Owner,
  id: string,
  clientIds: readonly string[],
): Promise<ReadonlyMap<string | null, MessageTable>> {
  if (clientIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('navi_messages')
    .selectAll()
    .where('user_id', '=', userId)
    .where('conversation_id', '=', id)
    .where('client_id', 'in', clientIds)
    .execute();
  return new Map(rows.map((row) => [row.client_id, row]));
}

/** Costs the same however long the conversation is. */
export async function pageOfMessages(
  { db }: Storage,
  owner: Owner,
  id: string,
  window: MessageWindow,
): Promise<MessagePage | Absent> {
  if ((await findRow(db, owner, id)) === undefined) return await absence(db, owner, id);
  const isUp = !('after' in window);
  const edge = isUp ? window.before : window.after;
  const { messages, isMore } = await pageAt(db, owner, id, { limit: window.limit, edge, isUp });
  // Whoever came from somewhere knows that there is something; from the newest page on nothing is newer.
  return {
    messages,
    hasOlder: isUp ? isMore : true,
    hasNewer: isUp ? edge !== undefined : isMore,
  };
}
