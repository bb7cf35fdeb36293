import type { AccountKey, FeedPage, FeedPlace, FeedReport, Lease, RemoteConversation } from '../outbox.ts';
import { applyBranches } from './branches.ts';
import { checkFence } from './leases.ts';
import { conversationFor, findByRemote, isKeptPurged, mergeMessage, rivalOf } from './merge.ts';
import { mergeKnownFields } from './mergeFields.ts';
import { purgedThere } from './purgedThere.ts';
import type { Context } from './session.ts';
import { readSyncRow } from './syncRow.ts';
import { findTombstoneByRemote } from './tombstones.ts';
import { markArrived } from './unread.ts';
import { noteConfirmed } from './watching.ts';

export function feedPlace({ db }: Context, account: AccountKey): FeedPlace | undefined {
  const row = db.get<{ cursor: string | null; takes_purges: number }>(
    'SELECT cursor, takes_purges FROM feeds WHERE account = ?',
    account,
  );
  if (row === undefined) return undefined;
  return { ...(row.cursor !== null && { cursor: row.cursor }), takesPurges: row.takes_purges === 1 };
}

export function setFeedPlace(
  context: Context,
  lease: Lease,
  account: AccountKey,
  place: FeedPlace | undefined,
): void {
  const { db } = context;
  db.write(() => {
    checkFence(context, lease);
    if (place === undefined) db.run('DELETE FROM feeds WHERE account = ?', account);
    else writePlace(context, account, place);
  });
}

function writePlace({ db }: Context, account: AccountKey, { cursor, takesPurges }: FeedPlace): void {
  db.run(
    `INSERT INTO feeds (account, cursor, takes_purges) VALUES (?, ?, ?) ON CONFLICT (account)
     DO UPDATE SET cursor = excluded.cursor, takes_purges = excluded.takes_purges`,
    account,
    cursor ?? null,
    Number(takesPurges),
  );
}

/** All of the page and the place behind it in one transaction; no message, and no place, while conversations have to be read first. */
export function mergeChanges(
  context: Context,
  lease: Lease,
  account: AccountKey,
  page: FeedPage,
): FeedReport {
  const { db } = context;
  return db.overwriting(() =>
    db.write(() => {
      checkFence(context, lease);
      const { changes, place } = page;
      // Whatever their order in the feed: a row comes where it was last changed, its messages where they were added.
      const known = new Map<string, string>();
      for (const change of changes) {
        if (change.type !== 'conversation') continue;
        const id = mergeFedConversation(context, account, change.conversation, change.messageCount);
        if (id !== undefined) known.set(change.conversation.fields.remoteId, id);
      }
      const unknown = unknownIn(context, account, page, known);
      if (unknown.length > 0) return { unknown, added: 0 };
      const added = mergeFedMessages(context, account, page, known);
      for (const id of new Set(known.values())) applyBranches(context, id);
      for (const change of changes) if (change.type === 'tombstone') purgedThere(context, account, change);
      if (place !== undefined) writePlace(context, account, place);
      return { unknown: [], added };
    }),
  );
}

/** The conversation's id here; undefined for one that is not brought in. */
function mergeFedConversation(
  context: Context,
  account: AccountKey,
  remote: RemoteConversation,
  count: number,
): string | undefined {
  const { db } = context;
  const { fields } = remote;
  if (isKeptPurged(context, account, fields, remote)) return undefined;
  const known = findByRemote(context, account, fields.remoteId);
  if (known === undefined && fields.status === 'deleted' && !isOwnUnanswered(context, account, remote.id))
    return undefined;
  // Read by the next look at the whole list, when it is known what has become of the one that is here.
  if (rivalOf(context, account, remote) !== undefined) return undefined;
  const id = known?.id ?? conversationFor(context, account, remote);
  if (known !== undefined) mergeKnownFields(context, id, fields);
  db.run(
    `UPDATE conversations SET remote_count = ?, remote_updated_at = coalesce(?, remote_updated_at) WHERE id = ?`,
    count,
    // What was said in one that is new here has yet to come: a list would still have it read.
    known === undefined ? null : fields.remoteUpdatedAt,
    id,
  );
  return id;
}

/** One of ours whose creation was not answered may have been deleted by another machine since. */
function isOwnUnanswered(context: Context, account: AccountKey, id: string): boolean {
  const own = readSyncRow(context, id);
  return own?.remote_id === null && (own.account === null || own.account === account);
}

/** Conversations of messages on this page of which nothing is known here; fills in those that are. */
function unknownIn(
  context: Context,
  account: AccountKey,
  { changes, ignored }: FeedPage,
  known: Map<string, string>,
): string[] {
  const unknown = new Set<string>();
  const skipped = new Set(ignored);
  for (const change of changes) {
    if (change.type === 'conversation' && !known.has(change.conversation.fields.remoteId))
      skipped.add(change.conversation.fields.remoteId);
  }
  for (const change of changes) {
    if (change.type !== 'message') continue;
    const { remoteConversationId: remoteId } = change;
    if (known.has(remoteId) || unknown.has(remoteId)) continue;
    const id = findByRemote(context, account, remoteId)?.id;
    if (id !== undefined) known.set(remoteId, id);
    else if (skipped.has(remoteId)) continue;
    else if (findTombstoneByRemote(context.db, account, remoteId) !== undefined) skipped.add(remoteId);
    else unknown.add(remoteId);
  }
  return [...unknown];
}

function mergeFedMessages(
  context: Context,
  account: AccountKey,
  { changes, isNews, isById }: FeedPage,
  known: ReadonlyMap<string, string>,
): number {
  const counts = { added: 0, adopted: 0, kept: 0 };
  for (const change of changes) {
    const conversationId = change.type === 'message' ? known.get(change.remoteConversationId) : undefined;
    if (change.type !== 'message' || conversationId === undefined) continue;
    const { message } = change;
    // Where client ids are kept there is one of each: another id there is not any more.
    const sole = { remoteIds: new Set([message.remoteId]), after: -1 };
    const merged = mergeMessage(context, conversationId, message, isById === true ? sole : undefined);
    counts[merged] += 1;
    if (merged === 'added') markArrived(context, { conversationId, account, isKnown: isNews, message });
  }
  noteConfirmed(context, counts.adopted);
  return counts.added;
}
