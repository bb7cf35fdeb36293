import type { SQLInputValue } from 'node:sqlite';
import type { ListQuery } from '../store.ts';

/** The workspace id of what the user filed under none; what nobody filed has NULL. */
export const NO_WORKSPACE = '';

interface Conditions {
  readonly where: string;
  readonly params: SQLInputValue[];
}

/** What comes after a place in the list's order. Below the pinned ones it is found by the list's index at once. */
export function afterPlace({ after, status }: Pick<ListQuery, 'after' | 'status'>): Conditions {
  if (after === undefined) return { where: '', params: [] };
  const { id, isPinned, at } = after;
  if (status === 'deleted') {
    return {
      where: `AND (c.deleted_at < ? OR (c.deleted_at = ? AND c.n < (SELECT p.n FROM conversations p WHERE p.id = ?)))`,
      params: [at, at, id],
    };
  }
  const behind = '(c.updated_at < ? OR (c.updated_at = ? AND c.id > ?))';
  return {
    where: isPinned
      ? `AND (c.is_pinned = 0 OR ${behind})`
      : `AND c.is_pinned = 0 AND c.updated_at <= ? AND ${behind}`,
    params: isPinned ? [at, at, id] : [at, at, at, id],
  };
}

/** What a list query asks beyond a status, as conditions on `conversations c`. */
export function filterOf(query: Omit<ListQuery, 'status' | 'limit' | 'after'>): Conditions {
  const { starredOnly, unreadOnly, tag, workspaceIds, from, to } = query;
  const conditions: string[] = [];
  const params: SQLInputValue[] = [];
  const add = (condition: string, ...values: SQLInputValue[]): void => {
    conditions.push(`AND ${condition}`);
    params.push(...values);
  };
  if (starredOnly === true) add('c.is_starred = 1');
  if (unreadOnly === true) add('c.is_unread = 1');
  if (tag !== undefined)
    add(
      `c.tags <> '[]' AND EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid(c.tags) THEN c.tags ELSE '[]' END) t WHERE t.value = ?)`,
      tag,
    );
  if (workspaceIds?.length === 0) add(`coalesce(c.workspace_id, '${NO_WORKSPACE}') = '${NO_WORKSPACE}'`);
  else if (workspaceIds !== undefined)
    // The plus keeps the order of the list's index: sorting what another index finds costs more on the first page.
    add('+c.workspace_id IN (SELECT w.value FROM json_each(?) w)', JSON.stringify(workspaceIds));
  if (from !== undefined) add('c.updated_at >= ?', from);
  if (to !== undefined) add('c.updated_at < ?', to);
  return { where: conditions.join(' '), params };
}
