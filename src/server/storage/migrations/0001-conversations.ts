import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Conversations and their messages. Keys are led by the user, so that one user's rows lie together. */
export const conversations: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('navi_conversations')
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('org_id', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('title', 'text')
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('is_pinned', 'integer', (column) => column.notNull())
      .addColumn('is_starred', 'integer', (column) => column.notNull())
      .addColumn('workspace_path', 'text')
      .addColumn('initial_context', 'text')
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('updated_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('navi_conversations_pk', ['user_id', 'id'])
      .execute();
    await db.schema
      .createIndex('navi_conversations_by_update')
      .on('navi_conversations')
      .columns(['user_id', 'org_id', 'updated_at desc', 'id'])
      .execute();
    await db.schema
      .createTable('navi_messages')
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('conversation_id', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('metadata', 'text')
      .addColumn('tokens_used', 'integer')
      .addPrimaryKeyConstraint('navi_messages_pk', ['user_id', 'conversation_id', 'created_at'])
      .addForeignKeyConstraint(
        'navi_messages_conversation',
        ['user_id', 'conversation_id'],
        'navi_conversations',
        ['user_id', 'id'],
      )
      .execute();
  },
};
