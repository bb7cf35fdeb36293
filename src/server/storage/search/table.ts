/** The table of terms; each database has its own way to keep them. */
import type { Kysely, Transaction } from 'kysely';
import type { ConversationStatus } from '../../../model/conversation.ts';
import type { SearchTerm } from '../../../model/searchText.ts';
import type { Owner } from '../repository.ts';
import type { Tables } from '../schema.ts';

export interface IndexedText {
  readonly conversationId: string;
  /** `created_at` of the message; 0 for the title. */
  readonly messageAt: number;
  /** The number of the change that it came with. */
  readonly seq: number;
  readonly terms: readonly string[];
}

export interface FoundText {
  readonly conversation_id: string;
  readonly message_at: number;
  readonly seq: number;
}

export interface FindQuery {
  /** At least one; each must be there. */
  readonly terms: readonly SearchTerm[];
  /** Absent: all but the deleted ones. */
  readonly status?: ConversationStatus | undefined;
  /** Only what has a lower number. */
  readonly before: number | undefined;
  readonly limit: number;
}

export interface SearchTable {
  /** Until the end of the transaction nobody else writes for this owner. */
  lockOwner(trx: Transaction<Tables>, owner: Owner): Promise<void>;
  /** None of them is there yet. */
  add(trx: Transaction<Tables>, owner: Owner, texts: readonly IndexedText[]): Promise<void>;
  removeTitles(trx: Transaction<Tables>, owner: Owner, conversationIds: readonly string[]): Promise<void>;
  removeConversation(trx: Transaction<Tables>, owner: Owner, conversationId: string): Promise<void>;
  removeOwner(trx: Transaction<Tables>, owner: Owner): Promise<void>;
  /** Of everybody. */
  clear(trx: Transaction<Tables>): Promise<void>;
  /** Newest change first. */
  find(db: Kysely<Tables>, owner: Owner, query: FindQuery): Promise<readonly FoundText[]>;
}
