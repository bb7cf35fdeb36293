import { hasOutlived, park, type OutboxRow } from './outbox.ts';
import type { Context } from './session.ts';

const REASON =
  'Whether the server has this message cannot be seen: it shows only its newest ones. Retry sends it, perhaps a second time.';

/**
 * The backend holds messages of the conversation that it does not show, and one that had no answer may be among them: to send it
 * again could double it, and to forget it could lose it. Only the user can say.
 */
export function parkUnverifiable(context: Context, conversationId: string): void {
  const rows = context.db.all<OutboxRow>(
    `SELECT * FROM outbox WHERE conversation_id = ? AND kind = 'append' AND state IN ('sending', 'unknown')`,
    conversationId,
  );
  for (const row of rows)
    if (row.state === 'unknown' || hasOutlived(row, context.now())) park(context, row, REASON);
}
