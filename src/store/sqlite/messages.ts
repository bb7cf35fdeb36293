/** Messages that come to be: those that are written here, and those that are merged. */
import { upsertById } from '../../model/activity.ts';
import { NEW_CONVERSATION_TITLE, titleFrom, type ConversationStatus } from '../../model/conversation.ts';
import { contentHash } from '../../model/hash.ts';
import { linksOf } from '../../model/links.ts';
import { isSettled, type Message, type MessageContent } from '../../model/message.ts';
import { nextHlc, UNNUMBERED, writingTime } from '../../model/order.ts';
import { sizeOfMessage } from '../../model/size.ts';
import { StoreError, type NewMessage } from '../store.ts';
import {
  attachmentsToCopy,
  attachmentsToSend,
  leaveDraft,
  putContents,
  writeAttachments,
} from './attachments.ts';
import { applyBranches } from './branches.ts';
import { cleanTitle } from './conversations.ts';
import { removeDraft } from './drafts.ts';
import { stampFields } from './fieldClocks.ts';
import { mustReadMessage } from './messageRows.ts';
import { enqueueAppend, enqueueCreate, enqueueFields } from './outboxRows.ts';
import { writeActivities, writeCommands } from './parts.ts';
import { beat, noSuchConversation, type Context } from './session.ts';
import { refusePurged } from './tombstones.ts';
import { markUnread } from './unread.ts';

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
