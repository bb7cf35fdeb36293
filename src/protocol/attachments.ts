/** The part of the panel's protocol about attachments. Crosses the border inside panel.ts. */
import * as z from 'zod';
import type { Attachment } from '../model/attachment.ts';

/** Longest piece of a content in one message, in base64 characters. */
export const MAX_CHUNK_LENGTH = 400_000;
const MAX_SIZE = 2 ** 31;

const id = z.uuid();
const draft = { conversationId: id, messageId: id };

export const attachmentIntents = [
  /** Ask the user for files; what is chosen is attached to the draft. */
  z.strictObject({ type: z.literal('pickAttachments'), ...draft }),
  /** A piece of something that was pasted or dropped; pieces come in their order, `from` 0 begins it. */
  z.strictObject({
    type: z.literal('attachPiece'),
    ...draft,
    attachmentId: id,
    name: z.string().min(1).max(1_000),
    mime: z.string().max(200),
    /** Of the whole, in bytes. */
    size: z.int().min(0).max(MAX_SIZE),
    from: z.int().min(0).max(MAX_SIZE),
    content: z.base64().max(MAX_CHUNK_LENGTH),
  }),
  z.strictObject({ type: z.literal('detach'), conversationId: id, attachmentId: id }),
  /** Show what is attached to the draft, or to a message. */
  z.strictObject({
    type: z.literal('openAttachment'),
    conversationId: id,
    messageId: z.exactOptional(id),
    attachmentId: z.string().min(1).max(1_000),
  }),
] as const;
export type AttachmentIntent = z.infer<(typeof attachmentIntents)[number]>;

export interface AttachmentItem extends Pick<Attachment, 'id' | 'kind' | 'name' | 'size'> {
  /** Its content is on another machine. */
  readonly isAbsent?: boolean;
}
