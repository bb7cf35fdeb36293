import { whyNotAttached, type Attachment } from '../../model/attachment.ts';
import { readJsonObject } from '../../model/json.ts';
import { sha256 } from '../../model/hash.ts';
import type { NewAttachment } from '../attachments.ts';
import { StoreError, type NewMessage } from '../store.ts';
import { getBlob, putBlob } from './blobs.ts';
import type { Connection } from './connection.ts';
import { requireConversation, type Context } from './session.ts';

interface Row {
  owner: string;
  data: string;
  blob: string | null;
}

export function attach(
  { db, now }: Context,
  conversationId: string,
  messageId: string,
  added: NewAttachment,
): Attachment {
  const attachment = toAttachment(added);
  return db.write(() => {
    requireConversation(db, conversationId);
    const known = draftAttachments(db, conversationId);
    const same = known.find(({ id }) => id === added.id);
    if (same !== undefined) return same;
    const refusal = whyNotAttached(known, attachment);
    if (refusal !== undefined) throw new StoreError('too-large', refusal);
    db.run(
      `INSERT INTO drafts (conversation_id, message_id, text, updated_at) VALUES (?, ?, '', ?)
       ON CONFLICT (conversation_id) DO UPDATE SET updated_at = excluded.updated_at`,
      conversationId,
      messageId,
      now(),
    );
    db.run(
      `INSERT INTO draft_attachments (conversation_id, id, n, data, blob) VALUES (?1, ?2,
         (SELECT coalesce(max(n), 0) + 1 FROM draft_attachments WHERE conversation_id = ?1), ?3, ?4)`,
      conversationId,
      attachment.id,
      JSON.stringify(attachment),
      putBlob(db, added.content),
    );
    return attachment;
  });
}

export function detach({ db, now }: Context, conversationId: string, attachmentId: string): void {
  db.write(() => {
    db.run(
      'DELETE FROM draft_attachments WHERE conversation_id = ? AND id = ?',
      conversationId,
      attachmentId,
    );
    db.run('UPDATE drafts SET updated_at = ? WHERE conversation_id = ?', now(), conversationId);
  });
}

/** Size and hash are those of the content; what names it must be storable text. */
function toAttachment({ content, ...rest }: NewAttachment): Attachment {
  return {
    ...rest,
    name: rest.name.toWellFormed(),
    ...(rest.path !== undefined && { path: rest.path.toWellFormed() }),
    size: content.length,
    hash: sha256(content),
  };
}

export function draftAttachments(db: Connection, conversationId: string): Attachment[] {
  return db
    .all<{ data: string }>(
      'SELECT data FROM draft_attachments WHERE conversation_id = ? ORDER BY n',
      conversationId,
    )
    .map(({ data }) => JSON.parse(data) as Attachment);
}

/** Those of a draft that a message takes along, in the draft's order. What another window took out is not among them. */
export function attachmentsToSend(
  db: Connection,
  conversationId: string,
  ids: readonly string[] | undefined,
): Attachment[] {
  if (ids === undefined || ids.length === 0) return [];
  return draftAttachments(db, conversationId).filter(({ id }) => ids.includes(id));
}

/** Those of another message of the conversation that a message takes along; a content that is elsewhere stays there. */
export function attachmentsToCopy(
  db: Connection,
  conversationId: string,
  copied: NewMessage['copiedAttachments'],
): Attachment[] {
  if (copied === undefined || copied.ids.length === 0) return [];
  const { of, ids } = copied;
  if (db.get('SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?', of, conversationId) === undefined)
    return [];
  return (readAttachments(db, [of]).of(of).attachments ?? []).filter(({ id }) => ids.includes(id));
}

/** Contents that come with a message and are not in a draft. */
export function putContents(db: Connection, added: readonly NewAttachment[]): Attachment[] {
  return added.map((one) => {
    putBlob(db, one.content);
    return toAttachment(one);
  });
}

/** Inside the transaction that stores the message. A content that is not on this machine is left open. */
export function writeAttachments(
  db: Connection,
  messageId: string,
  attachments: readonly Attachment[],
): void {
  for (const [n, attachment] of attachments.entries()) {
    db.run(
      `INSERT OR IGNORE INTO message_attachments (message_id, id, n, data, blob)
       VALUES (?, ?, ?, ?, (SELECT hash FROM blobs WHERE hash = ?))`,
      messageId,
      attachment.id,
      n,
      JSON.stringify(attachment),
      attachment.hash,
    );
  }
}

/** What was sent is no longer a draft; what was attached since stays one, under the id of the next. */
export function leaveDraft(db: Connection, conversationId: string, sent: readonly Attachment[]): void {
  for (const { id } of sent)
    db.run('DELETE FROM draft_attachments WHERE conversation_id = ? AND id = ?', conversationId, id);
}

/**
 * So much of a message's attachments goes to a backend, in bytes: a conversation is read from there 200 messages at a
 * time, in an answer of at most 32 MB.
 */
export const MOST_SENT = 100_000;

/** Contents that go along with a message: in its order, as long as there is room. */
export function contentsToSend(
  db: Connection,
  attachments: readonly Attachment[],
): ReadonlyMap<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  let room = MOST_SENT;
  for (const { hash, size } of attachments) {
    const content = size > room || contents.has(hash) ? undefined : getBlob(db, hash);
    if (content === undefined) continue;
    contents.set(hash, content);
    room -= size;
  }
  return contents;
}

/** Those of them that are on this machine. */
export function contentsOf(db: Connection, hashes: readonly string[]): ReadonlyMap<string, Uint8Array> {
  return new Map(
    hashes.flatMap((hash) => {
      const content = getBlob(db, hash);
      return content === undefined ? [] : [[hash, content] as const];
    }),
  );
}

/** Contents that came from a backend, of attachments that are to be written after it. */
export function putArrived(db: Connection, contents: ReadonlyMap<string, Uint8Array> | undefined): void {
  for (const content of contents?.values() ?? []) putBlob(db, content);
}

export interface MessageAttachments {
  /** Nothing for a message without. */
  of(messageId: string): { readonly attachments?: readonly Attachment[] };
  /** Hashes of contents that are not on this machine. */
  absent(messageId: string): string[];
  /** A row of them is not what was saved. */
  isBroken(messageId: string): boolean;
}

/** One statement for a page of messages. */
export function readAttachments(db: Connection, messageIds: readonly string[]): MessageAttachments {
  const rows = db.all<Row>(
    `SELECT message_id AS owner, data, blob FROM message_attachments
     WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id, n`,
    JSON.stringify(messageIds),
  );
  const read = (messageId: string) =>
    rows
      .filter(({ owner }) => owner === messageId)
      .map(({ data, blob }) => ({ attachment: readAttachment(data), isHere: blob !== null }));
  return {
    of: (id) => {
      const attachments = read(id).flatMap(({ attachment }) => attachment ?? []);
      return attachments.length === 0 ? {} : { attachments };
    },
    absent: (id) => read(id).flatMap(({ attachment, isHere }) => (isHere ? [] : (attachment?.hash ?? []))),
    isBroken: (id) => read(id).some(({ attachment }) => attachment === undefined),
  };
}

/** Undefined when it is not what was saved. */
export function readAttachment(data: string): Attachment | undefined {
  return readJsonObject(data) as unknown as Attachment | undefined;
}
