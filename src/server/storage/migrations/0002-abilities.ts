import { sql, type Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/**
 * What idempotent writes, the feed of changes, field clocks and tombstones need. Every key and unique index is led by
 * the user, so that a database spread over machines by user can keep it on one of them; the former unique index on the
 * id of a message alone could not be. Existing rows are numbered in the order of their times.
 */
export const abilities: Migration = {
  async up(db: Kysely<unknown>) {
    await createUsers(db);
    await createTombstones(db);
    await db.schema.dropIndex('navi_conversations_by_update').execute();
    await db.schema.alterTable('navi_messages').renameTo('navi_messages_1').execute();
    await db.schema.alterTable('navi_conversations').renameTo('navi_conversations_1').execute();
    await createConversations(db);
    await createMessages(db);
    await fill(db);
    await db.schema.dropTable('navi_messages_1').execute();
    await db.schema.dropTable('navi_conversations_1').execute();
    await createIndexes(db);
  },
};

async function createUsers(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('navi_users')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('org_id', 'text', (column) => column.notNull())
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('navi_users_pk', ['user_id', 'org_id'])
    .execute();
}

async function createTombstones(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('navi_tombstones')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('org_id', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text')
    .addColumn('purged_at', 'bigint', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('navi_tombstones_pk', ['user_id', 'org_id', 'id'])
    .execute();
}

async function createConversations(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('navi_conversations')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('org_id', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text')
    .addColumn('body_hash', 'text')
    .addColumn('title', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('is_pinned', 'integer', (column) => column.notNull())
    .addColumn('is_starred', 'integer', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull().defaultTo('[]'))
    .addColumn('clocks', 'text', (column) => column.notNull().defaultTo('{}'))
    .addColumn('workspace_path', 'text')
    .addColumn('initial_context', 'text')
    .addColumn('message_count', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('navi_conversations_2_pk', ['user_id', 'id'])
    .execute();
}

async function createMessages(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('navi_messages')
    .addColumn('user_id', 'text', (column) => column.notNull())
    .addColumn('conversation_id', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('org_id', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text')
    .addColumn('body_hash', 'text')
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('metadata', 'text')
    .addColumn('tokens_used', 'integer')
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('navi_messages_2_pk', ['user_id', 'conversation_id', 'created_at'])
    .addForeignKeyConstraint(
      'navi_messages_2_conversation',
      ['user_id', 'conversation_id'],
      'navi_conversations',
      ['user_id', 'id'],
    )
    .execute();
}

/** Conversations first, then messages, numbered within their user and organisation. */
async function fill(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into navi_conversations (user_id, org_id, id, title, status, is_pinned, is_starred, workspace_path,
      initial_context, created_at, updated_at, message_count, seq)
    select c.user_id, c.org_id, c.id, c.title, c.status, c.is_pinned, c.is_starred, c.workspace_path,
      c.initial_context, c.created_at, c.updated_at,
      (select count(*) from navi_messages_1 m where m.user_id = c.user_id and m.conversation_id = c.id),
      row_number() over (partition by c.user_id, c.org_id order by c.created_at, c.id)
    from navi_conversations_1 c`.execute(db);
  await sql`
    insert into navi_messages (user_id, conversation_id, created_at, org_id, id, role, content, metadata, tokens_used, seq)
    select m.user_id, m.conversation_id, m.created_at, c.org_id, m.id, m.role, m.content, m.metadata, m.tokens_used,
      (select count(*) from navi_conversations_1 o where o.user_id = c.user_id and o.org_id = c.org_id)
        + row_number() over (partition by c.user_id, c.org_id order by m.created_at, m.conversation_id)
    from navi_messages_1 m join navi_conversations_1 c on c.user_id = m.user_id and c.id = m.conversation_id`.execute(
    db,
  );
  // The epoch only has to differ from those of other databases with rows of the same user.
  await sql`
    insert into navi_users (user_id, org_id, epoch, seq)
    select c.user_id, c.org_id, min(c.id),
      count(*) + (select count(*) from navi_messages m where m.user_id = c.user_id and m.org_id = c.org_id)
    from navi_conversations_1 c group by c.user_id, c.org_id`.execute(db);
}

async function createIndexes(db: Kysely<unknown>): Promise<void> {
  const on = (table: string, name: string, columns: readonly string[]) =>
    sql`create index ${sql.ref(name)} on ${sql.table(table)} (${sql.raw(columns.join(', '))})`.execute(db);
  await sql`create index navi_conversations_shown on navi_conversations (user_id, org_id, updated_at desc, id)
    where status <> 'deleted'`.execute(db);
  await on('navi_conversations', 'navi_conversations_by_status', [
    'user_id',
    'org_id',
    'status',
    'updated_at desc',
    'id',
  ]);
  await on('navi_conversations', 'navi_conversations_by_seq', ['user_id', 'org_id', 'seq']);
  await on('navi_messages', 'navi_messages_by_seq', ['user_id', 'org_id', 'seq']);
  await on('navi_tombstones', 'navi_tombstones_by_seq', ['user_id', 'org_id', 'seq']);
  await sql`create unique index navi_conversations_by_client on navi_conversations (user_id, org_id, client_id)
    where client_id is not null`.execute(db);
  await sql`create unique index navi_messages_by_client on navi_messages (user_id, conversation_id, client_id)
    where client_id is not null`.execute(db);
  await sql`create index navi_tombstones_by_client on navi_tombstones (user_id, org_id, client_id)
    where client_id is not null`.execute(db);
}
