import type {
  AgeQuery,
  PurgeEntry,
  RestoreSource,
  TrashPreview,
  TrashScope,
  TrashSource,
  UntouchedConversation,
} from '../trash.ts';
import { LISTED } from './conversations.ts';
import { SAYS_SOMETHING } from './drafts.ts';
import { stampFields } from './fieldClocks.ts';
import { enqueueFields } from './outboxRows.ts';
import { SEEN } from './purge.ts';
import type { Context } from './session.ts';
import { NOT_PURGED } from './tombstones.ts';

const MOST_UNTOUCHED = 10_000;

export function trash(context: Context, source: TrashSource, actId: string): number {
  const { db, now } = context;
  return db.write(() => {
    const ids = 'ids' in source ? source.ids : listedIds(context, source);
    return ids.filter((id) => {
      const moved = db.run(
        `UPDATE conversations SET deleted_from = status, status = 'deleted', deleted_at = ?, deleted_by = ?
         WHERE id = ? AND status <> 'deleted'`,
        now(),
        actId,
        id,
      );
      if (moved > 0) noteStatus(context, id);
      return moved > 0;
    }).length;
  });
}

function noteStatus(context: Context, id: string): void {
  stampFields(context, id, ['status']);
  enqueueFields(context, id);
}

function listedIds({ db }: Context, source: Exclude<TrashSource, { ids: unknown }>): string[] {
  return db
    .all<{ id: string }>(
      `SELECT c.id FROM conversations c
       WHERE c.status = ? ${source.starredOnly === true ? 'AND c.is_starred = 1' : ''} AND ${LISTED}`,
      source.status,
    )
    .map(({ id }) => id);
}

export function restore(context: Context, source: RestoreSource): number {
  const { db } = context;
  return db.write(() => {
    const ids = 'ids' in source ? source.ids : idsOfAct(context, source.actId);
    return ids.filter((id) => {
      const moved = db.run(
        `UPDATE conversations AS c
         SET status = coalesce(deleted_from, 'active'), deleted_at = NULL, deleted_from = NULL, deleted_by = NULL
         WHERE id = ? AND status = 'deleted' AND ${NOT_PURGED}`,
        id,
      );
      if (moved > 0) noteStatus(context, id);
      return moved > 0;
    }).length;
  });
}

function idsOfAct({ db }: Context, actId: string): string[] {
  return db
    .all<{ id: string }>('SELECT id FROM conversations WHERE deleted_by = ?', actId)
    .map(({ id }) => id);
}

/** Messages that no backend has been seen to hold. */
const UNSENT = `(SELECT count(*) FROM messages m
  WHERE m.conversation_id = c.id AND m.remote_id IS NULL AND m.is_confirmed = 0)`;

interface PreviewRow {
  id: string;
  messages: number;
  is_listed: number;
  seen: string;
  deleted_at: number;
  unsent: number;
  bytes: number;
}

export function trashPreview({ db }: Context, scope: TrashScope): TrashPreview {
  const { where, given } = conditionOf(scope);
  const rows = db.all<PreviewRow>(
    `SELECT c.id, c.message_count AS messages, ${LISTED} AS is_listed, ${SEEN} AS seen,
       coalesce(c.deleted_at, 0) AS deleted_at, ${UNSENT} AS unsent, c.bytes
     FROM conversations c WHERE c.status = 'deleted' AND ${NOT_PURGED} AND ${where} ORDER BY c.deleted_at, c.n`,
    ...given,
  );
  const sum = (of: (row: PreviewRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const listed = rows.filter((row) => row.is_listed === 1);
  const [first, last] = [listed.at(0), listed.at(-1)];
  return {
    entries: rows.map(({ id, messages, seen }) => ({ id, messages, seen })),
    conversations: listed.length,
    messages: sum((row) => row.messages),
    bytes: sum((row) => row.bytes),
    unsent: sum((row) => row.unsent),
    ...(first && last ? { oldest: first.deleted_at, newest: last.deleted_at } : {}),
  };
}

function conditionOf(scope: TrashScope): { where: string; given: (string | number)[] } {
  if ('ids' in scope)
    return { where: 'c.id IN (SELECT value FROM json_each(?))', given: [JSON.stringify(scope.ids)] };
  if ('all' in scope) return { where: 'TRUE', given: [] };
  return { where: 'c.deleted_at < ?', given: [scope.deletedBefore] };
}

/** Everything of it is on the server, or it is nobody's but this machine's and nothing is ever sent. */
const MAY_AGE = `(${UNSENT} = 0 OR (?2 = 1 AND c.account IS NULL))`;
const NO_DRAFT = `NOT EXISTS (SELECT 1 FROM drafts d WHERE d.conversation_id = c.id AND ${SAYS_SOMETHING})`;

/** The same by the queue, which has a row for each message that no server has: no message is read. */
const MAY_MOVE = `(NOT EXISTS (SELECT 1 FROM outbox o WHERE o.conversation_id = c.id AND o.seq > 0)
  OR (?2 = 1 AND c.account IS NULL))`;

export function untouched({ db }: Context, { before, isSyncOff }: AgeQuery): UntouchedConversation[] {
  return db
    .all<{ id: string; title: string; updated_at: number; message_count: number; bytes: number }>(
      `SELECT c.id, c.title, c.updated_at, c.message_count, c.bytes FROM conversations c
       WHERE c.status IN ('active', 'archived') AND c.is_pinned = 0 AND c.is_starred = 0 AND c.updated_at < ?1
         AND c.message_count > 0 AND ${NO_DRAFT} AND ${MAY_MOVE}
       ORDER BY c.updated_at, c.n LIMIT ${MOST_UNTOUCHED}`,
      before,
      Number(isSyncOff),
    )
    .map((row) => ({
      id: row.id,
      title: row.title,
      updatedAt: row.updated_at,
      messageCount: row.message_count,
      bytes: row.bytes,
    }));
}

export function expired({ db }: Context, { before, isSyncOff }: AgeQuery): PurgeEntry[] {
  return db.all<{ id: string; messages: number; seen: string }>(
    `SELECT c.id, c.message_count AS messages, ${SEEN} AS seen FROM conversations c
     WHERE c.status = 'deleted' AND ${NOT_PURGED} AND c.deleted_at < ?1 AND ${MAY_AGE} AND ${NO_DRAFT}
       AND (c.remote_id IS NULL OR (c.base ->> 'status' = 'deleted' AND c.base ->> 'isDeleting' IS NULL))
       AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.conversation_id = c.id AND o.state IN ('sending', 'unknown'))
     ORDER BY c.deleted_at, c.n`,
    before,
    Number(isSyncOff),
  );
}

/** The next moment at which a chore is due is a row that only one window can move. */
export function claimChore({ db }: Context, name: string, now: number, everyMs: number): boolean {
  const key = `chore.${name}`;
  return db.write(
    () =>
      db.run(
        `INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value
         WHERE CAST(value AS INTEGER) <= ?3 OR CAST(value AS INTEGER) > ?2`,
        key,
        String(now),
        now - everyMs,
      ) > 0,
  );
}

export function releaseChore({ db }: Context, name: string): void {
  db.write(() => db.run('DELETE FROM meta WHERE key = ?', `chore.${name}`));
}
