import { sha256 } from '../../model/hash.ts';
import type { AccountKey, Lease, ListText, RememberedList } from '../outbox.ts';
import { IS_DOUBTED } from './doubts.ts';
import { checkFence } from './leases.ts';
import { readMeta, writeMeta } from './meta.ts';
import type { Context } from './session.ts';

/** Both sides hold what was agreed upon, nothing of it is wanted or in doubt, and it was not purged here. */
const AT_REST = `
  c.base = json_object('isPinned', json(iif(c.is_pinned, 'true', 'false')), 'isStarred',
    json(iif(c.is_starred, 'true', 'false')), 'status', c.status, 'title', c.title)
  AND c.older IS NOT 'wanted' AND NOT ${IS_DOUBTED} AND NOT EXISTS (
    SELECT 1 FROM tombstones t WHERE t.kind = 'conversation' AND t.account = ?1 AND t.remote_id = c.remote_id)`;

/**
 * One statement for a whole page, since most of a list says what was read of it last. Texts are compared, as `toListText` and
 * `baseText` write them; one that SQLite would write otherwise is news, which costs a look.
 */
const NEWS = `
  SELECT key FROM json_each(?2) WHERE key NOT IN (
    SELECT j.key FROM json_each(?2) j CROSS JOIN conversations c ON c.account = ?1 AND c.remote_id = j.key
    WHERE j.value = json_array(c.remote_updated_at, c.title, c.status, c.is_pinned, c.is_starred) AND ${AT_REST})`;

/** The lines of `markOf` for all that the list was last known to show, in order; of what is not at rest, one that is none. */
const LINES = `
  SELECT group_concat(iif(${AT_REST},
    json_array(c.remote_id, c.remote_updated_at, c.title, c.status, c.is_pinned, c.is_starred), '?'), char(10)
    ORDER BY c.remote_id) AS text
  FROM conversations c
  WHERE c.account = ?1 AND c.remote_id IS NOT NULL AND c.base ->> 'status' IS NOT 'deleted'`;

const LIST_KEY = 'sync.list';

interface Kept extends RememberedList {
  readonly account: AccountKey;
}

export function newsIn({ db }: Context, account: AccountKey, list: ListText): string[] {
  return db.all<{ key: string }>(NEWS, account, list).map(({ key }) => key);
}

/** The mark that a list which says what is known here would have. */
export function listMark({ db }: Context, account: AccountKey): string {
  return sha256(db.get<{ text: string | null }>(LINES, account)?.text ?? '');
}

/** Undefined where it was the list of another account that was remembered last, or none. */
export function rememberedList({ db }: Context, account: AccountKey): RememberedList | undefined {
  const kept = readMeta<Partial<Kept>>(db, LIST_KEY);
  if (kept?.account !== account || !Array.isArray(kept.pages) || typeof kept.mark !== 'string')
    return undefined;
  return { pages: kept.pages, mark: kept.mark };
}

/** Of one account, the last that had its list read. Writes only what is not written there already. */
export function rememberList(
  context: Context,
  lease: Lease,
  account: AccountKey,
  list: RememberedList,
): void {
  const { db } = context;
  const kept: Kept = { account, pages: list.pages, mark: list.mark };
  if (JSON.stringify(readMeta(db, LIST_KEY)) === JSON.stringify(kept)) return;
  db.write(() => {
    checkFence(context, lease);
    writeMeta(db, LIST_KEY, kept);
  });
}
