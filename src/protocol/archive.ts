/**
 * What a user exports and an admin backs up: lines of JSON (NDJSON), first a header, then each user with all that is
 * stored, last an `end` that tells whether anything is missing. One format for every database.
 */
import * as z from 'zod';
import { conversationRowSchema, messageRowSchema, timestampSchema } from './api.ts';
import { clocksSchema } from './abilities.ts';

export const ARCHIVE_FORMAT = 'navi-archive';
export const ARCHIVE_VERSION = 1;

export const archiveHeaderSchema = z.strictObject({
  type: z.literal('header'),
  format: z.literal(ARCHIVE_FORMAT),
  version: z.literal(ARCHIVE_VERSION),
  /** `user`: what one user exported, without the hashes of tokens. `all`: a backup. */
  scope: z.enum(['user', 'all']),
  made_at: timestampSchema,
});
export type ArchiveHeader = z.infer<typeof archiveHeaderSchema>;

/** Everything up to the next one is this user's. */
const userSchema = z.strictObject({
  type: z.literal('user'),
  user_id: z.string().min(1),
  org_id: z.string(),
  /** The number of the last change; null for one who has tokens and never wrote. */
  seq: z.int().nonnegative().nullable(),
});

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const conversationSchema = z.strictObject({
  type: z.literal('conversation'),
  ...conversationRowSchema.required().shape,
  updated_at: timestampSchema,
  client_id: z.string().nullable(),
  body_hash: hash.nullable(),
  tags: z.array(z.string()),
  clocks: clocksSchema,
  initial_context: z.json(),
  message_count: z.int().nonnegative(),
  seq: z.int().positive(),
});

const messageSchema = z.strictObject({
  type: z.literal('message'),
  ...messageRowSchema.required().shape,
  metadata: z.json(),
  conversation_id: z.string(),
  client_id: z.string().nullable(),
  body_hash: hash.nullable(),
  tokens_used: z.int().nullable(),
  seq: z.int().positive(),
});

/** Of a conversation that was removed for good. Below zero: one that went with all of its user's, and is not told. */
const tombstoneSchema = z.strictObject({
  type: z.literal('tombstone'),
  id: z.string(),
  client_id: z.string().nullable(),
  purged_at: timestampSchema,
  seq: z.int(),
});

const tokenSchema = z.strictObject({
  type: z.literal('token'),
  id: z.string(),
  name: z.string(),
  token_hash: hash.nullable(),
  created_at: timestampSchema,
  expires_at: timestampSchema.nullable(),
  revoked_at: timestampSchema.nullable(),
});

export const archiveRecordSchema = z.discriminatedUnion('type', [
  userSchema,
  conversationSchema,
  messageSchema,
  tombstoneSchema,
  tokenSchema,
]);
export type ArchiveRecord = z.infer<typeof archiveRecordSchema>;

export const archiveCountsSchema = z.strictObject({
  users: z.int().nonnegative(),
  conversations: z.int().nonnegative(),
  messages: z.int().nonnegative(),
  tombstones: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
});
export type ArchiveCounts = z.infer<typeof archiveCountsSchema>;

export const archiveEndSchema = z.strictObject({
  type: z.literal('end'),
  counts: archiveCountsSchema,
  /** SHA-256 of the lines between header and end: equal for equal contents, whenever and wherever they were read. */
  content_sha256: hash,
  /** SHA-256 of everything before this line. */
  sha256: hash,
});
export type ArchiveEnd = z.infer<typeof archiveEndSchema>;
