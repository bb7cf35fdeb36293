/** What is left of a conversation that was deleted for good: nothing, or a row that carries the deletion to the backend. */
import type { ConversationStatus } from '../../model/conversation.ts';
import type { Connection } from './connection.ts';
import { enqueueFields, ensureFieldsQueued } from './outboxRows.ts';
import type { Context } from './session.ts';
import type { Tombstone } from './tombstones.ts';

/** Leaves a row without words, that only carries the deletion to the backend. */
export function emptyRow(context: Context, id: string): void {
  const { db } = context;
  for (const { child, column, key } of referrersOf(db, 'conversations')) {
    if (child !== 'outbox')
      removeRows(db, child, `${column} = (SELECT ${key} FROM conversations WHERE id = ?)`, id);
  }
  db.run(
    `UPDATE conversations SET title = '', message_count = 0, tags = '[]', workspace = NULL, workspace_id = NULL,
       base = CASE WHEN json_valid(base) THEN json_set(json_remove(base, '$.tags'), '$.title', '') END
     WHERE id = ?`,
    id,
  );
  db.run('UPDATE outbox SET carried = NULL WHERE conversation_id = ?', id);
  enqueueFields(context, id);
}

/** Nothing of the conversation is left here; its tombstone is. */
export function removeRow({ db }: Context, id: string): void {
  removeRows(db, 'conversations', 'id = ?', id);
}

/** A word of the backend about a purged conversation: deleted there too, nothing is left to say; else delete it there. */
export function keepPurged(
  context: Context,
  { id, remote_id: before }: Tombstone,
  account: string,
  { remoteId, status }: { readonly remoteId: string; readonly status: ConversationStatus },
): void {
  const { db, now } = context;
  db.run(
    `UPDATE tombstones SET account = ?, remote_id = ? WHERE kind = 'conversation' AND id = ?`,
    account,
    remoteId,
    id,
  );
  if (status === 'deleted') {
    removeRow(context, id);
    return;
  }
  db.run(
    `INSERT INTO conversations (id, title, status, created_at, updated_at, deleted_at, deleted_from, account, remote_id)
     VALUES (?1, '', 'deleted', ?2, ?2, ?2, 'active', ?3, ?4)
     ON CONFLICT (id) DO UPDATE SET remote_id = excluded.remote_id, account = excluded.account`,
    id,
    now(),
    account,
    remoteId,
  );
  db.run(`DELETE FROM outbox WHERE conversation_id = ? AND kind = 'create'`, id);
  // What was refused of the row that was there before says nothing of this one.
  if (before === remoteId) ensureFieldsQueued(context, id);
  else enqueueFields(context, id);
}

interface Referrer {
  readonly child: string;
  readonly column: string;
  readonly key: string;
}

/** The tables whose rows belong to rows of this one, as the schema says. */
function referrersOf(db: Connection, table: string): Referrer[] {
  return db.all<Referrer>(
    `SELECT s.name AS child, f."from" AS column, coalesce(f."to", 'id') AS key
     FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f WHERE s.type = 'table' AND f."table" = ?`,
    table,
  );
}

/** Removes rows and whatever belongs to them, so that a table that is added later cannot be forgotten here. */
function removeRows(db: Connection, table: string, where: string, id: string): void {
  for (const { child, column, key } of referrersOf(db, table))
    removeRows(db, child, `${column} IN (SELECT ${key} FROM ${table} WHERE ${where})`, id);
  db.run(`DELETE FROM ${table} WHERE ${where}`, id);
}
