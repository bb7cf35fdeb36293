import { linkMetadata, linksOf, type Links } from '../../model/links.ts';
import { readJsonObject } from '../../model/json.ts';
import type { MessageStatus, Role } from '../../model/message.ts';
import type { Edit, ReplyRequest, ReplyStart } from '../replies.ts';
import { readAttachments } from './attachments.ts';
import { mustReadMessage } from './messageRows.ts';
import { appendMessage } from './messages.ts';
import { requireConversation, type Context } from './session.ts';

interface LastRow {
  id: string;
  role: Role;
  status: MessageStatus;
  metadata: string;
}

/**
 * One look and one write in one transaction: whoever comes second finds the first one's reply, open or complete, and
 * starts nothing.
 */
export function beginReply(context: Context, request: ReplyRequest): ReplyStart {
  const { db } = context;
  const { id, conversationId, kind, after } = request;
  return db.write(() => {
    requireConversation(db, conversationId);
    // The same request again, because the file was replaced under it.
    if (db.get('SELECT 1 FROM messages WHERE id = ?', id) !== undefined)
      return { started: mustReadMessage(context, id) };
    if (isReplying(context, conversationId)) return { refused: 'busy' };
    const last = lastShown(context, conversationId);
    if (last?.id !== after || !fits(last, kind)) return { refused: 'outdated' };
    const started = appendMessage(context, {
      id,
      conversationId,
      role: 'assistant',
      content: '',
      status: 'streaming',
      metadata: linkMetadata(linksFor(context, kind, last)),
    });
    return { started };
  });
}

function isReplying({ db }: Context, conversationId: string): boolean {
  const open = db.get(
    `SELECT 1 FROM messages WHERE owner IS NOT NULL AND conversation_id = ? AND role = 'assistant'
       AND status = 'streaming' AND trashed_at IS NULL`,
    conversationId,
  );
  return open !== undefined;
}

function lastShown({ db }: Context, conversationId: string): LastRow | undefined {
  return db.get<LastRow>(
    `SELECT id, role, status, metadata FROM messages WHERE conversation_id = ? AND trashed_at IS NULL
     ORDER BY server_order DESC, hlc DESC, id DESC LIMIT 1`,
    conversationId,
  );
}

function fits({ role, status }: LastRow, kind: ReplyRequest['kind']): boolean {
  if (kind === 'answer') return role === 'user';
  return role === 'assistant' && (kind === 'retry' || status === 'interrupted' || status === 'failed');
}

function linksFor(context: Context, kind: ReplyRequest['kind'], last: LastRow): Links {
  switch (kind) {
    case 'answer':
      return {};
    case 'continue':
      return { continues: last.id };
    case 'retry':
      return { replaces: beginningOf(context, last) };
  }
}

/** The first part of a reply that was continued. */
function beginningOf({ db }: Context, last: LastRow): string {
  let at: Pick<LastRow, 'id' | 'metadata'> = last;
  const seen = new Set<string>();
  for (;;) {
    seen.add(at.id);
    const { continues } = linksOf(readJsonObject(at.metadata) ?? {});
    const earlier =
      continues === undefined || seen.has(continues)
        ? undefined
        : db.get<{ id: string; metadata: string }>(
            'SELECT id, metadata FROM messages WHERE id = ? AND trashed_at IS NULL',
            continues,
          );
    if (earlier === undefined) return at.id;
    at = earlier;
  }
}

export function readEdit({ db }: Context, conversationId: string): Edit | undefined {
  const row = db.get<{ replaces: string; message_id: string; text: string; dropped: string }>(
    `SELECT e.replaces, e.message_id, e.text, e.dropped FROM edits e JOIN messages m ON m.id = e.replaces
     WHERE e.conversation_id = ? AND m.trashed_at IS NULL`,
    conversationId,
  );
  if (row === undefined) return undefined;
  const dropped = JSON.parse(row.dropped) as string[];
  const { attachments = [] } = readAttachments(db, [row.replaces]).of(row.replaces);
  const kept = attachments.filter(({ id }) => !dropped.includes(id));
  return {
    replaces: row.replaces,
    messageId: row.message_id,
    text: row.text,
    ...(kept.length > 0 && { attachments: kept }),
    ...(dropped.length > 0 && { dropped }),
  };
}

export function saveEdit({ db, now }: Context, conversationId: string, edit: Edit): void {
  db.write(() => {
    requireConversation(db, conversationId);
    if (db.get('SELECT 1 FROM messages WHERE id = ?', edit.messageId) !== undefined) return;
    db.run(
      `INSERT INTO edits (conversation_id, replaces, message_id, text, dropped, updated_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (conversation_id) DO UPDATE SET replaces = excluded.replaces, message_id = excluded.message_id,
         text = excluded.text, updated_at = excluded.updated_at,
         dropped = CASE message_id WHEN excluded.message_id THEN dropped ELSE excluded.dropped END`,
      conversationId,
      edit.replaces,
      edit.messageId,
      edit.text.toWellFormed(),
      JSON.stringify(edit.dropped ?? []),
      now(),
    );
  });
}

export function detachFromEdit({ db, now }: Context, conversationId: string, attachmentId: string): void {
  db.write(() =>
    db.run(
      `UPDATE edits SET dropped = json_insert(dropped, '$[#]', ?2), updated_at = ?3
       WHERE conversation_id = ?1 AND NOT EXISTS (SELECT 1 FROM json_each(dropped) WHERE value = ?2)`,
      conversationId,
      attachmentId,
      now(),
    ),
  );
}

export function dropEdit({ db }: Context, conversationId: string, messageId: string): void {
  db.write(() =>
    db.run('DELETE FROM edits WHERE conversation_id = ? AND message_id = ?', conversationId, messageId),
  );
}
