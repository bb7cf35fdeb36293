import type { AccountKey, RemoteMessage } from '../outbox.ts';
import type { Context } from './session.ts';

/** Something that its user has not seen came into the conversation. */
export function markUnread({ db, isViewed }: Context, conversationId: string): void {
  if (isViewed?.(conversationId) === true) return;
  db.run('UPDATE conversations SET is_unread = 1 WHERE id = ? AND is_unread = 0', conversationId);
}

export interface Arrival {
  readonly conversationId: string;
  readonly account: AccountKey;
  /** The conversation was here before. */
  readonly isKnown: boolean;
  readonly message: Pick<RemoteMessage, 'createdAt'>;
}

/** A message of another machine. What was said before this machine first reached the account is history, not news. */
export function markArrived(context: Context, { conversationId, account, isKnown, message }: Arrival): void {
  const since = context.db.get<{ confirmed_at: number }>(
    'SELECT confirmed_at FROM accounts WHERE key = ?',
    account,
  );
  if (isKnown || (since !== undefined && message.createdAt > since.confirmed_at))
    markUnread(context, conversationId);
}

export function markRead({ db }: Context, conversationId: string): void {
  db.write(() =>
    db.run('UPDATE conversations SET is_unread = 0 WHERE id = ? AND is_unread = 1', conversationId),
  );
}

export function unreadCount({ db }: Context): number {
  const row = db.get<{ n: number }>(
    `SELECT count(*) AS n FROM conversations WHERE is_unread = 1 AND status = 'active'`,
  );
  return row?.n ?? 0;
}
