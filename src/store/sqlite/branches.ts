import { cuts, type Mark } from '../../model/branches.ts';
import type { Position } from '../../model/order.ts';
import { versions, type Version } from '../../model/versions.ts';
import type { Context } from './session.ts';

interface MarkRow {
  id: string;
  server_order: number;
  hlc: number;
  created_at: number;
  replaces: string | null;
  restores: string | null;
}

/** Few in any conversation, found by an index of their own. */
function marksOf({ db }: Context, conversationId: string): (Mark & { readonly createdAt: number })[] {
  return db
    .all<MarkRow>(
      // A row whose metadata is no JSON any more says nothing here, and fails nothing.
      `SELECT id, server_order, hlc, created_at,
         CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.navi.replaces') END AS replaces,
         CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.navi.restores') END AS restores
       FROM messages WHERE conversation_id = ?
         AND CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.navi') END IS NOT NULL`,
      conversationId,
    )
    .filter((row) => row.replaces !== null || row.restores !== null)
    .map(({ id, server_order: serverOrder, hlc, created_at: createdAt, replaces, restores }) => ({
      id,
      serverOrder,
      hlc,
      createdAt,
      ...(typeof replaces === 'string' && { replaces }),
      ...(typeof restores === 'string' && { restores }),
    }));
}

export function readVersions(context: Context, conversationId: string): Version[] {
  const marks = marksOf(context, conversationId);
  return versions(marks, (id) => placeOf(context, conversationId, id) !== undefined);
}

/**
 * Puts what is replaced into the trash and takes out what no longer is. Called in the transaction of every change of
 * what replaces what, or of the places of messages; costs one look into an index where nothing was ever replaced.
 */
export function applyBranches(context: Context, conversationId: string): void {
  const { db } = context;
  const marks = marksOf(context, conversationId);
  const trashed = db.all<{ id: string; trashed_by: string | null }>(
    'SELECT id, trashed_by FROM messages WHERE conversation_id = ? AND trashed_at IS NOT NULL AND trashed_by IS NOT NULL',
    conversationId,
  );
  if (marks.length === 0 && trashed.length === 0) return;
  const wanted = wantedTrash(context, conversationId, marks);
  const times = new Map(marks.map((mark) => [mark.id, mark.createdAt]));
  const known = new Map(trashed.map((row) => [row.id, row.trashed_by]));
  for (const id of known.keys())
    if (!wanted.has(id)) db.run('UPDATE messages SET trashed_at = NULL, trashed_by = NULL WHERE id = ?', id);
  for (const [id, by] of wanted) {
    if (known.get(id) === by) continue;
    // The time of the mark, not of its arrival: the same on every machine.
    db.run('UPDATE messages SET trashed_at = ?, trashed_by = ? WHERE id = ?', times.get(by) ?? 0, by, id);
  }
  db.run(
    'UPDATE conversations SET message_count = message_count + ? WHERE id = ?',
    known.size - wanted.size,
    conversationId,
  );
}

function wantedTrash(
  context: Context,
  conversationId: string,
  marks: readonly Mark[],
): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  for (const mark of marks) if (mark.restores !== undefined) wanted.set(mark.id, mark.id);
  for (const { by, target, until } of cuts(marks, (id) => placeOf(context, conversationId, id))) {
    const rows = context.db.all<{ id: string }>(
      `SELECT id FROM messages WHERE conversation_id = ?
         AND (id = ? OR ((server_order, hlc, id) >= (?, ?, ?) AND (server_order, hlc, id) < (?, ?, ?)))`,
      conversationId,
      target.id,
      target.serverOrder,
      target.hlc,
      target.id,
      until.serverOrder,
      until.hlc,
      until.id,
    );
    for (const { id } of rows) if (!wanted.has(id)) wanted.set(id, by);
  }
  return wanted;
}

function placeOf({ db }: Context, conversationId: string, id: string): Position | undefined {
  const row = db.get<{ server_order: number; hlc: number }>(
    'SELECT server_order, hlc FROM messages WHERE id = ? AND conversation_id = ?',
    id,
    conversationId,
  );
  return row === undefined ? undefined : { id, serverOrder: row.server_order, hlc: row.hlc };
}
