/** The part of the panel's protocol about replies, edited prompts and their versions. Crosses the border inside panel.ts. */
import * as z from 'zod';
import { MOST_ATTACHMENTS } from '../model/attachment.ts';
import type { AttachmentItem } from './attachments.ts';

/** Longest message in UTF-16 units. The composer keeps longer text and says why it cannot be sent. */
export const MAX_MESSAGE_LENGTH = 4_000_000;

/** Those that go along with a message. */
export const attachmentIdsSchema = z.exactOptional(
  z.array(z.string().min(1).max(1_000)).max(MOST_ATTACHMENTS),
);

const id = z.uuid();
const conversationId = id;
/** `messageId` comes from the snapshot's edit: sending the same edit twice stores it once. */
const edit = { conversationId, messageId: id, replaces: id };

export const replyIntents = [
  /**
   * A reply to the last prompt, the rest of a reply that broke off, or another reply in its place. `after`: the last
   * message that the user sees; when it is not the last any more, nothing is begun.
   */
  z.strictObject({
    type: z.literal('askReply'),
    conversationId,
    kind: z.enum(['answer', 'continue', 'retry']),
    after: id,
  }),
  /** Edit a prompt; one at a time in a conversation. */
  z.strictObject({ type: z.literal('startEdit'), conversationId, messageId: id }),
  z.strictObject({ type: z.literal('saveEdit'), ...edit, text: z.string().max(MAX_MESSAGE_LENGTH) }),
  /** Puts a new prompt in the place of `replaces` and of all that followed. */
  z.strictObject({
    type: z.literal('sendEdit'),
    ...edit,
    text: z.string().min(1).max(MAX_MESSAGE_LENGTH),
    /** Of the earlier version, as the edit shows them. */
    attachmentIds: attachmentIdsSchema,
  }),
  z.strictObject({
    type: z.literal('detachFromEdit'),
    conversationId,
    attachmentId: z.string().min(1).max(1_000),
  }),
  z.strictObject({ type: z.literal('cancelEdit'), conversationId, messageId: id }),
  /** `undoId` comes from the notice that told of the end of an edit. */
  z.strictObject({ type: z.literal('undoCancelEdit'), undoId: z.string().max(100) }),
  /** Show another version: `restore` comes from the snapshot's version, or from the notice of an edit. */
  z.strictObject({ type: z.literal('showVersion'), conversationId, restore: z.array(id).min(1).max(100) }),
] as const;
export type ReplyIntent = z.infer<(typeof replyIntents)[number]>;

/** A prompt that is being edited, and the id that it will be sent under. */
export interface EditItem {
  readonly messageId: string;
  readonly replaces: string;
  readonly text: string;
  readonly attachments?: readonly AttachmentItem[];
}

/** Which of the versions of a message is shown, from 1, and what shows its neighbours. */
export interface VersionItem {
  readonly number: number;
  readonly count: number;
  readonly earlier?: readonly string[];
  readonly later?: readonly string[];
}
