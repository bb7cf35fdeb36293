/** Rows as records and back; pure. */
import { hash } from 'node:crypto';
import { canonicalJson, type Json, type JsonObject } from '../../model/json.ts';
import type { Clocks } from '../../protocol/abilities.ts';
import type { ConversationRecord, MessageRecord, NewConversation, NewMessage } from './repository.ts';
import type { ConversationTable, MessageTable } from './schema.ts';

export function toConversation(row: ConversationTable): ConversationRecord {
  return {
    id: row.id,
    clientId: row.client_id,
    title: row.title,
    status: row.status,
    isPinned: row.is_pinned === 1,
    isStarred: row.is_starred === 1,
    tags: JSON.parse(row.tags) as string[],
    clocks: JSON.parse(row.clocks) as Clocks,
    workspacePath: row.workspace_path,
    initialContext: fromText(row.initial_context),
    messageCount: row.message_count,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function toMessage(row: MessageTable): MessageRecord {
  return {
    id: row.id,
    clientId: row.client_id,
    role: row.role,
    content: row.content,
    metadata: fromText(row.metadata),
    createdAt: row.created_at,
  };
}

export function toText(value: JsonObject | null): string | null {
  return value === null ? null : canonicalJson(value);
}

function fromText(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

/** What tells a repetition from another body under the same client id. */
export function bodyHash(body: NewConversation | NewMessage): string | null {
  return body.clientId === null ? null : hash('sha256', canonicalJson(body as unknown as Json));
}
