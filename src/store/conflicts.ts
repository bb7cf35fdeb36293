/** What two machines changed differently, and which of it was kept. */
import type { ConversationFields } from '../model/conversation.ts';

export interface Conflict {
  readonly id: number;
  readonly conversationId: string;
  /** The conversation's title now. */
  readonly title: string;
  readonly field: keyof ConversationFields;
  readonly kept: string | boolean;
  readonly other: string | boolean;
  /** Milliseconds since the epoch. */
  readonly foundAt: number;
}

export interface ConflictStore {
  /** The newest 200, newest first. */
  conflicts(): Promise<readonly Conflict[]>;
  /** Takes the other value, as a change that the user makes now, or leaves all as it is; it is listed no more. */
  settleConflict(id: number, choice: 'kept' | 'other'): Promise<void>;
}
