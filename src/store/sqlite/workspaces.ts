import type { WorkspaceRef } from '../../model/conversation.ts';
import { derivedId } from '../../model/hash.ts';
import { readJsonObject } from '../../model/json.ts';
import {
  bounded,
  evidenceOf,
  identityScore,
  isRelated,
  refreshed,
  workspaceName,
  type Platform,
  type WorkspaceEvidence,
} from '../../model/workspace.ts';
import type { CurrentWorkspace, KnownWorkspace, WorkspaceGroup } from '../organise.ts';
import type { Connection } from './connection.ts';
import { NO_WORKSPACE } from './listFilter.ts';
import type { Context } from './session.ts';

const PLATFORM: Platform =
  process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'linux';

interface WorkspaceRow {
  id: string;
  name: string;
  evidence: string;
  last_seen_at: number | null;
}

/** Where references led, so that a history of thousands is placed without comparing each with every workspace. */
const placed = new WeakMap<Connection, Map<string, string>>();

export function identifyWorkspace(context: Context, seen: WorkspaceEvidence): CurrentWorkspace {
  const { db, now } = context;
  return db.write(() => {
    placed.delete(db);
    const evidence = bounded(seen);
    const known = recognise(context, evidence);
    const id = known?.id ?? add(context, evidence);
    const merged = known === undefined ? evidence : refreshed(known.evidence, evidence);
    db.run(
      'UPDATE workspaces SET name = ?, evidence = ?, last_seen_at = ? WHERE id = ?',
      workspaceName(merged),
      JSON.stringify(merged),
      now(),
      id,
    );
    placeAll(context);
    const relatedIds = allWorkspaces(context)
      .filter((other) => other.id === id || isRelated(other.evidence, merged))
      .map((other) => other.id);
    return { id, name: workspaceName(merged), evidence: merged, lastSeenAt: now(), relatedIds };
  });
}

function allWorkspaces({ db }: Context): KnownWorkspace[] {
  return db
    .all<WorkspaceRow>('SELECT id, name, evidence, last_seen_at FROM workspaces ORDER BY id')
    .flatMap((row) => {
      const evidence = readJsonObject(row.evidence);
      if (evidence === undefined) return [];
      return {
        id: row.id,
        name: row.name,
        evidence: evidence as unknown as WorkspaceEvidence,
        ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at }),
      };
    });
}

/** Undefined also for what damage made of it. */
export function readWorkspace(stored: string): WorkspaceRef | undefined {
  return readJsonObject(stored) as WorkspaceRef | undefined;
}

/** The likeliest, and among equals the one that was open last. */
function recognise(context: Context, evidence: WorkspaceEvidence): KnownWorkspace | undefined {
  return allWorkspaces(context)
    .map((workspace) => ({ workspace, score: identityScore(workspace.evidence, evidence) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || (b.workspace.lastSeenAt ?? 0) - (a.workspace.lastSeenAt ?? 0))[0]
    ?.workspace;
}

function add({ db, now }: Context, evidence: WorkspaceEvidence): string {
  const at = now();
  const id = derivedId('workspace', String(at), JSON.stringify(evidence));
  db.run(
    'INSERT INTO workspaces (id, name, evidence, first_seen_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    id,
    workspaceName(evidence),
    JSON.stringify(evidence),
    at,
  );
  return id;
}

/** The workspace that a conversation with this reference belongs to; undefined without folders. */
export function placeOf(context: Context, ref: WorkspaceRef | undefined): string | undefined {
  const evidence = ref && evidenceOf(ref, PLATFORM);
  if (ref === undefined || evidence === undefined) return undefined;
  const { db } = context;
  const known = placed.get(db) ?? new Map<string, string>();
  placed.set(db, known);
  const key = JSON.stringify(ref);
  const before = known.get(key);
  // The transaction that made it may have been rolled back.
  if (before !== undefined && db.get('SELECT 1 FROM workspaces WHERE id = ?', before) !== undefined)
    return before;
  const id = recognise(context, evidence)?.id ?? add(context, evidence);
  known.set(key, id);
  return id;
}

/** Conversations of an older NAVI have a reference and no workspace yet. */
function placeAll(context: Context): void {
  const { db } = context;
  const refs = db.all<{ workspace: string }>(
    'SELECT DISTINCT workspace FROM conversations WHERE workspace_id IS NULL AND workspace IS NOT NULL',
  );
  for (const { workspace } of refs) {
    const id = placeOf(context, readWorkspace(workspace));
    if (id === undefined) continue;
    db.run(
      'UPDATE conversations SET workspace_id = ? WHERE workspace_id IS NULL AND workspace = ?',
      id,
      workspace,
    );
  }
}

export function workspaceGroups(context: Context): WorkspaceGroup[] {
  const { db } = context;
  return db.snapshot(() => {
    const known = new Map(allWorkspaces(context).map((workspace) => [workspace.id, workspace]));
    return db
      .all<{ workspace_id: string | null; ids: string; last_used_at: number }>(
        `SELECT nullif(workspace_id, '${NO_WORKSPACE}') AS workspace_id, json_group_array(id) AS ids,
           max(updated_at) AS last_used_at FROM conversations
         WHERE status <> 'deleted' AND message_count > 0 GROUP BY 1 ORDER BY last_used_at DESC`,
      )
      .map((row) => {
        const workspace = row.workspace_id === null ? undefined : known.get(row.workspace_id);
        return {
          ...(workspace && { workspace }),
          conversationIds: JSON.parse(row.ids) as string[],
          lastUsedAt: row.last_used_at,
        };
      });
  });
}
