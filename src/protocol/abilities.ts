/**
 * What NAVI's own memory server can do beyond the plain contract of api.ts. All of it is announced at
 * `GET /api/navi-memory/capabilities`, and none of it changes an answer for a client that does not ask for it.
 */
import * as z from 'zod';
import {
  appendMessageSchema,
  conversationDetailSchema,
  conversationRowSchema,
  createConversationSchema,
  messageRowSchema,
  patchConversationSchema,
  timestampSchema,
} from './api.ts';

/**
 * `idempotent`: create and append by client id. `batch`: many messages in one request. `paging`: messages by cursor,
 * both ways. `changes`: the feed of changes by cursor. `events`: the same, live. `counts`: messages of a conversation.
 * `clocks`: a hybrid clock for each field. `tombstones`: what was purged is told, and stays away. `search`: words in titles
 * and messages. `export`, `erase`: everything of the user, taken along and removed.
 */
export const ABILITIES = [
  'idempotent',
  'batch',
  'paging',
  'changes',
  'events',
  'counts',
  'clocks',
  'tombstones',
  'search',
  'export',
  'erase',
] as const;
export type Ability = (typeof ABILITIES)[number];

export const capabilitiesSchema = z.object({
  server: z.string(),
  version: z.string(),
  /** Names that a client does not know are ignored by it. */
  abilities: z.array(z.string()),
  limits: z.object({
    body_bytes: z.int().positive(),
    batch_messages: z.int().positive(),
    page: z.int().positive(),
  }),
});
export type Capabilities = z.infer<typeof capabilitiesSchema>;

/** The client's own name for what it creates: visible ASCII. */
export const clientIdSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters');

/** Hybrid logical clock in microseconds since the epoch. */
export const clockSchema = z.int().nonnegative();

export const CLOCKED_FIELDS = ['title', 'status', 'is_pinned', 'is_starred', 'tags'] as const;
export type ClockedField = (typeof CLOCKED_FIELDS)[number];
export const clocksSchema = z.partialRecord(z.enum(CLOCKED_FIELDS), clockSchema);
export type Clocks = z.infer<typeof clocksSchema>;

export const tagsSchema = z.array(z.string().min(1).max(200)).max(100);

export const createWithIdSchema = createConversationSchema.extend({ client_id: clientIdSchema.nullish() });

/**
 * A field with a clock is taken only when its clock is later than the one that is stored; without, it is taken now. With
 * `seen`, a field is taken only while the stored clock is that one (0: none), so that no change is overwritten unseen.
 */
export const patchWithClocksSchema = patchConversationSchema.extend({
  tags: tagsSchema.nullish(),
  clocks: clocksSchema.nullish(),
  seen: clocksSchema.nullish(),
});

export const appendWithIdSchema = appendMessageSchema.extend({ client_id: clientIdSchema.nullish() });

/** A conversation as `view=full` and the feed of changes give it. */
export const fullConversationSchema = conversationRowSchema.extend({
  initial_context: conversationDetailSchema.shape.initial_context,
  client_id: z.string().nullable(),
  message_count: z.int().nonnegative(),
  tags: z.array(z.string()),
  clocks: clocksSchema,
});
export type FullConversation = z.infer<typeof fullConversationSchema>;

/** A read conversation, where `view=full` was asked for: a backend that does not know that leaves it out. */
export const fullDetailSchema = conversationDetailSchema.extend(
  fullConversationSchema.pick({ tags: true, clocks: true }).partial().shape,
);
export type FullDetail = z.infer<typeof fullDetailSchema>;

export const fullMessageSchema = messageRowSchema.extend({ client_id: z.string().nullable() });
export type FullMessage = z.infer<typeof fullMessageSchema>;

/** Most messages in one batch. */
export const BATCH_LIMIT = 500;

/** Items are checked one by one, so that one that is wrong stops no other. */
export const batchSchema = z.object({ messages: z.array(z.unknown()).min(1).max(BATCH_LIMIT) });

/**
 * What became of one item, in the order of the request. `stored` now; `known`: it was there already, with the same
 * body; `conflict`: its client id is taken by another body; `invalid`: see `detail`.
 */
export const batchResultSchema = z.object({
  status: z.enum(['stored', 'known', 'conflict', 'invalid']),
  client_id: z.string().nullable(),
  id: z.string().optional(),
  created_at: timestampSchema.optional(),
  detail: z.string().optional(),
});
export type BatchResult = z.infer<typeof batchResultSchema>;

export const batchAnswerSchema = z.object({ results: z.array(batchResultSchema) });

/** Oldest first. `older` and `newer` are what to pass as `before` and `after`; null where nothing more is. */
export const messagePageSchema = z.object({
  items: z.array(fullMessageSchema),
  older: z.string().nullable(),
  newer: z.string().nullable(),
});
export type MessagePageAnswer = z.infer<typeof messagePageSchema>;

export const changeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('conversation'), conversation: fullConversationSchema }),
  z.object({ type: z.literal('message'), conversation_id: z.string(), message: fullMessageSchema }),
  /** It was removed for good and must not come back. */
  z.object({
    type: z.literal('tombstone'),
    conversation_id: z.string(),
    client_id: z.string().nullable(),
    purged_at: timestampSchema,
  }),
]);
export type Change = z.infer<typeof changeSchema>;

/** Changes in the order of their commits, each row once, as it is now. `cursor` continues after the last of them. */
export const changesAnswerSchema = z.object({
  changes: z.array(changeSchema),
  cursor: z.string(),
  has_more: z.boolean(),
});
export type ChangesAnswer = z.infer<typeof changesAnswerSchema>;

/** Most hits in one page of a search. */
export const SEARCH_LIMIT = 50;

export const searchHitSchema = z.object({
  conversation: conversationRowSchema,
  /** Null when the title was found. */
  message: messageRowSchema.pick({ id: true, role: true, created_at: true }).nullable(),
  /** A few words of the text around what was found, in one line. */
  snippet: z.array(z.object({ text: z.string(), is_match: z.boolean() })),
});

/** Newest change first. `cursor` goes on after the last of them; null at the end. */
export const searchAnswerSchema = z.object({
  items: z.array(searchHitSchema),
  cursor: z.string().nullable(),
  /** False while the server still reads what it has never searched before: then ask again for what may be missing. */
  is_complete: z.boolean(),
});
export type SearchAnswer = z.infer<typeof searchAnswerSchema>;

/** Asked for so that no slip removes everything: the id of the user, as an export names it. */
export const deleteUserSchema = z.object({ confirm: z.string() });

export const deletedUserSchema = z.object({
  message: z.string(),
  deleted: z.object({
    conversations: z.int().nonnegative(),
    messages: z.int().nonnegative(),
    tombstones: z.int().nonnegative(),
    tokens: z.int().nonnegative(),
  }),
});
export type DeletedUser = z.infer<typeof deletedUserSchema>;
