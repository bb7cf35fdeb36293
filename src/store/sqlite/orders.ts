/** What is said to a backend of a conversation itself: that it is, and its fields. Messages go by appends.ts. */
import { isNothing, pendingOf } from '../../model/merge.ts';
import type { AccountKey, CreateOrder, FieldsOrder, Lease } from '../outbox.ts';
import { readBase, writeBase } from './base.ts';
import { toFields } from './conversations.ts';
import { checkFence } from './leases.ts';
import { type OutboxRow, maySend } from './outbox.ts';
import { HAS_SEQ } from './outboxRows.ts';
import { removeRow } from './purged.ts';
import type { Context } from './session.ts';
import { readSyncRow, sideOf, type SyncRow } from './syncRow.ts';
import { findTombstone } from './tombstones.ts';
import { readWorkspace } from './workspaces.ts';

/** So many ids under which a conversation was lost are told. */
const MOST_LOST_IDS = 20;

export function beginSend(
  context: Context,
  lease: Lease,
  account: AccountKey,
  seq: number,
  now: number,
  isById = false,
): CreateOrder | FieldsOrder | undefined {
  const { db } = context;
  return db.write(() => {
    checkFence(context, lease);
    const row = db.get<OutboxRow>(`SELECT * FROM outbox WHERE ${HAS_SEQ}`, seq);
    const conversation = row && readSyncRow(context, row.conversation_id);
    if (row === undefined || conversation === undefined || !maySend(row, { now, isById })) return undefined;
    if (conversation.account !== null && conversation.account !== account) return undefined;
    // Messages go by `settleAppends`.
    if (row.kind === 'append') return undefined;
    const order = orderFor(context, row, conversation);
    if (order === undefined) {
      db.run(`DELETE FROM outbox WHERE ${HAS_SEQ}`, seq);
      if (findTombstone(context.db, conversation.id) !== undefined) removeRow(context, conversation.id);
      return undefined;
    }
    db.run('UPDATE conversations SET account = ? WHERE id = ?', account, conversation.id);
    if (order.kind === 'fields' && order.change.status === 'deleted')
      writeBase(context, conversation.id, { ...readBase(conversation.base, order.fields), isDeleting: true });
    db.run(
      `UPDATE outbox SET state = 'sending', attempts = attempts + 1, sent_at = ?2, fence = ?3, reason = NULL, carried = ?4
       WHERE ${HAS_SEQ}`,
      seq,
      now,
      lease.token,
      isById ? '[]' : null,
    );
    return order;
  });
}

/** Undefined when there is nothing (left) to say. */
function orderFor(
  context: Context,
  row: OutboxRow,
  conversation: SyncRow,
): CreateOrder | FieldsOrder | undefined {
  if (row.kind === 'create') {
    if (conversation.remote_id !== null || findTombstone(context.db, conversation.id) !== undefined)
      return undefined;
    const workspace = conversation.workspace === null ? undefined : readWorkspace(conversation.workspace);
    return {
      kind: 'create',
      conversationId: conversation.id,
      createdAt: conversation.created_at,
      title: conversation.title,
      ...(workspace === undefined ? {} : { workspace }),
      ...insteadOf(conversation),
    };
  }
  if (conversation.remote_id === null) return undefined;
  const fields = toFields(conversation);
  const tombstone = findTombstone(context.db, conversation.id);
  if (tombstone !== undefined) {
    const said = { change: { status: 'deleted' }, fields, clocks: {}, seen: {} } as const;
    const deletion = { kind: 'fields', remoteId: conversation.remote_id, ...said } as const;
    return tombstone.is_final === 1 ? { ...deletion, isPurge: true } : deletion;
  }
  const base = conversation.base === null ? undefined : readBase(conversation.base, fields);
  // Whether an earlier deletion took effect there is not known: say which it is to be.
  const status = base?.isDeleting === true ? { status: fields.status } : {};
  const side = sideOf(conversation);
  const { change: differing, tags } = base === undefined ? { change: fields } : pendingOf(base, side);
  const change = { ...differing, ...status };
  if (isNothing({ change, ...(tags && { tags }) })) return undefined;
  const said = { change, fields, ...(tags && { tags }), clocks: side.clocks, seen: base?.clocks ?? {} };
  const order = { kind: 'fields', remoteId: conversation.remote_id, ...said } as const;
  if (base === undefined) return order;
  const { isDeleting: _, tags: _tags, clocks: _clocks, ...known } = base;
  return { ...order, base: known };
}

function insteadOf({ lost_ids: lostIds }: SyncRow): { insteadOf?: readonly string[] } {
  const ids = (JSON.parse(lostIds) as string[]).slice(-MOST_LOST_IDS);
  return ids.length === 0 ? {} : { insteadOf: ids };
}
