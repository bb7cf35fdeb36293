import { type Kysely, type Selectable, sql } from 'kysely';
import { canonicalJson, type JsonObject } from '../../model/json.ts';
import type { Clock, IdSource } from '../../model/ids.ts';
import { migrate } from './migrate.ts';
import type {
  ConversationChange,
  ConversationRecord,
  MessageRecord,
  NewConversation,
  NewMessage,
  Owner,
  Page,
  Repository,
} from './repository.ts';
import type { ConversationTable, MessageTable, Tables } from './schema.ts';

const TITLE_CODE_POINTS = 50;

/** Brings the tables up to date and serves them. The repository closes `db`, also when this throws. */
export async function openRepository(db: Kysely<Tables>, clock: Clock, newId: IdSource): Promise<Repository> {
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return new KyselyRepository(db, clock, newId);
}

/** One implementation for both databases: what it asks for is SQL that both understand alike. */
class KyselyRepository implements Repository {
  readonly #db: Kysely<Tables>;
  readonly #clock: Clock;
  readonly #newId: IdSource;
  constructor(db: Kysely<Tables>, clock: Clock, newId: IdSource) {
    this.#db = db;
    this.#clock = clock;
    this.#newId = newId;
  }

  async list(owner: Owner, page: Page): Promise<ConversationRecord[]> {
    const rows = await this.#db
      .selectFrom('navi_conversations')
      .selectAll()
      .where('user_id', '=', owner.userId)
      .where('org_id', '=', owner.orgId)
      .where('status', page.status === undefined ? '<>' : '=', page.status ?? 'deleted')
      .orderBy('updated_at', 'desc')
      .orderBy('id')
      .limit(page.limit)
      .offset(page.offset)
      .execute();
    return rows.map(toConversation);
  }

  async create(owner: Owner, conversation: NewConversation): Promise<ConversationRecord> {
    const now = this.#now();
    const row: ConversationTable = {
      user_id: owner.userId,
      org_id: owner.orgId,
      id: this.#newId(),
      title: conversation.title,
      status: 'active',
      is_pinned: 0,
      is_starred: 0,
      workspace_path: conversation.workspacePath,
      initial_context: toText(conversation.initialContext),
      created_at: now,
      updated_at: now,
    };
    await this.#db.transaction().execute(async (trx) => {
      await trx.insertInto('navi_conversations').values(row).execute();
    });
    return toConversation(row);
  }

  async read(owner: Owner, id: string, messageLimit: number) {
    // The row first: a message that arrives in between is then newer than the row's `updated_at`, and a client that
    // compares it looks again. The other way round it would never see that message.
    const row = await this.#find(this.#db, owner, id);
    if (row === undefined) return undefined;
    const messages = await this.#db
      .selectFrom('navi_messages')
      .selectAll()
      .where('user_id', '=', owner.userId)
      .where('conversation_id', '=', id)
      .orderBy('created_at', 'desc')
      .limit(messageLimit)
      .execute();
    return { conversation: toConversation(row), messages: messages.reverse().map(toMessage) };
  }

  async change(
    owner: Owner,
    id: string,
    change: ConversationChange,
  ): Promise<ConversationRecord | undefined> {
    const values = columnsOf(change);
    const columns = Object.entries(values);
    return await this.#db.transaction().execute(async (trx) => {
      if (columns.length > 0) {
        await trx
          .updateTable('navi_conversations')
          .set({ ...values, updated_at: this.#tick() })
          .where('user_id', '=', owner.userId)
          .where('org_id', '=', owner.orgId)
          .where('id', '=', id)
          .where((where) =>
            where.or(
              columns.map(([column, value]) => sql<boolean>`${sql.ref(column)} is distinct from ${value}`),
            ),
          )
          .execute();
      }
      const row = await this.#find(trx, owner, id);
      return row === undefined ? undefined : toConversation(row);
    });
  }

  async append(owner: Owner, id: string, message: NewMessage): Promise<MessageRecord | undefined> {
    return await this.#db.transaction().execute(async (trx) => {
      // This update also locks the conversation until the commit, so that its clock moves for one append at a time.
      const conversation = await trx
        .updateTable('navi_conversations')
        .set({ updated_at: this.#tick(), ...titleOf(message) })
        .where('user_id', '=', owner.userId)
        .where('org_id', '=', owner.orgId)
        .where('id', '=', id)
        .returning('updated_at')
        .executeTakeFirst();
      if (conversation === undefined) return undefined;
      const row: MessageTable = {
        user_id: owner.userId,
        conversation_id: id,
        created_at: conversation.updated_at,
        id: this.#newId(),
        role: message.role,
        content: message.content,
        metadata: toText(message.metadata),
        tokens_used: message.tokensUsed,
      };
      await trx.insertInto('navi_messages').values(row).execute();
      return toMessage(row);
    });
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  async #find(
    db: Kysely<Tables>,
    owner: Owner,
    id: string,
  ): Promise<Selectable<ConversationTable> | undefined> {
    return await db
      .selectFrom('navi_conversations')
      .selectAll()
      .where('user_id', '=', owner.userId)
      .where('org_id', '=', owner.orgId)
      .where('id', '=', id)
      .executeTakeFirst();
  }

  #now(): number {
    return Math.floor(this.#clock()) * 1000;
  }

  /** The conversation's next time: now, or one microsecond past its last one when the clock has not moved on. */
  #tick() {
    const now = this.#now();
    return sql<number>`case when updated_at >= ${now} then updated_at + 1 else ${now} end`;
  }
}

/** A conversation without a title takes its next prompt's beginning. */
function titleOf(message: NewMessage) {
  if (message.role !== 'user' || message.content === '') return {};
  const title = titleFrom(message.content);
  return { title: sql<string>`case when title is null or title = '' then ${title} else title end` };
}

/** The first 50 code points, and `...` when there are more. */
export function titleFrom(content: string): string {
  const points = Array.from(content.slice(0, 2 * TITLE_CODE_POINTS + 1));
  return points.length <= TITLE_CODE_POINTS ? content : `${points.slice(0, TITLE_CODE_POINTS).join('')}...`;
}

function columnsOf(change: ConversationChange): Partial<ConversationTable> {
  return {
    ...given('title', change.title),
    ...given('status', change.status),
    ...given('workspace_path', change.workspacePath),
    ...given('is_pinned', toBit(change.isPinned)),
    ...given('is_starred', toBit(change.isStarred)),
    ...given('initial_context', toText(change.initialContext ?? null)),
  };
}

function given<K extends keyof ConversationTable>(
  column: K,
  value: ConversationTable[K] | null | undefined,
): Partial<ConversationTable> {
  return value === null || value === undefined ? {} : { [column]: value };
}

function toBit(value: boolean | null | undefined): number | undefined {
  return typeof value === 'boolean' ? Number(value) : undefined;
}

function toText(value: JsonObject | null): string | null {
  return value === null ? null : canonicalJson(value);
}

function fromText(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

function toConversation(row: ConversationTable): ConversationRecord {
  return {
    id: row.id,
    title: row.title,
    status: row.status,
    isPinned: row.is_pinned === 1,
    isStarred: row.is_starred === 1,
    workspacePath: row.workspace_path,
    initialContext: fromText(row.initial_context),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function toMessage(row: MessageTable): MessageRecord {
  return {
    id: row.id,
    role: row.role,
    content: row.content,
    metadata: fromText(row.metadata),
    createdAt: row.created_at,
  };
}
