/** What the store promises about attachments of drafts and messages. Durability, isolation and errors are as in store.ts. */
import type { Attachment } from '../model/attachment.ts';

/** An attachment with its content; size and hash follow from that. */
export interface NewAttachment extends Omit<Attachment, 'size' | 'hash'> {
  readonly content: Uint8Array;
}

export interface AttachmentStore {
  /**
   * Adds a copy of the content to the conversation's draft, whatever its text; `messageId` is the draft's when there is
   * none yet. The same id again changes nothing. Rejects with `StoreError('too-large')` when it is more than a message takes.
   */
  attach(conversationId: string, messageId: string, attachment: NewAttachment): Promise<Attachment>;
  /** Takes it out of the draft; what was sent stays. */
  detach(conversationId: string, attachmentId: string): Promise<void>;
  /** The content under a hash, or undefined when it is not on this machine or damaged. */
  readContent(hash: string): Promise<Uint8Array | undefined>;
}
