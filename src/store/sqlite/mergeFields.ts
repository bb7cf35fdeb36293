/** Merging what a backend says of a conversation's fields into what is held here. */
import { CLOCKED, FURTHEST_AHEAD_MICROS } from '../../model/clocks.ts';
import { canonicalJson } from '../../model/json.ts';
import {
  agree,
  isNothing,
  mergeSides,
  pendingOf,
  pendsMore,
  type RemoteSide,
  type Side,
} from '../../model/merge.ts';
import type { FieldsOrder, RemoteFields } from '../outbox.ts';
import { baseText, readBase, writeBase, type Base } from './base.ts';
import { noteConflicts } from './conflicts.ts';
import { cleanTitle, writeFields } from './conversations.ts';
import { writeClocks } from './fieldClocks.ts';
import { enqueueFields, ensureFieldsQueued } from './outboxRows.ts';
import { noteReturn } from './returns.ts';
import type { Context } from './session.ts';
import { readSyncRow, sideOf, type SyncRow } from './syncRow.ts';

export function mergeKnownFields(context: Context, id: string, remote: RemoteFields): void {
  const row = readSyncRow(context, id);
  if (row === undefined) return;
  const theirs = remoteSideOf(remote);
  const ours = sideOf(row);
  const base = readBase(row.base, theirs);
  const isReturning = isOutlived(context, id, base, remote);
  if (isReturning && ours.status !== 'deleted') noteReturn(context, id);
  const agreed = wentBack(row, base, remote)
    ? { ...base, status: theirs.status }
    : withOwnDeletion(base, theirs);
  const { merged, dropped } = mergeSides(agreed, ours, theirs, {
    nowMs: context.now(),
    seen: row.last_hlc,
    isOutlived: isReturning,
  });
  if (textOf(merged) !== textOf(ours)) writeSide(context, id, merged);
  noteConflicts(context, id, dropped);
  // Of one that says nothing of clocks and tags no more it is not known any more what it holds.
  const next: Base = { ...theirs, isDeleting: base.isDeleting === true };
  if (baseText(next) !== (row.base ?? baseText(base))) writeBase(context, id, next);
  const pending = pendingOf(next, merged);
  // What was refused says nothing of what it did not hold.
  if (pendsMore(pending, pendingOf(base, ours))) enqueueFields(context, id);
  else if (!isNothing(pending)) ensureFieldsQueued(context, id);
}

/**
 * What the answer to a change shows to be taken is agreed upon, with the clock that the backend gave it: ours may have been
 * too far ahead for it. False when nothing was taken and nothing is new since the change was sent.
 */
export function learnAnswer(context: Context, id: string, order: FieldsOrder, answer: RemoteFields): boolean {
  const row = readSyncRow(context, id);
  if (row === undefined) return true;
  const theirs = remoteSideOf(answer);
  // Whether a deletion of ours took effect is known now.
  const { isDeleting: _, ...before } = readBase(row.base, theirs);
  const { side, base, isTaken } = agree(sideOf(row), before, order, theirs);
  writeClocks(context, id, side.clocks);
  writeBase(context, id, base);
  return isTaken || baseText(theirs) !== baseText(before) || isOverseen(order, theirs);
}

/** What stands in the way of the change was told since it was sent: by the stream of events, before the answer came. */
function isOverseen({ change, tags, seen }: FieldsOrder, { clocks }: RemoteSide): boolean {
  return CLOCKED.some((field) => {
    const isChanged = (field === 'tags' ? tags : change[field]) !== undefined;
    return isChanged && (clocks?.[field] ?? 0) !== (seen[field] ?? 0);
  });
}

/**
 * The backend is as it was before a deletion that it had taken: nobody has restored the conversation, it went back to a backup. So
 * our deletion is given anew. With clocks their order says the same.
 */
function wentBack(row: SyncRow, base: Base, { status, clocks, remoteUpdatedAt }: RemoteFields): boolean {
  const isBack = clocks === undefined && base.status === 'deleted' && status !== 'deleted';
  return isBack && row.remote_updated_at !== null && row.remote_updated_at === remoteUpdatedAt;
}

/** A deletion that is under way from here is no news from there, so that Undo holds. */
function withOwnDeletion(base: Base, theirs: RemoteSide): RemoteSide {
  if (base.isDeleting !== true || theirs.status !== 'deleted') return base;
  const { status, clocks } = theirs;
  return {
    ...base,
    status,
    ...(base.clocks && {
      clocks: { ...base.clocks, ...(clocks?.status !== undefined && { status: clocks.status }) },
    }),
  };
}

function textOf({ title, status, isPinned, isStarred, tags, clocks }: Side): string {
  return canonicalJson({ title, status, isPinned, isStarred, tags, clocks: { ...clocks } });
}

function writeSide(context: Context, id: string, side: Side): void {
  writeFields(context, id, side);
  writeClocks(context, id, side.clocks);
  context.db.run('UPDATE conversations SET tags = ? WHERE id = ?', JSON.stringify(side.tags), id);
}

/** More than a day ahead of the server that took the message, its clock is wrong: it counts as of when it was taken. */
const CREDIBLE_CLOCK = `CASE WHEN m.hlc > m.server_order + ${FURTHEST_AHEAD_MICROS} THEN m.server_order ELSE m.hlc END`;

/**
 * True when a deletion there knows nothing of a message here: one that waits to be sent; one whose clock is later, or
 * without clocks, one that was the last change there. Then the conversation stays with its writer and is brought back there
 * (once sent, a message is no reason any more, nor is one that is sent again because it was lost there). A message that was refused is none either: two machines would go on for ever.
 */
function isOutlived({ db }: Context, id: string, base: Base, remote: RemoteFields): boolean {
  const { status, clocks, lastChange, remoteUpdatedAt } = remote;
  if (status !== 'deleted' || base.status === 'deleted' || base.isDeleting === true) return false;
  const newer = db.get(
    `SELECT 1 FROM conversations c JOIN messages m ON m.conversation_id = c.id LEFT JOIN outbox o
       ON o.conversation_id = m.conversation_id AND o.seq = m.n
     WHERE c.id = ?1 AND ((o.state IN ('queued', 'sending', 'unknown') AND o.held_until = 0)
       OR (?2 IS NULL AND m.server_order = ?3 AND c.remote_updated_at IS NOT ?4)
       OR (o.state IS NULL AND ${CREDIBLE_CLOCK} > ?2))`,
    id,
    clocks?.status ?? null,
    lastChange ?? null,
    remoteUpdatedAt,
  );
  return newer !== undefined;
}

export function remoteSideOf({ title, status, isPinned, isStarred, tags, clocks }: RemoteFields): RemoteSide {
  return {
    title: cleanTitle(title),
    status,
    isPinned,
    isStarred,
    ...(tags && { tags }),
    ...(clocks && { clocks }),
  };
}
