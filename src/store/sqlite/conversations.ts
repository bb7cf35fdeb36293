import { changedNames, type FieldChange } from '../../model/change.ts';
import {
  NEW_CONVERSATION_TITLE,
  titleFrom,
  type Conversation,
  type ConversationFields,
  type ConversationStatus,
} from '../../model/conversation.ts';
import { readJson } from '../../model/json.ts';
import { readBase } from './base.ts';
import { SAYS_SOMETHING } from './drafts.ts';
import { stampFields } from './fieldClocks.ts';
import { afterPlace, filterOf, NO_WORKSPACE } from './listFilter.ts';
import { placeOf, readWorkspace } from './workspaces.ts';
import type { UnsentField } from '../watching.ts';
import type { ConversationPage, ListQuery, ListedConversation, NewConversation } from '../store.ts';
import { enqueueFields } from './outboxRows.ts';
import { noSuchConversation, type Context } from './session.ts';
import { NOT_PURGED, refusePurged } from './tombstones.ts';

const MAX_PAGE = 1_000;
const MAX_TITLE = 255;

export interface ConversationRow {
  id: string;
  title: string;
  status: ConversationStatus;
  is_pinned: number;
  is_starred: number;
  created_at: number;
  updated_at: number;
  deleted_at: number | null;
  workspace: string | null;
  workspace_id: string | null;
  workspace_name: string | null;
  tags: string;
  is_unread: number;
  message_count: number;
  preview: string | null;
  bytes: number;
  pending_count: number;
  has_draft: number;
  base: string | null;
  returned_at: number | null;
  /** Why the backend did not take a change of the fields. */
  refusal: string | null;
}

/** A thousand that wait are as many as a million, and the look costs a thousand rows at most. */
const MOST_PENDING = 1_000;

const COLUMNS = `c.id, c.title, c.status, c.is_pinned, c.is_starred, c.created_at, c.updated_at, c.deleted_at, c.workspace, c.message_count, c.bytes,
  c.tags, c.is_unread, c.workspace_id, (SELECT w.name FROM workspaces w WHERE w.id = c.workspace_id) AS workspace_name,
  (SELECT substr(m.content, 1, 200) FROM messages m WHERE m.conversation_id = c.id AND m.trashed_at IS NULL
   ORDER BY m.server_order DESC, m.hlc DESC, m.id DESC LIMIT 1) AS preview,
  (SELECT count(*) FROM (SELECT 1 FROM outbox o WHERE o.conversation_id = c.id AND o.seq > 0 LIMIT ${MOST_PENDING}))
    AS pending_count,
  (EXISTS (SELECT 1 FROM drafts d WHERE d.conversation_id = c.id AND ${SAYS_SOMETHING})
    OR EXISTS (SELECT 1 FROM edits e WHERE e.conversation_id = c.id)) AS has_draft,
  c.base, c.returned_at, (SELECT o.reason FROM outbox o WHERE o.conversation_id = c.id AND o.seq = -2 * c.n - 1
    AND o.state = 'parked') AS refusal`;

export function toConversation(row: ConversationRow): ListedConversation {
  const workspace = row.workspace === null ? undefined : readWorkspace(row.workspace);
  return {
    id: row.id,
    ...toFields(row),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(workspace === undefined ? {} : { workspace }),
    tags: tagsOf(row.tags),
    ...(row.workspace_id === null || row.workspace_id === NO_WORKSPACE
      ? {}
      : { workspaceId: row.workspace_id }),
    ...(row.workspace_name === null ? {} : { workspaceName: row.workspace_name }),
    isUnread: row.is_unread === 1,
    messageCount: row.message_count,
    preview: (row.preview ?? '').replace(/\s+/g, ' ').trim(),
    pendingCount: row.pending_count,
    bytes: row.bytes,
    hasDraft: row.has_draft === 1,
    ...(row.status === 'deleted' && row.deleted_at !== null ? { deletedAt: row.deleted_at } : {}),
    ...(row.refusal === null ? {} : { unsent: { fields: unsentFields(row), reason: row.refusal } }),
    ...(row.returned_at === null || row.status === 'deleted' ? {} : { hasReturned: true }),
  };
}

/** What differs from what the backend was last known to hold. */
export function unsentFields(
  row: Pick<ConversationRow, 'title' | 'status' | 'is_pinned' | 'is_starred' | 'base' | 'tags'>,
): UnsentField[] {
  const fields = toFields(row);
  const base = readBase(row.base, fields);
  const areTagsSent = base.tags === undefined || base.tags.join('\0') === tagsOf(row.tags).join('\0');
  return [...changedNames(base, fields), ...(areTagsSent ? [] : (['tags'] as const))];
}

/** Empty also for what damage made of them: one row must not take the list down. */
export function tagsOf(stored: string): string[] {
  const tags = readJson(stored);
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

export type FieldsRow = Pick<ConversationRow, 'title' | 'status' | 'is_pinned' | 'is_starred'>;

export function toFields(row: FieldsRow): ConversationFields {
  return {
    title: row.title,
    status: row.status,
    isPinned: row.is_pinned === 1,
    isStarred: row.is_starred === 1,
  };
}

/** SQL: a conversation is listed once it holds a message or a draft; an empty new one is nobody's history yet. */
export const LISTED = `(c.message_count > 0
  OR EXISTS (SELECT 1 FROM drafts d WHERE d.conversation_id = c.id AND ${SAYS_SOMETHING}))`;

/** Finds the page first: what a row shows of its messages is looked up for that alone, also where there is much to sort. */
export function listConversations({ db }: Context, query: ListQuery): ConversationPage {
  const limit = Math.min(Math.max(1, query.limit), MAX_PAGE);
  const filter = filterOf(query);
  const after = afterPlace(query);
  const order =
    query.status === 'deleted' ? 'c.deleted_at DESC, c.n DESC' : 'c.is_pinned DESC, c.updated_at DESC, c.id';
  const rows = db.all<ConversationRow>(
    `SELECT ${COLUMNS}
     FROM (SELECT c.n FROM conversations c WHERE c.status = ? ${after.where} ${filter.where} AND ${LISTED} ORDER BY ${order} LIMIT ?) page
       CROSS JOIN conversations c ON c.n = page.n ORDER BY ${order}`,
    query.status,
    ...after.params,
    ...filter.params,
    limit + 1,
  );
  return { items: rows.slice(0, limit).map(toConversation), hasMore: rows.length > limit };
}

export function conversationIds({ db }: Context): string[] {
  return db
    .all<{ id: string }>(
      "SELECT id FROM conversations WHERE status <> 'deleted' AND message_count > 0 ORDER BY created_at, id",
    )
    .map(({ id }) => id);
}

export function readConversation({ db }: Context, id: string): ListedConversation | undefined {
  const row = db.get<ConversationRow>(
    `SELECT ${COLUMNS} FROM conversations c WHERE c.id = ? AND ${NOT_PURGED}`,
    id,
  );
  return row === undefined ? undefined : toConversation(row);
}

/** Creates it for the account when that account is known to exist; else it belongs to nobody until it is sent. */
export function createConversation(
  context: Context,
  input: NewConversation,
  account: string | undefined,
): Conversation {
  const { db, now } = context;
  return db.write(() => {
    const known = readConversation(context, input.id);
    if (known !== undefined) return known;
    refusePurged(db, input.id);
    db.run(
      `INSERT INTO conversations (id, title, is_renamed, status, created_at, updated_at, workspace, workspace_id, account, is_own)
       VALUES (?, ?, ?, 'active', ?, ?, ?, ?, (SELECT key FROM accounts WHERE key = ?), 1)`,
      input.id,
      cleanTitle(input.title ?? NEW_CONVERSATION_TITLE),
      Number(input.title !== undefined),
      now(),
      now(),
      input.workspace === undefined ? null : JSON.stringify(input.workspace),
      placeOf(context, input.workspace) ?? null,
      account ?? null,
    );
    return mustRead(context, input.id);
  });
}

export function changeConversation(context: Context, id: string, change: FieldChange): Conversation {
  const { db } = context;
  return db.write(() => {
    const before = mustRead(context, id);
    const title = change.title === undefined ? before.title : rename(context, id, change.title);
    const after = { ...before, ...change, title };
    writeFields(context, id, after);
    stampFields(context, id, changedNames(before, after));
    enqueueFields(context, id);
    return mustRead(context, id);
  });
}

/** The title that it has from now on: the user's, or with no words in that, the automatic one again. */
function rename({ db }: Context, id: string, wanted: string): string {
  const title = cleanTitle(wanted).trim();
  db.run('UPDATE conversations SET is_renamed = ? WHERE id = ?', Number(title !== ''), id);
  if (title !== '') return title;
  const first = db.get<{ content: string }>(
    `SELECT content FROM messages WHERE conversation_id = ? AND role = 'user' AND trashed_at IS NULL
     ORDER BY server_order, hlc, id LIMIT 1`,
    id,
  );
  return first === undefined ? NEW_CONVERSATION_TITLE : cleanTitle(titleFrom(first.content));
}

/** A status that becomes `deleted`, here or there, remembers when and from where. */
export function writeFields({ db, now }: Context, id: string, fields: ConversationFields): void {
  db.run(
    `UPDATE conversations SET title = ?1, status = ?2, is_pinned = ?3, is_starred = ?4,
       deleted_at = CASE WHEN ?2 <> 'deleted' THEN NULL WHEN status = 'deleted' THEN deleted_at ELSE ?5 END,
       deleted_from = CASE WHEN ?2 <> 'deleted' THEN NULL WHEN status = 'deleted' THEN deleted_from ELSE status END,
       deleted_by = CASE WHEN ?2 = 'deleted' AND status = 'deleted' THEN deleted_by END
     WHERE id = ?6`,
    fields.title,
    fields.status,
    Number(fields.isPinned),
    Number(fields.isStarred),
    now(),
    id,
  );
}

export function mustRead(context: Context, id: string): ListedConversation {
  const found = readConversation(context, id);
  if (found !== undefined) return found;
  refusePurged(context.db, id);
  throw noSuchConversation();
}

/** At most 255 code points, the longest title that a backend takes. Unpaired surrogates become U+FFFD. */
export function cleanTitle(title: string): string {
  const points = Array.from(title.toWellFormed().replaceAll('\0', ''));
  return points.length <= MAX_TITLE ? points.join('') : `${points.slice(0, MAX_TITLE - 1).join('')}…`;
}
