import type { AccountKey, ListText } from '../outbox.ts';
import { IS_DOUBTED } from './doubts.ts';
import type { Context } from './session.ts';

/**
 * One statement for a whole page, since most of a list says what was read of it last: both sides hold what was agreed upon,
 * nothing of it is wanted or in doubt, and it was not purged here. Texts are compared, as `toListText` and `baseText` write
 * them; one that SQLite would write otherwise is news, which costs a look.
 */
const NEWS = `
  SELECT key FROM json_each(?2) WHERE key NOT IN (
    SELECT j.key FROM json_each(?2) j CROSS JOIN conversations c ON c.account = ?1 AND c.remote_id = j.key
    WHERE j.value = json_array(c.remote_updated_at, c.title, c.status, c.is_pinned, c.is_starred)
      AND c.base = json_object('isPinned', json(iif(c.is_pinned, 'true', 'false')), 'isStarred',
        json(iif(c.is_starred, 'true', 'false')), 'status', c.status, 'title', c.title)
      AND c.older IS NOT 'wanted' AND NOT ${IS_DOUBTED} AND NOT EXISTS (
        SELECT 1 FROM tombstones t WHERE t.kind = 'conversation' AND t.account = ?1 AND t.remote_id = c.remote_id))`;

export function newsIn({ db }: Context, account: AccountKey, list: ListText): string[] {
  return db.all<{ key: string }>(NEWS, account, list).map(({ key }) => key);
}
