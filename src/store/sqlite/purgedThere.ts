/** What a tombstone of the backend does to a conversation here. */
import type { AccountKey, RemoteChange } from '../outbox.ts';
import { collectBlobs } from './blobs.ts';
import { SAYS_SOMETHING } from './drafts.ts';
import { findByRemote } from './merge.ts';
import { removeRow } from './purged.ts';
import type { Context } from './session.ts';
import { readSyncRow } from './syncRow.ts';
import { findTombstone, PURGED_THERE } from './tombstones.ts';

const BLOBS_AT_ONCE = 100;

/**
 * Deleted for good on another machine, and so here: it leaves a tombstone. Where words of this machine have not been sent,
 * or a draft waits, the conversation stays with its writer, parked and bound to no conversation there.
 */
export function purgedThere(
  context: Context,
  account: AccountKey,
  { remoteId, clientId }: Extract<RemoteChange, { type: 'tombstone' }>,
): void {
  const { db, now } = context;
  const id = findByRemote(context, account, remoteId)?.id ?? unlinked(context, account, clientId);
  if (id === undefined) return;
  if (findTombstone(db, id) !== undefined) {
    // Ours: nothing is left to be told.
    removeRow(context, id);
    return;
  }
  if (hasOwnWords(context, id)) {
    keepApart(context, id);
    return;
  }
  db.run(
    `INSERT INTO tombstones (kind, id, conversation_id, account, remote_id, purged_at, is_final)
     VALUES ('conversation', ?1, ?1, ?2, ?3, ?4, 1)`,
    id,
    account,
    remoteId,
    now(),
  );
  removeRow(context, id);
  while (collectBlobs(db, BLOBS_AT_ONCE)) continue;
}

/** One of ours whose creation was not answered. */
function unlinked(context: Context, account: AccountKey, clientId: string | undefined): string | undefined {
  const row = clientId === undefined ? undefined : readSyncRow(context, clientId);
  return row?.remote_id === null && row.account === account ? row.id : undefined;
}

function hasOwnWords({ db }: Context, id: string): boolean {
  const row = db.get(
    `SELECT 1 FROM conversations c WHERE c.id = ? AND (
       EXISTS (SELECT 1 FROM outbox o WHERE o.conversation_id = c.id AND o.seq > 0 AND o.held_until = 0)
       OR EXISTS (SELECT 1 FROM drafts d WHERE d.conversation_id = c.id AND ${SAYS_SOMETHING})
       OR EXISTS (SELECT 1 FROM draft_attachments a WHERE a.conversation_id = c.id)
       OR EXISTS (SELECT 1 FROM edits e WHERE e.conversation_id = c.id))`,
    id,
  );
  return row !== undefined;
}

function keepApart({ db }: Context, id: string): void {
  db.run(
    `UPDATE conversations SET remote_id = NULL, base = NULL, remote_updated_at = NULL, remote_count = NULL, older = NULL,
       older_cursor = NULL WHERE id = ?`,
    id,
  );
  db.run(`DELETE FROM outbox WHERE conversation_id = ? AND kind = 'fields'`, id);
  db.run(
    `INSERT INTO outbox (seq, kind, conversation_id, state, reason) SELECT -2 * c.n, 'create', c.id, 'parked', ?2
     FROM conversations c WHERE c.id = ?1 AND EXISTS (SELECT 1 FROM outbox o WHERE o.conversation_id = c.id)
     ON CONFLICT DO UPDATE SET state = 'parked', reason = excluded.reason`,
    id,
    PURGED_THERE,
  );
}
