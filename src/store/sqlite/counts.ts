/** How many messages of a conversation the backend says to hold, against how many are known here to be there. */
import type { AccountKey, Lease } from '../outbox.ts';
import { IS_DOUBTED } from './doubts.ts';
import { checkFence } from './leases.ts';
import type { Context } from './session.ts';

/**
 * Conversations that have to be read: their beginning is wanted, a damaged message may come back whole (a count below zero),
 * or the backend said to hold more messages than are known here to be there. Those that agree are settled. One with fewer
 * there is left as it is: most often that was said before the backend took what has been sent since, and a reading would find
 * nothing that is not here.
 */
export function settleCounts(context: Context, lease: Lease, account: AccountKey): string[] {
  const { db } = context;
  const rows = db.all<{ id: string; remote_id: string; isWanted: number; more: number }>(
    `SELECT c.id, c.remote_id, c.older IS 'wanted' OR c.remote_count < 0 OR ${IS_DOUBTED} AS isWanted, coalesce(c.remote_count -
       (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id AND m.remote_id IS NOT NULL), 0) AS more
     FROM conversations c WHERE c.account = ?1 AND (c.older = 'wanted' OR c.remote_count IS NOT NULL)
       AND c.remote_id IS NOT NULL
     UNION SELECT c.id, c.remote_id, 1, 0 FROM doubts d JOIN conversations c ON c.id = d.conversation_id
       WHERE d.message_id <> '' AND c.account = ?1 AND c.remote_id IS NOT NULL AND c.remote_count IS NULL`,
    account,
  );
  const isRead = ({ isWanted, more }: (typeof rows)[number]) => isWanted === 1 || more > 0;
  const equal = rows.filter((row) => !isRead(row) && row.more === 0);
  if (equal.length > 0) {
    db.write(() => {
      checkFence(context, lease);
      for (const { id } of equal) db.run('UPDATE conversations SET remote_count = NULL WHERE id = ?', id);
    });
  }
  return rows.filter(isRead).map(({ remote_id: remoteId }) => remoteId);
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
