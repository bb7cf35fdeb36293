import { derivedId } from '../../model/hash.ts';
import type {
  AccountKey,
  Lease,
  MergeReport,
  OlderEnd,
  RemoteConversation,
  RemoteFields,
  RemoteMessage,
} from '../outbox.ts';
import { cleanTitle, type FieldsRow } from './conversations.ts';
import { putArrived } from './attachments.ts';
import { applyBranches } from './branches.ts';
import { settleCount } from './counts.ts';
import { compareRead, IS_DOUBTED } from './doubts.ts';
import { checkFence } from './leases.ts';
import { insertMessage } from './messages.ts';
import { mergeKnownFields } from './mergeFields.ts';
import { linkRemote } from './answers.ts';
import { IS_OF_MESSAGE } from './outboxRows.ts';
import { keepPurged } from './purged.ts';
import { isQuarantined, mend } from './quarantine.ts';
import { requireConversation, type Context } from './session.ts';
import { readSyncRow, type SyncRow } from './syncRow.ts';
import { findTombstone, findTombstoneByRemote, forgetTombstone } from './tombstones.ts';
import { AT_ONCE, forgetPlace, isFree, unlink } from './resend.ts';
import { markArrived } from './unread.ts';
import { parkUnverifiable } from './unverifiable.ts';
import { noteConfirmed } from './watching.ts';
import { placeOf } from './workspaces.ts';

export interface KnownRow extends FieldsRow {
  id: string;
  remote_updated_at: string | null;
  older: 'wanted' | 'unavailable' | null;
  older_cursor: string | null;
  base: string | null;
  is_doubted: number;
}

/** The backend's clock and ours differ by less than this, or the backend holds a deleted conversation twice. */
const CLOCKS_APART_MS = 24 * 60 * 60_000;

/**
 * Merges the fields of listed conversations that are known here. Returns the backend's ids of those whose content must
 * be read: unknown ones that are not deleted or may be our own, and known ones whose `updated_at` is not the one last
 * read or whose beginning is still wanted.
 */
export function mergeList(
  context: Context,
  lease: Lease,
  account: AccountKey,
  rows: readonly RemoteFields[],
): string[] {
  const { db } = context;
  return db.write(() => {
    checkFence(context, lease);
    const since = Math.min(oldestDoubtfulCreate(context), oldestHeldCreate(context)) - CLOCKS_APART_MS;
    return rows
      .filter((remote) => {
        if (isKeptPurged(context, account, remote)) return false;
        const known = findByRemote(context, account, remote.remoteId);
        // One of ours whose creation was not answered, or that was lost there and sent again by another machine, may have been
        // deleted since.
        if (known === undefined) return remote.status !== 'deleted' || remote.createdAt >= since;
        mergeKnownFields(context, known.id, remote);
        const isNews =
          known.remote_updated_at !== remote.remoteUpdatedAt ||
          known.older === 'wanted' ||
          known.is_doubted === 1;
        return remote.status !== 'deleted' && isNews;
      })
      .map((remote) => remote.remoteId);
  });
}

/** When the first request went out that put a conversation on a backend and has no answer; Infinity without one. */
function oldestDoubtfulCreate({ db }: Context): number {
  const row = db.get<{ sent_at: number | null }>(
    `SELECT min(sent_at) AS sent_at FROM outbox WHERE kind = 'create' AND state IN ('sending', 'unknown')`,
  );
  return row?.sent_at ?? Infinity;
}

/** When the first of those was made that were lost there, were left to another machine, and are to be sent now. */
function oldestHeldCreate({ db, now }: Context): number {
  const row = db.get<{ created_at: number | null }>(
    `SELECT min(c.created_at) AS created_at FROM outbox o JOIN conversations c ON c.id = o.conversation_id
     WHERE o.kind = 'create' AND o.state = 'queued' AND o.held_until > ${AT_ONCE} AND ${isFree('o', '?1')}`,
    now(),
  );
  return row?.created_at ?? Infinity;
}

/**
 * True when this is a conversation that was purged here: it is not brought back, and where it is not deleted there, it
 * is deleted again. One that only its age removed comes back when somebody has restored it there.
 */
export function isKeptPurged(
  context: Context,
  account: AccountKey,
  remote: RemoteFields,
  whole?: Pick<RemoteConversation, 'id' | 'insteadOf'>,
): boolean {
  const { db } = context;
  const byId = whole === undefined ? undefined : findTombstone(db, whole.id);
  // Purged while the request that was to put it there had no answer: this is its answer. Or it was lost there, and another
  // machine that had not heard of the deletion sent it again.
  const isAnswer =
    byId !== undefined &&
    (byId.account === null || byId.account === account) &&
    (byId.remote_id === null || isInsteadOf(whole, byId.remote_id));
  const tombstone = findTombstoneByRemote(db, account, remote.remoteId) ?? (isAnswer ? byId : undefined);
  if (tombstone === undefined) return false;
  if (tombstone.is_final === 0 && remote.status !== 'deleted') {
    forgetTombstone(db, tombstone.id);
    return false;
  }
  keepPurged(context, tombstone, account, remote);
  return true;
}

/** It was created anew in place of what was lost there under this id. */
function isInsteadOf(remote: Pick<RemoteConversation, 'insteadOf'> | undefined, remoteId: string): boolean {
  return remote?.insteadOf?.includes(remoteId) === true;
}

export function findByRemote({ db }: Context, account: AccountKey, remoteId: string): KnownRow | undefined {
  return db.get<KnownRow>(
    `SELECT id, title, status, is_pinned, is_starred, base, remote_updated_at, older, older_cursor,
       ${IS_DOUBTED} AS is_doubted
     FROM conversations c WHERE account = ? AND remote_id = ?`,
    account,
    remoteId,
  );
}

/** Union of the messages by client id (I3): what is here stays, what is new is added, what is ours is adopted. */
export function mergeConversation(
  context: Context,
  lease: Lease,
  account: AccountKey,
  remote: RemoteConversation,
): MergeReport {
  const { db } = context;
  return db.write(() => {
    checkFence(context, lease);
    if (isKeptPurged(context, account, remote.fields, remote))
      return { conversationId: remote.id, added: 0, adopted: 0, doubled: 0, wantsOlder: false };
    const isKnown = findByRemote(context, account, remote.fields.remoteId) !== undefined;
    const rival = rivalOf(context, account, remote);
    if (rival !== undefined && remote.readAt !== undefined && remote.rivalIs !== 'there')
      return { conversationId: remote.id, added: 0, adopted: 0, doubled: 0, wantsOlder: false, rival };
    const id = conversationFor(context, account, remote);
    if (isGap(context, id, remote)) setOlder(context, id, 'wanted');
    const seen = new Set<string>();
    const report = { added: 0, adopted: 0, doubled: 0, kept: 0 };
    const reading = shownBy(remote);
    for (const message of remote.messages) {
      if (seen.has(message.id)) report.doubled += 1;
      else {
        const merged = mergeMessage(context, id, message, reading);
        report[merged] += 1;
        if (merged === 'added') markArrived(context, { conversationId: id, account, isKnown, message });
      }
      seen.add(message.id);
    }
    applyBranches(context, id);
    db.run('UPDATE conversations SET remote_updated_at = ? WHERE id = ?', remote.fields.remoteUpdatedAt, id);
    settleCount(context, id, remote.isCut === true);
    compareRead(context, id, remote);
    const merged = findByRemote(context, account, remote.fields.remoteId);
    const from = merged?.older_cursor ?? undefined;
    const { added, adopted, doubled } = report;
    noteConfirmed(context, adopted);
    const wantsOlder = merged?.older === 'wanted';
    const isDoubted = merged?.is_doubted === 1;
    return {
      conversationId: id,
      added,
      adopted,
      doubled,
      wantsOlder,
      ...(from !== undefined && { olderFrom: from }),
      ...(isDoubted && { isDoubted }),
    };
  });
}

/** The id there of what has this one's client id here, where this one is not known to stand for it. */
export function rivalOf(
  context: Context,
  account: AccountKey,
  remote: RemoteConversation,
): string | undefined {
  if (findByRemote(context, account, remote.fields.remoteId) !== undefined) return undefined;
  const own = readSyncRow(context, remote.id);
  if (own?.remote_id == null || own.account !== account) return undefined;
  return standsFor(remote, own) ? undefined : own.remote_id;
}

/** What was deleted here needs no second reading: whatever has its client id there is to be deleted as well. */
function standsFor(remote: RemoteConversation, own: SyncRow): boolean {
  if (own.remote_id === null || isInsteadOf(remote, own.remote_id)) return true;
  return remote.rivalIs === 'gone' && own.status === 'deleted';
}

/** True when what is here does not reach up to the oldest message that came. */
function isGap({ db }: Context, id: string, { isCut, messages }: RemoteConversation): boolean {
  const oldest = messages[0];
  if (isCut !== true || oldest === undefined) return false;
  return (
    db.get('SELECT 1 FROM messages WHERE conversation_id = ? AND remote_id = ?', id, oldest.remoteId) ===
    undefined
  );
}

export function setOlder({ db }: Context, id: string, older: KnownRow['older']): void {
  db.run('UPDATE conversations SET older = ?, older_cursor = NULL WHERE id = ?', older, id);
}

export function mergeOlder(
  context: Context,
  lease: Lease,
  conversationId: string,
  messages: readonly RemoteMessage[],
  end?: OlderEnd,
): void {
  const { db } = context;
  db.write(() => {
    checkFence(context, lease);
    if (readSyncRow(context, conversationId) === undefined) return;
    for (const message of messages) mergeMessage(context, conversationId, message);
    applyBranches(context, conversationId);
    if (typeof end === 'object')
      db.run('UPDATE conversations SET older_cursor = ? WHERE id = ?', end.from, conversationId);
    else if (end !== undefined) setOlder(context, conversationId, end === 'whole' ? null : end);
    if (end === 'unavailable') parkUnverifiable(context, conversationId);
  });
}

/** The conversation's id here: known by the backend's id, or by our client id in it, else made. */
export function conversationFor(context: Context, account: AccountKey, remote: RemoteConversation): string {
  const { db } = context;
  const known = findByRemote(context, account, remote.fields.remoteId);
  if (known !== undefined) {
    mergeKnownFields(context, known.id, remote.fields);
    return known.id;
  }
  const own = readSyncRow(context, remote.id);
  const isOurs =
    own !== undefined && (own.account === null || own.account === account) && standsFor(remote, own);
  if (isOurs) {
    // Another machine has found the loss first. What was deleted here is not sent again, but deleted there.
    if (own.remote_id !== null && own.status === 'deleted') forgetPlace(context, own.id);
    else if (own.remote_id !== null) unlink(context, own.id, remote.readAt ?? context.now(), false);
    linkRemote(context, own.id, account, remote.fields);
    return own.id;
  }
  // A second row on the backend with one client id, or one that another account holds, gets an id of its own.
  const isFree = own === undefined && findTombstone(db, remote.id) === undefined;
  const id = isFree ? remote.id : derivedId('conversation', account, remote.fields.remoteId);
  db.run(
    `INSERT INTO conversations (id, title, status, is_pinned, is_starred, created_at, updated_at, workspace, deleted_at,
       deleted_from, workspace_id, tags, clocks) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    id,
    cleanTitle(remote.fields.title),
    remote.fields.status,
    Number(remote.fields.isPinned),
    Number(remote.fields.isStarred),
    remote.fields.createdAt,
    remote.fields.createdAt,
    remote.fields.workspace === undefined ? null : JSON.stringify(remote.fields.workspace),
    remote.fields.status === 'deleted' ? context.now() : null,
    remote.fields.status === 'deleted' ? 'active' : null,
    placeOf(context, remote.fields.workspace) ?? null,
    JSON.stringify(remote.fields.tags ?? []),
    JSON.stringify(remote.fields.clocks ?? {}),
  );
  requireConversation(db, id);
  linkRemote(context, id, account, { ...remote.fields, title: cleanTitle(remote.fields.title) });
  return id;
}

type Merged = 'added' | 'adopted' | 'kept';

/**
 * `reading`: what came with it. A message that is known under another id there, which had to be shown and is not, was lost there
 * and came again, by whichever way: it is taken for what it is now, as every new machine does.
 */
export function mergeMessage(
  context: Context,
  conversationId: string,
  message: RemoteMessage,
  reading?: Shown,
): Merged {
  const { db } = context;
  const byId = findMessage(context, 'id = ?', message.id);
  const own = byId?.conversation_id === conversationId ? byId : undefined;
  // One of ours that comes back, as most do, is both: it need not be looked for again.
  const byRemote =
    own?.remote_id === message.remoteId
      ? own
      : findMessage(context, 'conversation_id = ? AND remote_id = ?', conversationId, message.remoteId);
  const known = own ?? byRemote;
  if (known === undefined) {
    // A copy of a conversation carries the ids of the original: shown under ids of its own, not left out.
    const id = byId === undefined ? message.id : derivedId('message', conversationId, message.remoteId);
    putArrived(db, message.contents);
    insertMessage(context, conversationId, { ...message, id, owner: undefined });
    return 'added';
  }
  if (isQuarantined(db, known.id)) {
    putArrived(db, message.contents);
    mend(context, known.id, message);
  }
  const isTaken = byRemote !== undefined && byRemote.id !== known.id;
  if (known.is_confirmed === 1) {
    const isOther = known.remote_id !== null && known.remote_id !== message.remoteId && !isTaken;
    if (isOther && (message.resentAt !== undefined || isMissing(known, reading)))
      db.run(
        'UPDATE messages SET remote_id = ?, server_order = ?, resent_at = ? WHERE id = ?',
        message.remoteId,
        message.serverOrder,
        message.resentAt ?? null,
        known.id,
      );
    return 'kept';
  }
  db.run(
    `UPDATE messages SET is_confirmed = 1, remote_id = coalesce(remote_id, ?1),
       server_order = CASE WHEN remote_id IS NULL THEN ?2 ELSE server_order END,
       resent_at = CASE WHEN remote_id IS NULL THEN ?3 ELSE resent_at END WHERE id = ?4`,
    isTaken ? null : message.remoteId,
    message.serverOrder,
    message.resentAt ?? null,
    known.id,
  );
  db.run(`DELETE FROM outbox WHERE ${IS_OF_MESSAGE}`, known.id);
  return 'adopted';
}

/** Ids there of what a reading showed; it had to show all that is later than `after`, microseconds since the epoch. */
export interface Shown {
  readonly remoteIds: ReadonlySet<string>;
  readonly after: number;
}

function shownBy({ messages, isCut, readAt }: RemoteConversation): Shown | undefined {
  const oldest = messages[0];
  if (readAt === undefined || oldest === undefined) return undefined;
  const after = isCut === true ? (oldest.resentAt ?? oldest.serverOrder) : -1;
  return { remoteIds: new Set(messages.map(({ remoteId }) => remoteId)), after };
}

function isMissing(known: KnownMessage, reading: Shown | undefined): boolean {
  if (reading === undefined || known.remote_id === null) return false;
  return (known.resent_at ?? known.server_order) > reading.after && !reading.remoteIds.has(known.remote_id);
}

interface KnownMessage {
  id: string;
  conversation_id: string;
  remote_id: string | null;
  is_confirmed: number;
  server_order: number;
  resent_at: number | null;
}

function findMessage({ db }: Context, where: string, ...params: readonly string[]): KnownMessage | undefined {
  return db.get<KnownMessage>(
    `SELECT id, conversation_id, remote_id, is_confirmed, server_order, resent_at FROM messages WHERE ${where}`,
    ...params,
  );
}
