/** How NAVI's own data travels inside the plain contract: client ids, activities, commands and attachments in `metadata.navi`. */
import * as z from 'zod';
import type { Attachment } from '../model/attachment.ts';
import { contentHash, derivedId, sha256 } from '../model/hash.ts';
import { isArray, type Json, type JsonObject } from '../model/json.ts';
import { linkMetadata, linksOf } from '../model/links.ts';
import type { Message } from '../model/message.ts';
import {
  PAGE_LIMIT,
  parseMicros,
  type AppendMessage,
  type ConversationRow,
  type CreateConversation,
  type CreatedConversation,
  type MessageRow,
  type PatchConversation,
} from '../protocol/api.ts';
import { activitySchema, attachmentSchema, commandSchema } from '../protocol/parts.ts';
import type { FieldChange } from '../model/change.ts';
import { CLOCKED, type ClockedField as LocalField } from '../model/clocks.ts';
import { cleanTag } from '../model/tags.ts';
import type { ClockedField, FullDetail } from '../protocol/abilities.ts';
import type { PatchWithClocks, ReadDetail } from './remote.ts';
import { NEW_CONVERSATION_TITLE, type WorkspaceRef } from '../model/conversation.ts';
import { UNNUMBERED } from '../model/order.ts';
import type {
  FieldsOrder,
  ListedFields,
  RemoteConversation,
  RemoteFields,
  RemoteMessage,
  SendOrder,
} from '../store/outbox.ts';
import { escapeJson, isPoisoned, mendsSchema, mendText, restoreText, unescapeJson } from './mend.ts';

const jsonObject = z.record(z.string(), z.json());

const VERSION = 1;
const KEY = 'navi';
/** In our note, where it is true: every text of the whole object is escaped. Nobody else's key can be taken for it. */
const ESCAPED_KEY = 'escaped';

/** Clocks of other machines may be wrong, but never so far ahead that ours has no larger number left (year 2112). */
const hlc = z
  .int()
  .min(0)
  .transform((micros) => Math.min(micros, 2 ** 52));
/** The last time that a `Date` can hold. */
const time = z
  .int()
  .min(0)
  .transform((ms) => Math.min(ms, 8.64e15));

const messageNoteSchema = z.object({
  v: z.number(),
  id: z.uuid(),
  hlc,
  createdAt: time,
  endedAt: time.optional().catch(undefined),
  status: z.enum(['complete', 'interrupted', 'failed']),
  activities: z.array(activitySchema),
  commands: z.array(commandSchema),
  attachments: z.exactOptional(z.array(attachmentSchema.extend({ content: z.exactOptional(z.base64()) }))),
  mends: mendsSchema.default([]).catch([]),
  /** The number under which it was shown before the backend lost it. */
  order: z
    .int()
    .min(0)
    .max(UNNUMBERED - 1)
    .optional()
    .catch(undefined),
});

/** Which earlier message this one continues, replaces or restores stands in the same note. */
function metadataWithLinks(metadata: JsonObject, rawNote: Json | undefined): JsonObject {
  const links = linkMetadata(linksOf({ [KEY]: rawNote ?? null }));
  return { ...metadata, ...links };
}

const conversationNoteSchema = z.object({
  v: z.number(),
  id: z.uuid(),
  createdAt: time,
  folders: z.array(z.string()).optional(),
  remotes: z.array(z.string()).optional(),
  /** Ids there under which the backend had lost it before it was created anew. */
  insteadOf: z.array(z.string()).optional().catch(undefined),
});

export function encodeCreate(order: Extract<SendOrder, { kind: 'create' }>): CreateConversation {
  const { folders = [], remotes } = order.workspace ?? {};
  return {
    title: order.title,
    ...(folders[0] === undefined ? {} : { workspace_path: folders[0].toWellFormed() }),
    initial_context: storable({
      v: VERSION,
      id: order.conversationId,
      createdAt: order.createdAt,
      folders: [...folders],
      ...(remotes && { remotes: [...remotes] }),
      ...(order.insteadOf && { insteadOf: [...order.insteadOf] }),
    }),
  };
}

/** Our note beside what else there is, as an object that every backend can store, see mend.ts. */
function storable(note: object, others: object = {}): z.infer<typeof jsonObject> {
  const json = jsonObject.parse({ ...others, [KEY]: note });
  if (!isPoisoned(json)) return json;
  return jsonObject.parse(
    escapeJson(jsonObject.parse({ ...others, [KEY]: { ...note, [ESCAPED_KEY]: true } })),
  );
}

function fromStorable(object: JsonObject): JsonObject {
  const note = object[KEY];
  const isEscaped = typeof note === 'object' && note !== null && !isArray(note) && note[ESCAPED_KEY] === true;
  return isEscaped ? unescapeJson(object) : object;
}

export function encodeAppend(
  message: Message,
  contents: ReadonlyMap<string, Uint8Array> = new Map(),
  place?: number,
): AppendMessage {
  const { id, hlc, createdAt, endedAt, status, activities, commands, metadata, attachments } = message;
  const { text, mends } = mendText(message.content);
  const note = {
    ...linksOf(metadata),
    v: VERSION,
    id,
    hlc,
    createdAt,
    ...(endedAt !== undefined && { endedAt }),
    status,
    activities,
    commands,
    ...(attachments && { attachments: attachments.map((one) => withContent(one, contents)) }),
    hash: message.hash ?? contentHash(message),
    ...(mends.length > 0 && { mends }),
    ...(place !== undefined && { order: place }),
  };
  return {
    role: message.role,
    content: text,
    metadata: storable(note, metadata),
  };
}

/** A content that is not sent stays on this machine; its hash tells the others what they lack. */
function withContent(attachment: Attachment, contents: ReadonlyMap<string, Uint8Array>): object {
  const content = contents.get(attachment.hash);
  return content === undefined
    ? attachment
    : { ...attachment, content: Buffer.from(content).toString('base64') };
}

/** Contents that are what their hash says; any other is as good as none. */
function contentsOf(
  attachments: readonly { readonly hash: string; readonly content?: string }[],
): ReadonlyMap<string, Uint8Array> {
  return new Map(
    attachments.flatMap(({ hash, content }) => {
      const bytes = content === undefined ? undefined : new Uint8Array(Buffer.from(content, 'base64'));
      return bytes !== undefined && sha256(bytes) === hash ? [[hash, bytes] as const] : [];
    }),
  );
}

/** A deletion is not part of it: that is a request of its own. */
export function encodeChange(change: FieldChange): PatchConversation {
  return {
    ...(change.title === undefined ? {} : { title: change.title }),
    ...(change.status === undefined ? {} : { status: change.status }),
    ...(change.isPinned === undefined ? {} : { is_pinned: change.isPinned }),
    ...(change.isStarred === undefined ? {} : { is_starred: change.isStarred }),
  };
}

const WIRE_NAMES = {
  title: 'title',
  status: 'status',
  isPinned: 'is_pinned',
  isStarred: 'is_starred',
  tags: 'tags',
} as const satisfies Record<LocalField, ClockedField>;

/** The change with its clocks, and with those that the backend must still have for it to be taken. */
export function encodeWithClocks({ change, tags, clocks, seen }: FieldsOrder): PatchWithClocks {
  const fields = CLOCKED.filter((field) => (field === 'tags' ? tags : change[field]) !== undefined);
  const given = fields.filter((field) => clocks[field] !== undefined);
  return {
    ...encodeChange(change),
    ...(tags && { tags: [...tags] }),
    clocks: Object.fromEntries(given.map((field) => [WIRE_NAMES[field], clocks[field]])),
    seen: Object.fromEntries(fields.map((field) => [WIRE_NAMES[field], seen[field] ?? 0])),
  };
}

/** Clocks of others may be wrong, see `hlc`; tags may be longer than ours. */
function decodeClocked({
  clocks,
  tags = [],
}: Pick<FullDetail, 'clocks' | 'tags'>): Pick<RemoteFields, 'clocks' | 'tags'> {
  if (clocks === undefined) return {};
  const known = CLOCKED.flatMap((field) => {
    const clock = clocks[WIRE_NAMES[field]];
    return clock === undefined ? [] : [[field, hlc.parse(clock)] as const];
  });
  return { clocks: Object.fromEntries(known), tags: tags.flatMap((tag) => cleanTag(tag) ?? []) };
}

export function decodeListed(row: ConversationRow | CreatedConversation | FullDetail): ListedFields {
  return {
    remoteId: row.id,
    remoteUpdatedAt: 'updated_at' in row ? row.updated_at : '',
    title: row.title ?? NEW_CONVERSATION_TITLE,
    status: row.status,
    isPinned: row.is_pinned,
    isStarred: row.is_starred,
  };
}

export function decodeFields(row: ConversationRow | CreatedConversation | FullDetail): RemoteFields {
  const lastChange = 'updated_at' in row ? parseMicros(row.updated_at) : undefined;
  const path = 'workspace_path' in row ? row.workspace_path : undefined;
  return {
    ...decodeListed(row),
    ...(lastChange === undefined ? {} : { lastChange }),
    createdAt: Math.floor((parseMicros(row.created_at) ?? 0) / 1000),
    ...(path == null ? {} : { workspace: { folders: [path] } }),
    ...('clocks' in row ? decodeClocked(row) : {}),
  };
}

export function decodeConversation(account: string, detail: ReadDetail): RemoteConversation {
  const note = conversationNoteSchema.safeParse(fromStorable(detail.initial_context ?? {})[KEY]);
  const fields = decodeFields(detail);
  return {
    id: note.success ? note.data.id : derivedId('conversation', account, detail.id),
    fields: note.success
      ? {
          ...fields,
          createdAt: note.data.createdAt,
          ...(note.data.folders && { workspace: workspaceOf(note.data.folders, note.data.remotes) }),
        }
      : fields,
    messages: (detail.messages ?? []).map((row) => decodeMessage(account, detail.id, row)),
    // An answer without messages says nothing of them.
    isCut: detail.isCut === true || detail.messages === undefined || detail.messages.length >= PAGE_LIMIT,
    ...(note.data?.insteadOf && { insteadOf: note.data.insteadOf }),
  };
}

function workspaceOf(folders: readonly string[], remotes: readonly string[] | undefined): WorkspaceRef {
  return { folders, ...(remotes && { remotes }) };
}

/**
 * A message with our note is ours, whole. One without comes from another client: its id is derived from its old local
 * id, which that client posted again with each reload, or else from the backend's id.
 */
export function decodeMessage(account: string, remoteConversationId: string, row: MessageRow): RemoteMessage {
  const { [KEY]: rawNote, ...metadata } = fromStorable(row.metadata ?? {});
  const note = messageNoteSchema.safeParse(rawNote);
  const serverOrder = parseMicros(row.created_at) ?? 0;
  const shared = { remoteId: row.id, serverOrder, role: row.role, content: row.content };
  if (note.success) {
    const content = restoreText(row.content, note.data.mends);
    const { id, hlc, createdAt, endedAt, status, activities, commands, attachments, order } = note.data;
    return {
      ...shared,
      ...(order !== undefined && { serverOrder: order, resentAt: serverOrder }),
      content,
      id,
      hlc,
      createdAt,
      ...(endedAt !== undefined && { endedAt }),
      status,
      activities,
      commands,
      metadata: metadataWithLinks(metadata, rawNote),
      ...(attachments && {
        attachments: attachments.map(({ content: _, ...attachment }) => attachment),
        contents: contentsOf(attachments),
      }),
    };
  }
  const oldId = metadata['id'];
  return {
    ...shared,
    id:
      typeof oldId === 'string'
        ? derivedId('message', account, remoteConversationId, 'old', oldId)
        : derivedId('message', account, remoteConversationId, row.id),
    hlc: serverOrder,
    createdAt: Math.floor(serverOrder / 1000),
    status: 'complete',
    activities: [],
    commands: [],
    metadata: row.metadata ?? {},
  };
}
