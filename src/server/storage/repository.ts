/**
 * What the memory routes ask of a database. Each call is one transaction. A call that writes resolves after its
 * commit is durable. Calls about another owner's conversation answer like calls about a missing one.
 */
import type { ConversationStatus } from '../../model/conversation.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Role } from '../../model/message.ts';

export interface Owner {
  readonly userId: string;
  /** Empty when the client names none. */
  readonly orgId: string;
}

/** Times are microseconds since the epoch. */
export interface ConversationRecord {
  readonly id: string;
  readonly title: string | null;
  readonly status: ConversationStatus;
  readonly isPinned: boolean;
  readonly isStarred: boolean;
  readonly workspacePath: string | null;
  /** The JSON value that was given, or null. */
  readonly initialContext: unknown;
  readonly createdAt: number;
  /** Rises with every change and every message, also when the clock is set back. */
  readonly updatedAt: number;
}

export interface MessageRecord {
  readonly id: string;
  readonly role: Role;
  readonly content: string;
  /** The JSON value that was given, or null. */
  readonly metadata: unknown;
  /** Microseconds since the epoch; strictly rising within a conversation, so that it orders its messages. */
  readonly createdAt: number;
}

export interface NewConversation {
  readonly title: string | null;
  readonly workspacePath: string | null;
  readonly initialContext: JsonObject | null;
}

/** Absent or null: leave as it is. */
export interface ConversationChange {
  readonly title?: string | null | undefined;
  readonly status?: ConversationStatus | null | undefined;
  readonly isPinned?: boolean | null | undefined;
  readonly isStarred?: boolean | null | undefined;
  readonly workspacePath?: string | null | undefined;
  readonly initialContext?: JsonObject | null | undefined;
}

export interface NewMessage {
  readonly role: Role;
  readonly content: string;
  readonly metadata: JsonObject | null;
  readonly tokensUsed: number | null;
}

export interface Page {
  /** Absent: all but the deleted ones. */
  readonly status?: ConversationStatus | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface Repository {
  /** Newest `updatedAt` first; ties by id, so that the order is total. */
  list(owner: Owner, page: Page): Promise<ConversationRecord[]>;
  create(owner: Owner, conversation: NewConversation): Promise<ConversationRecord>;
  /** The newest `messageLimit` messages, oldest first. */
  read(
    owner: Owner,
    id: string,
    messageLimit: number,
  ): Promise<{ conversation: ConversationRecord; messages: MessageRecord[] } | undefined>;
  /** `updatedAt` moves only when a value changes. */
  change(owner: Owner, id: string, change: ConversationChange): Promise<ConversationRecord | undefined>;
  /** Also gives a conversation without a title its title, when the message is the user's. */
  append(owner: Owner, id: string, message: NewMessage): Promise<MessageRecord | undefined>;
  close(): Promise<void>;
}

/** The database could not be reached or locked: nothing was changed. `message` is for people. */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError';
}
