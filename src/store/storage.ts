/** What the store promises about how much it holds. Isolation and errors are as in store.ts. */
import type { ConversationStatus } from '../model/conversation.ts';

export interface ConversationUse {
  readonly id: string;
  readonly title: string;
  readonly status: ConversationStatus;
  readonly messageCount: number;
  /**
   * What its messages say in bytes of UTF-8, steps, outputs and attachments included, each counted whole: what several
   * conversations hold is stored once and counted in each of them. Compressed it takes less in the file.
   */
  readonly bytes: number;
}

export interface StorageUse {
  /** The largest first. */
  readonly conversations: readonly ConversationUse[];
  /** Of all conversations, those in the trash included. */
  readonly total: { readonly conversations: number; readonly bytes: number };
  /** False while what an older NAVI stored is still being counted. */
  readonly isComplete: boolean;
  /** Large texts and attachments: what they say, and what they take in the file, each once and compressed. */
  readonly apart: { readonly count: number; readonly bytes: number; readonly storedBytes: number };
  /** Bytes on the disk: the conversation file, its write-ahead log, and the backups beside it. */
  readonly disk: { readonly file: number; readonly log: number; readonly backups: number };
}

export interface StorageStore {
  /** The `limit` largest conversations (at most 1,000) and what the whole takes. */
  storageUse(limit: number): Promise<StorageUse>;
}
