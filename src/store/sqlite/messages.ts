import { interruptRunning, upsertById, type Activity, type CommandPanel } from '../../model/activity.ts';
import { NEW_CONVERSATION_TITLE, titleFrom, type ConversationStatus } from '../../model/conversation.ts';
import { contentHash } from '../../model/hash.ts';
import { readJsonObject } from '../../model/json.ts';
import { linksOf } from '../../model/links.ts';
import {
  hasContent,
  isSettled,
  type Cut,
  type Delivery,
  type Message,
  type MessageContent,
  type MessageStatus,
  type Role,
} from '../../model/message.ts';
import { nextHlc, UNNUMBERED, writingTime } from '../../model/order.ts';
import { sizeOfMessage } from '../../model/size.ts';
import { pieceOf } from '../excerpts.ts';
import { StoreError, type Extension, type NewMessage, type TextPiece } from '../store.ts';
import {
  attachmentsToCopy,
  attachmentsToSend,
  leaveDraft,
  putContents,
  readAttachments,
  writeAttachments,
} from './attachments.ts';
import { applyBranches } from './branches.ts';
import { cleanTitle } from './conversations.ts';
import { removeDraft } from './drafts.ts';
import { stampFields } from './fieldClocks.ts';
import { enqueueAppend, enqueueCreate, enqueueFields, IS_OF_MESSAGE } from './outboxRows.ts';
import { addPiece, readParts, removeParts, writeActivities, writeCommands, type Extent } from './parts.ts';
import { isAsSaved } from './quarantine.ts';
import { markUnread } from './unread.ts';
import { beat, deadOwners, noSuchConversation, type Context } from './session.ts';
import { refusePurged } from './tombstones.ts';

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
    m.server_order, m.hash, m.owner, m.reply_problem, coalesce(o.reason, c.reason) AS reason,
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
    ...(row.reply_problem === null ? {} : { replyProblem: { reason: row.reply_problem } }),
  };
}

export function appendMessage(context: Context, input: NewMessage): Message {
  const { db, session } = context;
  const { id, conversationId } = input;
  const content = toContent(input);
  return db.write(() => {
    const place = requirePlace(context, conversationId, id);
    if (place.is_known === 1) {
      return sameOrConflict(mustReadMessage(context, id), content, conversationId);
    }
    const drafted = attachmentsToSend(db, conversationId, input.attachmentIds);
    const attachments = [
      ...drafted,
      ...attachmentsToCopy(db, conversationId, input.copiedAttachments),
      ...putContents(db, input.newAttachments ?? []),
    ];
    const settled = isSettled(content);
    const now = context.now();
    const createdAt = writingTime(input, now);
    const said = {
      ...content,
      ...(attachments.length > 0 && { attachments }),
      id,
      createdAt,
      hlc: nextHlc(now, place.last_hlc),
    };
    const owner = settled ? undefined : session.id;
    const written = { serverOrder: UNNUMBERED, isOwn: true, owner } as const;
    const { n, hash } = insertMessage(context, conversationId, { ...said, ...written });
    if (!settled) beat(context);
    else if (content.role !== 'user') markUnread(context, conversationId);
    if (place.isTitledByPrompt && content.role === 'user') titleByPrompt(context, place.n, content.content);
    if (place.status === 'deleted' && content.role === 'user') bringBack(context, conversationId);
    leaveDraft(db, conversationId, drafted);
    removeDraft(context, conversationId, id);
    if (isMark(content)) applyBranches(context, conversationId);
    if (place.remote_id === null && place.is_queued === 0) enqueueCreate(context, conversationId);
    enqueueAppend(context, conversationId, { id, n }, settled);
    return { ...said, conversationId, delivery: 'queued', ...(hash === undefined ? {} : { hash }) };
  });
}

interface Place {
  readonly n: number;
  readonly last_hlc: number;
  readonly remote_id: string | null;
  readonly status: ConversationStatus;
  /** 1 when the message is here already. */
  readonly is_known: number;
  /** 1 when the conversation already waits to be created on the backend. */
  readonly is_queued: number;
  /** Nobody has named the conversation yet. */
  readonly isTitledByPrompt: boolean;
}

/**
 * What an append has to know before it writes, in one look. Throws `StoreError('no-such-conversation')`, or
 * `StoreError('purged')`.
 */
function requirePlace({ db }: Context, conversationId: string, messageId: string): Place {
  const row = db.get<Omit<Place, 'isTitledByPrompt'> & { title: string; is_renamed: number }>(
    `SELECT n, last_hlc, remote_id, status, title, is_renamed,
       EXISTS (SELECT 1 FROM messages WHERE id = ?2) AS is_known,
       EXISTS (SELECT 1 FROM outbox WHERE conversation_id = ?1 AND seq < 0 AND kind = 'create') AS is_queued
     FROM conversations WHERE id = ?1`,
    conversationId,
    messageId,
  );
  if (row === undefined || row.status === 'deleted') refusePurged(db, conversationId);
  if (row === undefined) throw noSuchConversation();
  const isUnnamed = row.title === NEW_CONVERSATION_TITLE && row.is_renamed === 0;
  return { ...row, isTitledByPrompt: isUnnamed && row.remote_id === null };
}

function toContent(input: NewMessage): MessageContent {
  return {
    role: input.role,
    content: input.content.toWellFormed(),
    status: input.status ?? 'complete',
    activities: upsertById([], input.activities ?? []),
    commands: upsertById([], input.commands ?? []),
    metadata: input.metadata ?? {},
  };
}

/** Sending one draft twice is sending it once; the same id with other words is somebody else's message. */
function sameOrConflict(known: Message, wanted: MessageContent, conversationId: string): Message {
  const same =
    known.conversationId === conversationId && known.role === wanted.role && known.content === wanted.content;
  if (same) return known;
  throw new StoreError(
    'id-conflict',
    'A message with this id exists and says something else. Nothing was changed.',
  );
}

export interface InsertedMessage extends MessageContent {
  readonly id: string;
  readonly createdAt: number;
  readonly hlc: number;
  readonly serverOrder: number;
  readonly owner: string | undefined;
  readonly remoteId?: string;
  readonly endedAt?: number;
  /** See `RemoteMessage`. */
  readonly resentAt?: number;
  /** It was written on this machine. */
  readonly isOwn?: true;
}

function isMark({ metadata }: MessageContent): boolean {
  const { replaces, restores } = linksOf(metadata);
  return replaces !== undefined || restores !== undefined;
}

/** The row's number, and the hash of what was stored; no hash while the message is open. */
export function insertMessage(
  { db }: Context,
  conversationId: string,
  inserted: InsertedMessage,
): { readonly n: number; readonly hash: string | undefined } {
  // SQLite would replace half a character by itself, and the hash would be that of other words.
  const message = { ...inserted, content: inserted.content.toWellFormed() };
  const hash = message.owner === undefined ? contentHash(message) : undefined;
  const n = db.insert(
    `INSERT INTO messages (id, conversation_id, role, content, status, metadata, created_at, hlc, server_order, hash,
       owner, remote_id, is_confirmed, ended_at, bytes, is_own, resent_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    message.id,
    conversationId,
    message.role,
    message.content,
    message.status,
    JSON.stringify(message.metadata),
    message.createdAt,
    message.hlc,
    message.serverOrder,
    hash ?? null,
    message.owner ?? null,
    message.remoteId ?? null,
    Number(message.remoteId !== undefined),
    message.endedAt ?? null,
    message.owner === undefined ? sizeOfMessage(message) : null,
    Number(message.isOwn === true),
    message.resentAt ?? null,
  );
  writeActivities(db, message.id, message.activities);
  writeCommands(db, message.id, message.commands);
  writeAttachments(db, message.id, message.attachments ?? []);
  db.run(
    `UPDATE conversations SET message_count = message_count + 1, last_hlc = max(last_hlc, ?),
       updated_at = max(updated_at, ?) WHERE id = ?`,
    message.hlc,
    message.createdAt,
    conversationId,
  );
  if (n === undefined) throw new Error('A message was not inserted.');
  return { n, hash };
}

/** What the user says in a conversation that another window has deleted must not be out of sight. */
function bringBack(context: Context, conversationId: string): void {
  context.db.run(
    `UPDATE conversations SET status = 'active', deleted_at = NULL, deleted_from = NULL, deleted_by = NULL WHERE id = ?`,
    conversationId,
  );
  stampFields(context, conversationId, ['status']);
  enqueueFields(context, conversationId);
}

function titleByPrompt({ db }: Context, n: number, prompt: string): void {
  db.run('UPDATE conversations SET title = ? WHERE n = ?', cleanTitle(titleFrom(prompt)), n);
}

export function extendMessage(context: Context, messageId: string, extension: Extension): void {
  const { db } = context;
  db.write(() => {
    const status = requireOpen(context, messageId);
    if (extension.text !== undefined && extension.text !== '')
      addPiece(db, messageId, extension.text.toWellFormed());
    writeActivities(db, messageId, extension.activities ?? []);
    writeCommands(db, messageId, extension.commands ?? []);
    // Reading a growing reply for each of its pieces would cost the square of its length.
    if (status === 'streaming') return;
    // A message whose text was whole ends with the last step that ran in it.
    const message = mustReadMessage(context, messageId);
    if (isSettled(message)) finish(context, message, context.now());
  });
}

function requireOpen({ db }: Context, messageId: string): MessageStatus {
  const row = db.get<{ owner: string | null; status: MessageStatus }>(
    'SELECT owner, status FROM messages WHERE id = ?',
    messageId,
  );
  if (row === undefined) throw new StoreError('no-such-message', 'This message is not on this machine.');
  if (row.owner === null)
    throw new StoreError('already-settled', 'This message is complete; nothing can be added.');
  return row.status;
}

export function settleMessage(
  context: Context,
  messageId: string,
  status: Exclude<MessageStatus, 'streaming'>,
  endedAt: number = context.now(),
): Message | undefined {
  return context.db.write(() => {
    const open = mustReadMessage(context, messageId);
    if (open.hash !== undefined) return open;
    if (!hasContent(open)) {
      removeEmpty(context, open);
      return undefined;
    }
    const activities: Activity[] = interruptRunning(open.activities);
    const commands: CommandPanel[] = interruptRunning(open.commands);
    // Only what changes: the others may be large.
    writeActivities(context.db, messageId, activities.filter(isInterrupted(open.activities)));
    writeCommands(context.db, messageId, commands.filter(isInterrupted(open.commands)));
    finish(context, { ...open, status, activities, commands }, endedAt);
    return mustReadMessage(context, messageId);
  });
}

function isInterrupted<T>(before: readonly T[]): (item: T, index: number) => boolean {
  return (item, index) => item !== before[index];
}

/** Folds the pieces into the message, fixes its hash and lets the outbox send it. */
function finish(context: Context, message: Message, endedAt: number): void {
  const { db } = context;
  db.run(
    'UPDATE messages SET content = ?, status = ?, hash = ?, ended_at = ?, owner = NULL, bytes = ? WHERE id = ?',
    message.content,
    message.status,
    contentHash(message),
    endedAt,
    sizeOfMessage(message),
    message.id,
  );
  // A purge cannot overwrite later what is no longer in any row.
  db.overwriting(() => db.run('DELETE FROM message_pieces WHERE message_id = ?', message.id));
  markUnread(context, message.conversationId);
  db.run(`UPDATE outbox SET is_ready = 1 WHERE ${IS_OF_MESSAGE}`, message.id);
}

/** A reply of which nothing ever arrived was never shown as words: no message, nothing to keep or send. */
function removeEmpty(context: Context, message: Message): void {
  const { db } = context;
  removeParts(db, message.id);
  // One that is hidden, because its prompt was replaced meanwhile, is not counted any more.
  db.run(
    `UPDATE conversations SET message_count = message_count - 1
     WHERE id = ? AND (SELECT trashed_at FROM messages WHERE id = ?) IS NULL`,
    message.conversationId,
    message.id,
  );
  db.run('DELETE FROM messages WHERE id = ?', message.id);
  // A second attempt of which nothing came gives its place back to the first; what stood in the place of this one, to all.
  applyBranches(context, message.conversationId);
}

export function noteReplyProblem({ db }: Context, messageId: string, reason: string | undefined): void {
  db.write(() => db.run('UPDATE messages SET reply_problem = ? WHERE id = ?', reason ?? null, messageId));
}

/** Ends the open messages of hosts that have died, keeping what had arrived. Returns how many. */
export function interruptOrphans(context: Context): number {
  const owners = deadOwners(context);
  if (owners.length === 0) return 0;
  return context.db.write(() => {
    const open = owners.flatMap((owner) =>
      context.db.all<{ id: string; ended_at: number }>(
        // The last sign of life: nobody was there to look at the clock.
        `SELECT m.id, max(m.created_at, coalesce(s.heartbeat_at, 0)) AS ended_at
         FROM messages m LEFT JOIN sessions s ON s.id = m.owner WHERE m.owner = ?`,
        owner,
      ),
    );
    for (const { id, ended_at: endedAt } of open) {
      const message = mustReadMessage(context, id);
      const ended = message.status === 'streaming' ? 'interrupted' : message.status;
      if (settleMessage(context, id, ended, endedAt) === undefined)
        noteLostReply(context, message.conversationId);
    }
    return open.length;
  });
}

/** The prompt stands last now; say why nothing follows it. */
function noteLostReply({ db }: Context, conversationId: string): void {
  db.run(
    `UPDATE messages SET reply_problem = 'The window closed before a reply arrived.' WHERE role = 'user' AND id =
       (SELECT id FROM messages WHERE conversation_id = ? AND trashed_at IS NULL
       ORDER BY server_order DESC, hlc DESC, id DESC LIMIT 1)`,
    conversationId,
  );
}

export function mustReadMessage(context: Context, id: string): Message {
  const found = readMessage(context, id);
  if (found === undefined) throw new StoreError('no-such-message', 'This message is not on this machine.');
  return found;
}
