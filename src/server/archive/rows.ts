/** Rows as the records of an archive, and back; pure. Nothing is lost on the way but a user's epoch. */
import { canonicalJson, type Json } from '../../model/json.ts';
import { formatMicros, parseMicros } from '../../protocol/api.ts';
import type { ArchiveRecord } from '../../protocol/archive.ts';
import type { Owner } from '../storage/repository.ts';
import type { ConversationTable, MessageTable, TokenTable, TombstoneTable } from '../storage/schema.ts';

type RecordOf<T extends ArchiveRecord['type']> = Extract<ArchiveRecord, { type: T }>;

export function conversationRecord(row: ConversationTable): RecordOf<'conversation'> {
  return {
    type: 'conversation',
    id: row.id,
    client_id: row.client_id,
    body_hash: row.body_hash,
    title: row.title,
    status: row.status,
    is_pinned: row.is_pinned === 1,
    is_starred: row.is_starred === 1,
    tags: JSON.parse(row.tags) as string[],
    clocks: JSON.parse(row.clocks) as RecordOf<'conversation'>['clocks'],
    workspace_path: row.workspace_path,
    initial_context: fromText(row.initial_context),
    message_count: row.message_count,
    created_at: formatMicros(row.created_at),
    updated_at: formatMicros(row.updated_at),
    seq: row.seq,
  };
}

export function conversationRow(
  { userId, orgId }: Owner,
  record: RecordOf<'conversation'>,
): ConversationTable {
  return {
    user_id: userId,
    org_id: orgId,
    id: record.id,
    client_id: record.client_id,
    body_hash: record.body_hash,
    title: record.title,
    status: record.status,
    is_pinned: Number(record.is_pinned),
    is_starred: Number(record.is_starred),
    tags: canonicalJson(record.tags),
    clocks: canonicalJson(record.clocks),
    workspace_path: record.workspace_path,
    initial_context: toText(record.initial_context),
    message_count: record.message_count,
    created_at: micros(record.created_at),
    updated_at: micros(record.updated_at),
    listed_at: micros(record.updated_at),
    seq: record.seq,
  };
}

export function messageRecord(row: MessageTable): RecordOf<'message'> {
  return {
    type: 'message',
    conversation_id: row.conversation_id,
    id: row.id,
    client_id: row.client_id,
    body_hash: row.body_hash,
    role: row.role,
    content: row.content,
    metadata: fromText(row.metadata),
    tokens_used: row.tokens_used,
    created_at: formatMicros(row.created_at),
    seq: row.seq,
  };
}

export function messageRow({ userId, orgId }: Owner, record: RecordOf<'message'>): MessageTable {
  return {
    user_id: userId,
    org_id: orgId,
    conversation_id: record.conversation_id,
    created_at: micros(record.created_at),
    id: record.id,
    client_id: record.client_id,
    body_hash: record.body_hash,
    role: record.role,
    content: record.content,
    metadata: toText(record.metadata),
    tokens_used: record.tokens_used,
    seq: record.seq,
  };
}

export function tombstoneRecord(row: TombstoneTable): RecordOf<'tombstone'> {
  return {
    type: 'tombstone',
    id: row.id,
    client_id: row.client_id,
    purged_at: formatMicros(row.purged_at),
    seq: row.seq,
  };
}

export function tombstoneRow({ userId, orgId }: Owner, record: RecordOf<'tombstone'>): TombstoneTable {
  return {
    user_id: userId,
    org_id: orgId,
    id: record.id,
    client_id: record.client_id,
    purged_at: micros(record.purged_at),
    seq: record.seq,
  };
}

export function tokenRecord(row: TokenTable, hasHash: boolean): RecordOf<'token'> {
  return {
    type: 'token',
    id: row.id,
    name: row.name,
    token_hash: hasHash ? row.token_hash : null,
    created_at: formatMicros(row.created_at),
    expires_at: row.expires_at === null ? null : formatMicros(row.expires_at),
    revoked_at: row.revoked_at === null ? null : formatMicros(row.revoked_at),
  };
}

/** Undefined for a token without its hash, which nobody could use. */
export function tokenRow({ userId, orgId }: Owner, record: RecordOf<'token'>): TokenTable | undefined {
  if (record.token_hash === null) return undefined;
  return {
    token_hash: record.token_hash,
    id: record.id,
    user_id: userId,
    org_id: orgId,
    name: record.name,
    created_at: micros(record.created_at),
    expires_at: record.expires_at === null ? null : micros(record.expires_at),
    revoked_at: record.revoked_at === null ? null : micros(record.revoked_at),
  };
}

function fromText(text: string | null): RecordOf<'message'>['metadata'] {
  return text === null ? null : (JSON.parse(text) as RecordOf<'message'>['metadata']);
}

function toText(value: unknown): string | null {
  return value === null ? null : canonicalJson(value as Json);
}

/** Checked by the schema that the record came through. */
function micros(text: string): number {
  const value = parseMicros(text);
  if (value === undefined) throw new RangeError('A time of an archive is none.');
  return value;
}
