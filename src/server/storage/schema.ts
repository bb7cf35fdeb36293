import type { ConversationStatus } from '../../model/conversation.ts';
import type { Role } from '../../model/message.ts';

/** Column types that both databases have: text, and integers below 2^53. Booleans are 0 or 1. */
export interface Tables {
  readonly navi_users: UserTable;
  readonly navi_conversations: ConversationTable;
  readonly navi_messages: MessageTable;
  readonly navi_tombstones: TombstoneTable;
  readonly navi_tokens: TokenTable;
  readonly navi_search: SearchRowTable;
  readonly navi_search_users: SearchUserTable;
  readonly navi_migrations: { readonly name: string; readonly timestamp: string };
}

/** One row for each user of an organisation. Whoever writes for this user locks it first: see changes.ts. */
export interface UserTable {
  readonly user_id: string;
  readonly org_id: string;
  /** Made at random with the row: a cursor of another history of this user does not fit. */
  readonly epoch: string;
  /** The number of the last change. */
  readonly seq: number;
  /** Microseconds since the epoch: the last time that was given to a message or a change. */
  readonly last_at: number;
  /** `listed_at` of the conversation on top of the list, if it got there since the column is there. */
  readonly last_listed_at: number;
}

export interface ConversationTable {
  readonly user_id: string;
  readonly org_id: string;
  readonly id: string;
  readonly client_id: string | null;
  /** SHA-256 of what it was created with; null without a client id. */
  readonly body_hash: string | null;
  readonly title: string | null;
  readonly status: ConversationStatus;
  readonly is_pinned: number;
  readonly is_starred: number;
  /** JSON array of texts. */
  readonly tags: string;
  /** JSON object: field to hybrid clock. */
  readonly clocks: string;
  readonly workspace_path: string | null;
  /** Canonical JSON, so that equal values are equal texts. */
  readonly initial_context: string | null;
  readonly message_count: number;
  /** Microseconds since the epoch. */
  readonly created_at: number;
  /** Microseconds since the epoch; also the clock of the conversation's messages. */
  readonly updated_at: number;
  /** Orders the list: see order.ts. */
  readonly listed_at: number;
  /** The change in which a field of it changed last; a message alone does not count. */
  readonly seq: number;
}

export interface MessageTable {
  readonly user_id: string;
  readonly conversation_id: string;
  /** Microseconds since the epoch; unique within the conversation. */
  readonly created_at: number;
  readonly org_id: string;
  readonly id: string;
  readonly client_id: string | null;
  readonly body_hash: string | null;
  readonly role: Role;
  readonly content: string;
  /** Canonical JSON. */
  readonly metadata: string | null;
  readonly tokens_used: number | null;
  readonly seq: number;
}

export interface TombstoneTable {
  readonly user_id: string;
  readonly org_id: string;
  readonly id: string;
  readonly client_id: string | null;
  /** Microseconds since the epoch. */
  readonly purged_at: number;
  readonly seq: number;
}

export interface TokenTable {
  /** SHA-256 of the token, lower-case hex. */
  readonly token_hash: string;
  readonly id: string;
  readonly user_id: string;
  readonly org_id: string;
  readonly name: string;
  /** Microseconds since the epoch. */
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
}

/** One title or message in the index of words; its terms are kept in each database's own way. */
export interface SearchRowTable {
  readonly user_id: string;
  readonly org_id: string;
  readonly conversation_id: string;
  /** `created_at` of the message; 0 for the title. */
  readonly message_at: number;
  readonly seq: number;
}

/** What of a user the index has. */
export interface SearchUserTable {
  readonly user_id: string;
  readonly org_id: string;
  /** Every change up to this one. */
  readonly seq: number;
  /** SEARCH_TEXT_VERSION of its terms. */
  readonly version: number;
}
