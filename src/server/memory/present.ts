/** Records as the contract shows them. */
import { formatMicros } from '../../protocol/api.ts';
import type {
  BatchResult,
  Change,
  FullConversation,
  FullMessage,
  SearchAnswer,
} from '../../protocol/abilities.ts';
import type {
  ChangeRecord,
  ConversationRecord,
  MessageRecord,
  SearchPage,
  Stored,
} from '../storage/repository.ts';
import { formatChangeCursor } from './cursors.ts';

export function presentCreated(record: ConversationRecord) {
  return {
    id: record.id,
    title: record.title,
    status: record.status,
    is_pinned: record.isPinned,
    is_starred: record.isStarred,
    created_at: formatMicros(record.createdAt),
  };
}

export function presentRow(record: ConversationRecord) {
  return {
    ...presentCreated(record),
    workspace_path: record.workspacePath,
    updated_at: formatMicros(record.updatedAt),
  };
}

export function presentFull(record: ConversationRecord): FullConversation {
  return {
    ...presentRow(record),
    initial_context: record.initialContext as FullConversation['initial_context'],
    client_id: record.clientId,
    message_count: record.messageCount,
    tags: [...record.tags],
    clocks: record.clocks,
  };
}

export function presentAppended(record: MessageRecord) {
  return {
    id: record.id,
    role: record.role,
    content: record.content,
    created_at: formatMicros(record.createdAt),
  };
}

export function presentMessage(record: MessageRecord) {
  return { ...presentAppended(record), metadata: record.metadata };
}

export function presentFullMessage(record: MessageRecord): FullMessage {
  return {
    ...presentAppended(record),
    metadata: record.metadata as FullMessage['metadata'],
    client_id: record.clientId,
  };
}

export function presentStored(stored: Stored<MessageRecord>, clientId: string | null): BatchResult {
  if (stored.outcome === 'conflict')
    return { status: 'conflict', client_id: clientId, detail: CLIENT_ID_TAKEN };
  const { id, createdAt } = stored.record;
  return { status: stored.outcome, client_id: clientId, id, created_at: formatMicros(createdAt) };
}

export const CLIENT_ID_TAKEN = 'This client_id was used before, with another body. Nothing was stored.';

export function presentChange(change: ChangeRecord): Change {
  switch (change.type) {
    case 'conversation':
      return { type: 'conversation', conversation: presentFull(change.conversation) };
    case 'message':
      return {
        type: 'message',
        conversation_id: change.conversationId,
        message: presentFullMessage(change.message),
      };
    case 'tombstone':
      return {
        type: 'tombstone',
        conversation_id: change.conversationId,
        client_id: change.clientId,
        purged_at: formatMicros(change.purgedAt),
      };
  }
}

export function presentSearch({ hits, cursor, isComplete }: SearchPage): SearchAnswer {
  return {
    items: hits.map(({ conversation, message, snippet }) => ({
      conversation: presentRow(conversation),
      message:
        message === undefined
          ? null
          : { id: message.id, role: message.role, created_at: formatMicros(message.createdAt) },
      snippet: snippet.map(({ text, isMatch }) => ({ text, is_match: isMatch })),
    })),
    cursor: cursor === undefined ? null : formatChangeCursor(cursor),
    is_complete: isComplete,
  };
}
