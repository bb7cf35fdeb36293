/** How many messages of a conversation the backend says to hold, against how many are known here to be there. */
import type { AccountKey, Lease } from '../outbox.ts';
import { checkFence } from './leases.ts';
import type { Context } from './session.ts';

/**
 * Conversations that have to be read: their beginning is wanted, or the backend said to hold another number of messages
 * than are known here to be there. Those that agree are settled.
 */
export function settleCounts(context: Context, lease: Lease, account: AccountKey): string[] {
  const { db } = context;
  const rows = db.all<{ id: string; remote_id: string; isEqual: number }>(
    `SELECT c.id, c.remote_id, c.older IS NOT 'wanted' AND c.remote_count =
       (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id AND m.remote_id IS NOT NULL) AS isEqual
     FROM conversations c WHERE c.account = ? AND (c.older = 'wanted' OR c.remote_count IS NOT NULL)
       AND c.remote_id IS NOT NULL`,
    account,
  );
  const equal = rows.filter(({ isEqual }) => isEqual === 1);
  if (equal.length > 0) {
    db.write(() => {
      checkFence(context, lease);
      for (const { id } of equal) db.run('UPDATE conversations SET remote_count = NULL WHERE id = ?', id);
    });
  }
  return rows.filter(({ isEqual }) => isEqual !== 1).map(({ remote_id: remoteId }) => remoteId);
}

/** After a conversation was read: what it holds is known, or lies before what was shown and is wanted. */
export function settleCount({ db }: Context, id: string, isCut: boolean): void {
  const row = db.get<{ remote_count: number | null; held: number }>(
    `SELECT remote_count, (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id AND m.remote_id IS NOT NULL)
       AS held FROM conversations c WHERE id = ? AND remote_count IS NOT NULL`,
    id,
  );
  if (row === undefined) return;
  if (isCut && row.remote_count !== null && row.remote_count >= 0 && row.remote_count !== row.held)
    db.run(`UPDATE conversations SET older = 'wanted', older_cursor = NULL WHERE id = ?`, id);
  db.run('UPDATE conversations SET remote_count = NULL WHERE id = ?', id);
}
