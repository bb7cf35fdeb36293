import type { PurgeEntry, PurgeReport } from '../trash.ts';
import { readBase } from './base.ts';
import { collectBlobs } from './blobs.ts';
import type { Connection } from './connection.ts';
import { toFields } from './conversations.ts';
import { readSyncRow, type SyncRow } from './syncRow.ts';
import { emptyRow, removeRow } from './purged.ts';
import type { Context } from './session.ts';
import { NOT_PURGED } from './tombstones.ts';

/**
 * What a preview and a purge compare: any message, draft, deletion or restore since then makes it another. A message that
 * arrives where others have been replaced is hidden and older than the last one: only the rows themselves tell of it.
 */
export const SEEN = `(SELECT count(*) || ':' || coalesce(max(m.n), 0) || ':' || c.last_hlc || ':' || coalesce(c.deleted_at, 0)
    || ':' || coalesce((SELECT d.updated_at FROM drafts d WHERE d.conversation_id = c.id), 0)
  FROM messages m WHERE m.conversation_id = c.id)`;

const BLOBS_AT_ONCE = 100;

/** The content of deleted pages is overwritten, not just given free. */
export function purge(context: Context, entries: readonly PurgeEntry[], by: 'user' | 'age'): PurgeReport {
  const { db } = context;
  return db.overwriting(() =>
    db.write(() => {
      const changed = entries.filter((entry) => !purgeOne(context, entry, by)).map(({ id }) => id);
      while (collectBlobs(db, BLOBS_AT_ONCE)) continue;
      return { purged: entries.length - changed.length, changed };
    }),
  );
}

function purgeOne(context: Context, { id, seen }: PurgeEntry, by: 'user' | 'age'): boolean {
  const { db, now } = context;
  const isAsSeen = db.get(
    `SELECT 1 FROM conversations c WHERE c.id = ? AND c.status = 'deleted' AND ${SEEN} = ? AND ${NOT_PURGED}`,
    id,
    seen,
  );
  const row = isAsSeen === undefined ? undefined : readSyncRow(context, id);
  if (row === undefined) return false;
  db.run(
    `INSERT INTO tombstones (kind, id, conversation_id, account, remote_id, purged_at, is_final)
     VALUES ('conversation', ?1, ?1, ?2, ?3, ?4, ?5)`,
    id,
    row.account,
    row.remote_id,
    now(),
    Number(by === 'user'),
  );
  if (isToldElsewhere(db, row, by)) emptyRow(context, id);
  else removeRow(context, id);
  return true;
}

/** True while the backend must still hear of the deletion, or a request that puts the conversation there may be alive. */
function isToldElsewhere(db: Connection, row: SyncRow, by: 'user' | 'age'): boolean {
  if (row.remote_id !== null) {
    if (by === 'user' && takesPurges(db, row.account)) return true;
    const base = readBase(row.base, { ...toFields(row), status: 'active' });
    return base.status !== 'deleted' || base.isDeleting === true;
  }
  const create = db.get<{ state: string }>(
    `SELECT state FROM outbox WHERE conversation_id = ? AND kind = 'create'`,
    row.id,
  );
  return create?.state === 'sending' || create?.state === 'unknown';
}

/** Where the backend removes for good, a deletion that it has heard of is not the last word. */
function takesPurges(db: Connection, account: string | null): boolean {
  return db.get('SELECT 1 FROM feeds WHERE account = ? AND takes_purges = 1', account) !== undefined;
}
