/**
 * What a conversation store promises to the panel, the chat turn, the exporter and the extension API.
 *
 * Durability: every method that writes resolves after its transaction is on disk (fsync), and rejects with a
 * `StoreError` when it is not; nothing in between. Isolation: each call is one transaction. Order: calls of one
 * caller take effect in the order in which they were made. Idempotent: a write repeated with the same id changes
 * nothing.
 */
import type { Activity, CommandPanel } from '../model/activity.ts';
import type { Attachment } from '../model/attachment.ts';
import type { FieldChange } from '../model/change.ts';
import type { Conversation, ConversationStatus, WorkspaceRef } from '../model/conversation.ts';
import type { JsonObject } from '../model/json.ts';
import type { Cut, Message, MessageStatus, Role } from '../model/message.ts';
import type { Position } from '../model/order.ts';
import type { SnippetPiece } from '../model/snippet.ts';
import type { Version } from '../model/versions.ts';
import type { NewAttachment } from './attachments.ts';
import type { UnsentField } from './watching.ts';

export interface ListQuery {
  readonly status: ConversationStatus;
  readonly starredOnly?: boolean;
  readonly unreadOnly?: boolean;
  /** In the spelling of `tagCounts()`. */
  readonly tag?: string;
  /** Only those of these workspaces; an empty list: those of none. */
  readonly workspaceIds?: readonly string[];
  /** Changed at this time or later, in milliseconds since the epoch. */
  readonly from?: number;
  /** Changed before this time. */
  readonly to?: number;
  /** Only what comes after this place in the list. */
  readonly after?: ListPlace;
  /** At most 1,000. */
  readonly limit: number;
}

/** Where a conversation stands, or stood, in the list. */
export interface ListPlace {
  readonly id: string;
  readonly isPinned: boolean;
  /** Its `updatedAt`; of a deleted one its `deletedAt`. */
  readonly at: number;
}

export interface ListedConversation extends Conversation {
  /** What its messages say, as storage.ts counts it. */
  readonly bytes: number;
  /** Messages not yet sent; 1,000 stands for any larger number. */
  readonly pendingCount: number;
  /** Some text was typed and not sent. */
  readonly hasDraft: boolean;
  /** Milliseconds since the epoch; of what is in the trash. */
  readonly deletedAt?: number;
  /** Something arrived that no window has shown yet. */
  readonly isUnread: boolean;
  /** The workspace that it belongs to on this machine, see organise.ts. */
  readonly workspaceId?: string;
  readonly workspaceName?: string;
  /** What the server did not take of it, and why; it waits for the user. */
  readonly unsent?: { readonly fields: readonly UnsentField[]; readonly reason: string };
  /** It was deleted elsewhere and stays because of a message that was written here; the user has not taken note yet. */
  readonly hasReturned?: true;
}

export interface ConversationPage {
  /** Pinned first, then newest `updatedAt` first; of the deleted ones the newest deletion first. */
  readonly items: readonly ListedConversation[];
  readonly hasMore: boolean;
}

export interface MessagePage {
  readonly conversation: ListedConversation;
  /** Oldest first. */
  readonly messages: readonly Message[];
  /** Where the page begins: pass it as `before` for the page above it. Absent when nothing is older. */
  readonly older?: Position;
  /** The page begins with the oldest message that is here, and the backend has older ones that it does not give. */
  readonly lacksOlder?: boolean;
  /** False when the page ends with the newest message. */
  readonly hasNewer: boolean;
  /** Messages of the conversation that have other versions, in this page or not. */
  readonly versions: readonly Version[];
}

export interface ReadWindow {
  readonly limit: number;
  readonly before?: Position;
  /**
   * Id of a message that is shown: up to half of the limit stands before it. When it is not shown, or not here, the page
   * is the newest one.
   */
  readonly around?: string;
  /** Long texts come as their two ends (`Message.cuts`), so that the page is bounded, and without `extra`: for views. */
  readonly excerpts?: boolean;
  /** Only the messages' own texts are needed whole: steps and outputs may come as their two ends. */
  readonly textsOnly?: boolean;
}

/** A piece of a text, from a place in it; `isEnd` when nothing follows. */
export interface TextPiece {
  readonly text: string;
  readonly isEnd: boolean;
}

export interface Draft {
  /** Id that the draft's text will be sent under, so that sending it twice stores it once. */
  readonly messageId: string;
  readonly text: string;
  /** See attachments.ts. */
  readonly attachments?: readonly Attachment[];
}

export interface NewConversation {
  readonly id: string;
  readonly title?: string;
  readonly workspace?: WorkspaceRef;
}

export interface NewMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly role: Role;
  readonly content: string;
  readonly status?: MessageStatus;
  readonly activities?: readonly Activity[];
  readonly commands?: readonly CommandPanel[];
  readonly metadata?: JsonObject;
  /** Of the conversation's draft: they go along, in the same transaction. */
  readonly attachmentIds?: readonly string[];
  /** Of another message of the conversation: they are copied, with their ids. */
  readonly copiedAttachments?: { readonly of: string; readonly ids: readonly string[] };
  /** With their contents. */
  readonly newAttachments?: readonly NewAttachment[];
  /** Milliseconds since the epoch when it was written, if that was before the call; it changes no order. */
  readonly writtenAt?: number;
}

/** An addition to a message that is still open: text is appended, activities and commands replace those of their id. */
export interface Extension {
  readonly text?: string;
  readonly activities?: readonly Activity[];
  readonly commands?: readonly CommandPanel[];
}

/** What to look for, and in which conversations. Anything may be in `text`: it holds no operators. */
export interface SearchQuery extends Omit<ListQuery, 'status' | 'after'> {
  readonly text: string;
  /** Conversations, at most 200. */
  readonly limit: number;
  /** Default: active and archived. With `deleted`, messages in the trash are searched as well. */
  readonly statuses?: readonly ConversationStatus[];
  /** Messages of this role alone, no titles. */
  readonly role?: Role;
  /** Messages of this time alone, no titles; milliseconds since the epoch, `writtenTo` not included. */
  readonly writtenFrom?: number;
  readonly writtenTo?: number;
}

/** What was found in one message. */
export interface SearchMatch {
  readonly messageId: string;
  readonly role: Role;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly where: 'message' | 'activity' | 'command';
  /** One line of at most about 160 UTF-16 units. */
  readonly snippet: readonly SnippetPiece[];
}

/** A conversation in which every word of the query is, in the title or in one message. */
export interface SearchHit {
  readonly conversation: ListedConversation;
  readonly title: readonly SnippetPiece[];
  /** The newest of its best messages; absent when only the title matches. */
  readonly match?: SearchMatch;
  /** Further messages of it that match, as far as they were looked at. */
  readonly furtherCount: number;
}

export interface SearchPage {
  /** Best first: by title, whole words, how often and how lately. One a conversation. */
  readonly hits: readonly SearchHit[];
  readonly hasMore: boolean;
  /** False while a part of the history is not in the index yet. */
  readonly isComplete: boolean;
  /** True when more messages match than are looked at: the newest 1,000 of them are. */
  readonly isNewestOnly: boolean;
}

export type StoreProblem =
  /** The id is taken by something that says something else. */
  | 'id-conflict'
  | 'no-such-conversation'
  | 'no-such-message'
  /** The conversation was deleted for good; nothing was added. */
  | 'purged'
  /** More than a message takes; nothing was changed. */
  | 'too-large'
  /** The message is complete; nothing can be added. */
  | 'already-settled'
  /** A newer holder has the lease: nothing was changed. */
  | 'fenced'
  /** Another window held the file for too long; nothing was changed. */
  | 'busy'
  /** Disk full, read-only, no permission, damaged: nothing was changed. */
  | 'unavailable';

/** The one error of the store. `problem` is for code, `message` for people; holds no message text. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly problem: StoreProblem;
  constructor(problem: StoreProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

export interface Subscription {
  dispose(): void;
}

export interface ConversationStore {
  list(query: ListQuery): Promise<ConversationPage>;
  /** Ids of all conversations that are not deleted, oldest first. */
  conversationIds(): Promise<readonly string[]>;
  /**
   * The newest `limit` (at most 1,000) messages, or those before `before` or around `around`; undefined when there is no
   * such conversation. Costs the same anywhere in a conversation of any length.
   */
  read(conversationId: string, window: ReadWindow): Promise<MessagePage | undefined>;
  readMessage(messageId: string): Promise<Message | undefined>;
  /** A text that a page holds the ends of, from a UTF-16 unit on; undefined when it is not there any more. */
  readText(messageId: string, of: Pick<Cut, 'part' | 'id'>, from: number): Promise<TextPiece | undefined>;
  /** Finds what was stored before the call. Empty when the text holds neither letters, digits nor emoji. */
  search(query: SearchQuery): Promise<SearchPage>;
  create(conversation: NewConversation): Promise<Conversation>;
  change(conversationId: string, change: FieldChange): Promise<Conversation>;
  /** Adds a message and its outbox row in one transaction. The draft with the same `messageId` is removed with it. */
  append(message: NewMessage): Promise<Message>;
  extend(messageId: string, extension: Extension): Promise<void>;
  /** Ends a message: what still runs in it is marked as the status says. An empty one is removed (`undefined`). */
  settle(messageId: string, status: Exclude<MessageStatus, 'streaming'>): Promise<Message | undefined>;
  noteReplyProblem(messageId: string, reason: string | undefined): Promise<void>;
  readDraft(conversationId: string): Promise<Draft | undefined>;
  saveDraft(conversationId: string, draft: Draft): Promise<void>;
  /** Called after a commit of this or any other window, with no word of what changed. */
  onDidChange(listener: () => void): Subscription;
}
