import type { FieldChange } from '../../model/change.ts';
import { cleanTags, sameTags, tagKey } from '../../model/tags.ts';
import type { ConversationChange, OrganiseChange, TagCount } from '../organise.ts';
import type { ListedConversation } from '../store.ts';
import { changeConversation, mustRead } from './conversations.ts';
import { stampFields } from './fieldClocks.ts';
import { enqueueTags } from './outboxRows.ts';
import type { Context } from './session.ts';
import { NO_WORKSPACE } from './listFilter.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** All or none, in one transaction. Returns what undoes it, last change first. */
export function changeMany(
  context: Context,
  changes: readonly ConversationChange[],
): readonly ConversationChange[] {
  return context.db.write(() => {
    // Tags in use are looked up once, and only when somebody sets one.
    let known: readonly string[] | undefined;
    const spellings = (): readonly string[] => (known ??= tagCounts(context).map(({ tag }) => tag));
    return changes
      .map(({ id, change }) => ({ id, change: changeOne(context, id, change, spellings) }))
      .filter(({ change }) => Object.keys(change).length > 0)
      .reverse();
  });
}

/** Returns the change that puts back what this one changed; empty when it changed nothing. */
function changeOne(
  context: Context,
  id: string,
  change: OrganiseChange,
  spellings: () => readonly string[],
): OrganiseChange {
  const { db } = context;
  const before = mustRead(context, id);
  const undo: Writable<OrganiseChange> = changeFields(context, before, change);
  const tags = tagsAfter(before.tags, change, spellings);
  if (!sameTags(tags, before.tags)) {
    db.run('UPDATE conversations SET tags = ? WHERE id = ?', JSON.stringify(tags), id);
    stampFields(context, id, ['tags']);
    enqueueTags(context, id);
    undo.tags = before.tags;
  }
  if (change.isUnread !== undefined && change.isUnread !== before.isUnread) {
    db.run('UPDATE conversations SET is_unread = ? WHERE id = ?', Number(change.isUnread), id);
    undo.isUnread = before.isUnread;
  }
  const workspaceId = before.workspaceId ?? null;
  if (change.workspaceId !== undefined && change.workspaceId !== workspaceId) {
    // Without a word of the user, one that was written in a folder is placed again.
    db.run(
      `UPDATE conversations SET workspace_id = coalesce(?, iif(workspace IS NULL, NULL, '${NO_WORKSPACE}')) WHERE id = ?`,
      change.workspaceId,
      id,
    );
    undo.workspaceId = workspaceId;
  }
  return undo;
}

/** The fields that are synced go the way of every change of them. */
function changeFields(context: Context, before: ListedConversation, change: OrganiseChange): FieldChange {
  const wanted: Writable<FieldChange> = {};
  const undo: Writable<FieldChange> = {};
  const { status, isPinned, isStarred } = change;
  if (status !== undefined && status !== before.status) {
    wanted.status = status;
    undo.status = before.status;
  }
  if (isPinned !== undefined && isPinned !== before.isPinned) {
    wanted.isPinned = isPinned;
    undo.isPinned = before.isPinned;
  }
  if (isStarred !== undefined && isStarred !== before.isStarred) {
    wanted.isStarred = isStarred;
    undo.isStarred = before.isStarred;
  }
  if (Object.keys(wanted).length > 0) changeConversation(context, before.id, wanted);
  return undo;
}

function tagsAfter(
  before: readonly string[],
  { tags, addTags = [], removeTags = [] }: OrganiseChange,
  spellings: () => readonly string[],
): readonly string[] {
  if (tags === undefined && addTags.length === 0 && removeTags.length === 0) return before;
  const removed = new Set(removeTags.map(tagKey));
  const kept = (tags ?? before).filter((tag) => !removed.has(tagKey(tag)));
  return cleanTags([...kept, ...addTags], [...before, ...spellings()]);
}

export function tagCounts({ db }: Context): TagCount[] {
  return db
    .all<TagCount>(
      `SELECT t.value AS tag, count(*) AS count FROM conversations c, json_each(CASE WHEN json_valid(c.tags) THEN c.tags ELSE '[]' END) t
       WHERE c.tags <> '[]' AND c.status IN ('active', 'archived') GROUP BY t.value ORDER BY count DESC, tag`,
    )
    .map(({ tag, count }) => ({ tag, count }));
}
