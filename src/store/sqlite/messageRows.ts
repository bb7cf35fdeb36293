/** Messages as they are read, whole. */
import { readJsonObject } from '../../model/json.ts';
import type { Cut, Delivery, Message, MessageContent, MessageStatus, Role } from '../../model/message.ts';
import { pieceOf } from '../excerpts.ts';
import { StoreError, type TextPiece } from '../store.ts';
import { readAttachments } from './attachments.ts';
import { readParts, type Extent } from './parts.ts';
import { isAsSaved } from './quarantine.ts';
import type { Context } from './session.ts';
import { PURGED_THERE } from './tombstones.ts';

export interface MessageRow {
  id: string;
  conversation_id: string;
  role: Role;
  content: string;
  status: MessageStatus;
  metadata: string;
  created_at: number;
  ended_at: number | null;
  hlc: number;
  server_order: number;
  hash: string | null;
  owner: string | null;
  reply_problem: string | null;
  delivery: Delivery;
  reason: string | null;
  is_quarantined: number;
}

/** A message whose conversation was refused needs the user as much as one that was refused itself. */
export const SELECT = `SELECT m.id, m.conversation_id, m.role, m.content, m.status, m.metadata, m.created_at, m.ended_at, m.hlc,
    m.server_order, m.hash, m.owner, m.reply_problem, coalesce(c.reason, o.reason) AS reason,
    coalesce(
      CASE WHEN c.seq IS NOT NULL AND o.state = 'queued' THEN 'parked' ELSE o.state END,
      CASE WHEN m.is_confirmed THEN 'confirmed' WHEN m.remote_id IS NULL THEN 'local' ELSE 'sent' END) AS delivery,
    EXISTS (SELECT 1 FROM quarantine q WHERE q.message_id = m.id) AS is_quarantined
  FROM messages m LEFT JOIN outbox o ON o.conversation_id = m.conversation_id AND o.seq = m.n
    LEFT JOIN outbox c ON o.seq IS NOT NULL AND c.conversation_id = m.conversation_id AND c.seq < 0
      AND c.kind = 'create' AND c.state = 'parked'`;

export function readText(
  context: Context,
  messageId: string,
  of: Pick<Cut, 'part' | 'id'>,
  from: number,
): TextPiece | undefined {
  const message = readMessage(context, messageId);
  return message && pieceOf(message, of, from);
}

export function readMessage(context: Context, id: string): Message | undefined {
  return context.db.snapshot(
    () => toMessages(context, context.db.all<MessageRow>(`${SELECT} WHERE m.id = ?`, id))[0],
  );
}

/** By id; what is not here is left out. Call it inside a transaction. */
export function readMessages(context: Context, ids: readonly string[]): ReadonlyMap<string, Message> {
  const rows = context.db.all<MessageRow>(
    `${SELECT} WHERE m.id IN (SELECT value FROM json_each(?))`,
    JSON.stringify(ids),
  );
  return new Map(toMessages(context, rows).map((message) => [message.id, message]));
}

export function toMessages(
  { db, onDamaged }: Context,
  rows: readonly MessageRow[],
  extent: Extent = 'whole',
): Message[] {
  const ids = rows.map((row) => row.id);
  const parts = readParts(db, ids, extent);
  const files = readAttachments(db, ids);
  return rows.map((row) => {
    const metadata = readJsonObject(row.metadata);
    const content: MessageContent = {
      role: row.role,
      content: row.content + parts.text(row.id),
      status: row.status,
      activities: parts.activities(row.id),
      commands: parts.commands(row.id),
      metadata: metadata ?? {},
      ...files.of(row.id),
    };
    const isBroken =
      metadata === undefined || files.isBroken(row.id) || parts.isBroken(row.id) || row.is_quarantined === 1;
    // Of what is stored apart and was not read nothing can be compared; looking through the file does that.
    const isDamaged = isBroken || (!parts.isPartial(row.id) && !isAsSaved(db, row, content));
    const cuts = parts.cuts(row.id);
    if (isDamaged) onDamaged?.(row.id);
    const absent = files.absent(row.id);
    return {
      ...content,
      ...toPlace(row),
      ...(absent.length > 0 && { absentContents: absent }),
      ...(cuts.length > 0 && { cuts }),
      ...(isDamaged && { isDamaged }),
    };
  });
}

function toPlace(row: MessageRow): Omit<Message, keyof MessageContent> {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    createdAt: row.created_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    hlc: row.hlc,
    ...(row.hash === null ? {} : { hash: row.hash }),
    delivery: row.delivery,
    ...(row.reason === null ? {} : { deliveryReason: row.reason }),
    ...(row.reason === PURGED_THERE && { isParkedForGood: true }),
    ...(row.reply_problem === null ? {} : { replyProblem: { reason: row.reply_problem } }),
  };
}

export function mustReadMessage(context: Context, id: string): Message {
  const found = readMessage(context, id);
  if (found === undefined) throw new StoreError('no-such-message', 'This message is not on this machine.');
  return found;
}
