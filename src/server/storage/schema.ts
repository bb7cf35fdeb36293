import type { ConversationStatus } from '../../model/conversation.ts';
import type { Role } from '../../model/message.ts';

/** Column types that both databases have: text, and integers below 2^53. Booleans are 0 or 1. */
export interface Tables {
  readonly navi_conversations: ConversationTable;
  readonly navi_messages: MessageTable;
  readonly navi_migrations: { readonly name: string; readonly timestamp: string };
}

export interface ConversationTable {
  readonly user_id: string;
  readonly org_id: string;
  readonly id: string;
  readonly title: string | null;
  readonly status: ConversationStatus;
  readonly is_pinned: number;
  readonly is_starred: number;
  readonly workspace_path: string | null;
  /** Canonical JSON, so that equal values are equal texts. */
  readonly initial_context: string | null;
  /** Microseconds since the epoch. */
  readonly created_at: number;
  /** Microseconds since the epoch; also the clock of the conversation's messages. */
  readonly updated_at: number;
}

export interface MessageTable {
  readonly user_id: string;
  readonly conversation_id: string;
  /** Microseconds since the epoch; unique within the conversation. */
  readonly created_at: number;
  readonly id: string;
  readonly role: Role;
  readonly content: string;
  /** Canonical JSON. */
  readonly metadata: string | null;
  readonly tokens_used: number | null;
}
