/**
 * What the store promises to a chat turn and to the editing of prompts. Durability, isolation and errors are as in
 * store.ts.
 */
import type { Message } from '../model/message.ts';
import type { Draft } from './store.ts';

/**
 * `answer`: the conversation's last message is a prompt. `continue`: its last message is a reply that broke off, and
 * goes on. `retry`: its last message is a reply, which gives its place, with all that it continues, to another.
 */
export type ReplyKind = 'answer' | 'continue' | 'retry';

export interface ReplyRequest {
  /** Id of the reply. */
  readonly id: string;
  readonly conversationId: string;
  readonly kind: ReplyKind;
  /** The message that the user saw last when the reply was asked for. */
  readonly after: string;
}

/** `busy`: a reply is arriving in this or another window. `outdated`: that message is no longer the last. */
export type ReplyStart = { readonly started: Message } | { readonly refused: 'busy' | 'outdated' };

/** A prompt that is being edited; kept beside the conversation's draft. Its attachments are those of the prompt. */
export interface Edit extends Draft {
  /** Id of the prompt. */
  readonly replaces: string;
  /** Ids of attachments of the prompt that the edit goes without. */
  readonly dropped?: readonly string[];
}

export interface ReplyStore {
  /** Adds an open, empty reply, unless another answers: of any number of windows that ask at once, one starts. */
  beginReply(request: ReplyRequest): Promise<ReplyStart>;
  readEdit(conversationId: string): Promise<Edit | undefined>;
  /**
   * Nothing is saved once the edit was sent. At most one edit a conversation: the last one stays. `dropped` is taken from
   * a new one; of one that is known only the text changes.
   */
  saveEdit(conversationId: string, edit: Edit): Promise<void>;
  dropEdit(conversationId: string, messageId: string): Promise<void>;
  /** The edit goes without this attachment of its prompt. */
  detachFromEdit(conversationId: string, attachmentId: string): Promise<void>;
}
