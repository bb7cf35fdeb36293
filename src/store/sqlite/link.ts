/** What is known of the connection, and of what the backend holds, for all windows and the next start. */
import type { AccountKey, Lease, LinkStatus } from '../outbox.ts';
import { checkFence } from './leases.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { Context } from './session.ts';

const LINK_KEY = 'sync.link';

/** Remembers since when the link is what it is. */
export function writeLinkStatus(context: Context, lease: Lease, status: LinkStatus): void {
  const { db, now } = context;
  db.write(() => {
    checkFence(context, lease);
    const { link, since = now() } = readLinkStatus(context);
    writeMeta(db, LINK_KEY, { ...status, since: link === status.link ? since : now() });
  });
}

export function readLinkStatus({ db }: Pick<Context, 'db'>): LinkStatus {
  return readMeta<LinkStatus>(db, LINK_KEY) ?? { link: 'unknown', detail: '' };
}

export function remoteIdOf({ db }: Context, account: AccountKey, conversationId: string): string | undefined {
  const row = db.get<{ remote_id: string | null }>(
    'SELECT remote_id FROM conversations WHERE id = ? AND account = ?',
    conversationId,
    account,
  );
  return row?.remote_id ?? undefined;
}

export function remoteIds({ db }: Context, account: AccountKey): string[] {
  return db
    .all<{ remote_id: string }>(
      `SELECT remote_id FROM conversations
       WHERE account = ? AND remote_id IS NOT NULL AND base ->> 'status' IS NOT 'deleted'`,
      account,
    )
    .map(({ remote_id: remoteId }) => remoteId);
}

export function confirmAccount(context: Context, lease: Lease, account: AccountKey): void {
  const { db, now } = context;
  if (db.get('SELECT 1 FROM accounts WHERE key = ?', account) !== undefined) return;
  db.write(() => {
    checkFence(context, lease);
    db.run('INSERT INTO accounts (key, confirmed_at) VALUES (?, ?) ON CONFLICT DO NOTHING', account, now());
  });
}
