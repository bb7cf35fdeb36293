/** What a backend answered to the orders of a conversation. */
import { changedFields } from '../../model/change.ts';
import type { ConversationFields } from '../../model/conversation.ts';
import { firstBase, isNothing, pendingOf } from '../../model/merge.ts';
import type { AccountKey, FieldsOrder, Lease, NextAppends, RemoteFields, SendingAppend } from '../outbox.ts';
import { beginAppends } from './appends.ts';
import { baseText, writeBase } from './base.ts';
import { toFields } from './conversations.ts';
import { checkFence } from './leases.ts';
import { learnAnswer, mergeKnownFields, remoteSideOf } from './mergeFields.ts';
import { type OutboxRow, doubt, park } from './outbox.ts';
import { ensureFieldsQueued, HAS_SEQ } from './outboxRows.ts';
import { removeRow } from './purged.ts';
import { takeUpAgain } from './resend.ts';
import type { Context } from './session.ts';
import { readSyncRow, sideOf } from './syncRow.ts';
import { findTombstone } from './tombstones.ts';

const NOT_TAKEN = 'The server did not take the change.';

/** The order that was sent; undefined when it is not under way any more, so that its answer counts no longer. */
function sendingRow({ db }: Context, seq: number): OutboxRow | undefined {
  return db.get<OutboxRow>(`SELECT * FROM outbox WHERE ${HAS_SEQ} AND state = 'sending'`, seq);
}

export function completeCreate(
  context: Context,
  lease: Lease,
  account: AccountKey,
  seq: number,
  created: RemoteFields,
  next?: NextAppends,
): SendingAppend[] {
  const { db } = context;
  return db.write(() => {
    checkFence(context, lease);
    const row = sendingRow(context, seq);
    if (row === undefined) return [];
    const isTaken = db.get(
      'SELECT 1 FROM conversations WHERE account = ? AND remote_id = ? AND id <> ?',
      account,
      created.remoteId,
      row.conversation_id,
    );
    // Some cache answered with another conversation: that is no answer.
    if (isTaken !== undefined) doubt(context, seq);
    else linkRemote(context, row.conversation_id, account, created);
    return next === undefined ? [] : beginAppends(context, lease, next);
  });
}

/** Ties a conversation to its counterpart on the backend, and sends what differs there. */
export function linkRemote(
  context: Context,
  conversationId: string,
  account: AccountKey,
  remote: RemoteFields,
): void {
  const { db } = context;
  const conversation = readSyncRow(context, conversationId);
  if (conversation === undefined) return;
  const base = firstBase(sideOf(conversation), remoteSideOf(remote));
  db.run(
    'UPDATE conversations SET account = ?, remote_id = ?, base = ? WHERE id = ?',
    account,
    remote.remoteId,
    baseText(base),
    conversationId,
  );
  db.run(`DELETE FROM outbox WHERE conversation_id = ? AND kind = 'create'`, conversationId);
  if (conversation.lost_ids !== '[]') takeUpAgain(context, conversationId);
  if (remote.clocks !== undefined) mergeKnownFields(context, conversationId, remote);
  else if (!isNothing(pendingOf(base, sideOf(conversation)))) ensureFieldsQueued(context, conversationId);
}

export function completeFields(context: Context, lease: Lease, seq: number, sent: ConversationFields): void {
  const { db } = context;
  db.write(() => {
    checkFence(context, lease);
    const row = sendingRow(context, seq);
    const conversation = row && readSyncRow(context, row.conversation_id);
    if (conversation === undefined) return;
    writeBase(context, conversation.id, sent);
    db.run(`DELETE FROM outbox WHERE ${HAS_SEQ}`, seq);
    if (sent.status === 'deleted' && findTombstone(context.db, conversation.id) !== undefined) {
      removeRow(context, conversation.id);
      return;
    }
    // The user may have clicked again while the request was under way.
    if (Object.keys(changedFields(sent, toFields(conversation))).length > 0)
      ensureFieldsQueued(context, conversation.id);
  });
}

export function completeWithClocks(
  context: Context,
  lease: Lease,
  seq: number,
  order: FieldsOrder,
  answer: RemoteFields,
): void {
  const { db } = context;
  db.write(() => {
    checkFence(context, lease);
    const row = sendingRow(context, seq);
    if (row === undefined) return;
    if (!learnAnswer(context, row.conversation_id, order, answer)) {
      // Sent again it would get the same answer.
      park(context, row, NOT_TAKEN);
      return;
    }
    db.run(`DELETE FROM outbox WHERE ${HAS_SEQ}`, seq);
    mergeKnownFields(context, row.conversation_id, answer);
  });
}
