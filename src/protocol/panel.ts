/**
 * Everything that crosses between extension host and webview. Host to webview: whole, bounded snapshots with a
 * revision. Webview to host: intents, checked with `intentSchema` before anything acts on them.
 */
import * as z from 'zod';
import type { Activity, CommandPanel } from '../model/activity.ts';
import type { ConversationStatus } from '../model/conversation.ts';
import type { Delivery, MessageStatus, Role } from '../model/message.ts';
import type { SnippetPiece } from '../model/snippet.ts';
import { organiseIntents, type ListFilter } from './organise.ts';
import {
  attachmentIdsSchema,
  MAX_MESSAGE_LENGTH,
  replyIntents,
  type EditItem,
  type VersionItem,
} from './replies.ts';
import { attachmentIntents, type AttachmentItem } from './attachments.ts';
import { textIntents, type CutItem, type TextMessage } from './texts.ts';

export type { ListFilter, SelectionChange } from './organise.ts';
export { MAX_MESSAGE_LENGTH, type EditItem, type VersionItem } from './replies.ts';
export type { AttachmentItem } from './attachments.ts';
export type { CutItem, TextMessage } from './texts.ts';

/** Longest text to search for, in UTF-16 units. */
export const MAX_SEARCH_LENGTH = 1_000;
const id = z.uuid();

/** What the webview may ask for. Every intent is safe to repeat. */
export const intentSchema = z.discriminatedUnion('type', [
  /** The webview has (re)started and needs a snapshot. */
  z.strictObject({ type: z.literal('ready') }),
  /** `messageId` comes from the snapshot's draft: sending the same draft twice stores it once. */
  z.strictObject({
    type: z.literal('sendMessage'),
    conversationId: id,
    messageId: id,
    text: z.string().min(1).max(MAX_MESSAGE_LENGTH),
    /** Those of the draft that go along. */
    attachmentIds: attachmentIdsSchema,
  }),
  z.strictObject({
    type: z.literal('saveDraft'),
    conversationId: id,
    messageId: id,
    text: z.string().max(MAX_MESSAGE_LENGTH),
  }),
  z.strictObject({ type: z.literal('newConversation') }),
  /** `messageId`: show this message of it, not the newest. */
  z.strictObject({ type: z.literal('openConversation'), conversationId: id, messageId: id.optional() }),
  z.strictObject({ type: z.literal('closeConversation') }),
  z.strictObject({ type: z.literal('showList'), view: z.enum(['active', 'starred', 'archived', 'trash']) }),
  z.strictObject({ type: z.literal('loadMoreConversations') }),
  z.strictObject({ type: z.literal('loadPreviousConversations') }),
  /** Show what is found instead of the list; an empty text ends the search. */
  z.strictObject({
    type: z.literal('search'),
    text: z.string().max(MAX_SEARCH_LENGTH),
    isEverywhere: z.boolean(),
  }),
  z.strictObject({ type: z.literal('loadOlderMessages'), conversationId: id }),
  z.strictObject({ type: z.literal('loadNewerMessages'), conversationId: id }),
  z.strictObject({ type: z.literal('showNewestMessages'), conversationId: id }),
  /** An empty title brings the automatic one back. */
  z.strictObject({ type: z.literal('rename'), conversationId: id, title: z.string().trim().max(255) }),
  z.strictObject({ type: z.literal('setStarred'), conversationId: id, value: z.boolean() }),
  z.strictObject({ type: z.literal('setPinned'), conversationId: id, value: z.boolean() }),
  z.strictObject({ type: z.literal('setArchived'), conversationId: id, value: z.boolean() }),
  z.strictObject({ type: z.literal('delete'), conversationId: id }),
  /** Bring back what one act put into the trash. */
  z.strictObject({ type: z.literal('undoDelete'), actId: id }),
  z.strictObject({ type: z.literal('restore'), conversationId: id }),
  /** Remove from the trash for good; the host shows what would go and asks. */
  z.strictObject({ type: z.literal('purge'), conversationId: id }),
  z.strictObject({ type: z.literal('emptyTrash') }),
  /** Stop the running reply; what has arrived is kept. */
  z.strictObject({ type: z.literal('stopReply'), conversationId: id }),
  /** Put a parked message back into the queue. */
  z.strictObject({ type: z.literal('retrySend'), messageId: id }),
  /** The same for all that the server did not take of a conversation. */
  z.strictObject({ type: z.literal('retryUnsent'), conversationId: id }),
  /** The user has read that the conversation is back. */
  z.strictObject({ type: z.literal('dismissReturn'), conversationId: id }),
  z.strictObject({
    type: z.literal('copyMessage'),
    messageId: id,
    conversationId: id,
    /** The further parts of a reply that was continued. */
    furtherIds: z.array(id).max(1_000).optional(),
  }),
  z.strictObject({ type: z.literal('openLink'), href: z.string().max(4096) }),
  z.strictObject({
    type: z.literal('runCommand'),
    command: z.enum([
      'syncNow',
      'showSyncStatus',
      'showLog',
      'setBackendToken',
      'openSettings',
      'checkHistory',
      'restoreFromBackup',
      'reattach',
    ]),
  }),
  z.strictObject({ type: z.literal('dismissNotice'), noticeId: z.string().max(100) }),
  ...organiseIntents,
  ...replyIntents,
  ...textIntents,
  ...attachmentIntents,
]);
export type Intent = z.infer<typeof intentSchema>;

export interface ConversationItem {
  readonly id: string;
  readonly title: string;
  readonly preview: string;
  readonly status: ConversationStatus;
  readonly isPinned: boolean;
  readonly isStarred: boolean;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
  readonly messageCount: number;
  /** What its messages say, in bytes of UTF-8. */
  readonly bytes: number;
  /** Messages that are not on the backend yet; 0 when all are, or when sync is off. */
  readonly pendingCount: number;
  /** In the trash: when it was deleted, and when it will be removed for good; milliseconds since the epoch. */
  readonly deletedAt?: number;
  readonly purgeAt?: number;
  readonly tags: readonly string[];
  readonly isUnread: boolean;
  /** Its workspace, when that is another one than the window's. */
  readonly workspaceName?: string;
  /** What the server did not take of it, and why; shown with Retry. */
  readonly unsent?: { readonly fields: readonly string[]; readonly reason: string };
  /** It was deleted elsewhere and is back because of a message that was written here. */
  readonly hasReturned?: true;
}

export type ListView = 'active' | 'starred' | 'archived' | 'trash';

export interface ListSnapshot {
  readonly view: ListView;
  readonly items: readonly ConversationItem[];
  readonly hasMore: boolean;
  /** The items are not the first of the list. */
  readonly hasPrevious?: boolean;
  /** Of the trash: after how many days a conversation is removed for good; 0: never. */
  readonly trashDays?: number;
  /** Absent: everything is shown. */
  readonly filter?: ListFilter;
  /** Tags to narrow by, most used first. */
  readonly tags?: readonly string[];
  /** True when this window has a workspace to narrow by. */
  readonly hasWorkspace?: boolean;
  /** While a search is on: drawn instead of the items. */
  readonly search?: SearchSnapshot;
}

export interface SearchSnapshot {
  readonly text: string;
  /** All conversations were searched, also archived ones and those in the trash, not only those of the view. */
  readonly isEverywhere: boolean;
  /** Best first, one a conversation. */
  readonly hits: readonly SearchItem[];
  readonly hasMore: boolean;
  /** False while a part of the history is still being indexed. */
  readonly isComplete: boolean;
  /** So many messages match that only the newest of them were looked at. */
  readonly isNewestOnly: boolean;
  /** Why search does not work, in words. */
  readonly problem?: string;
}

export interface SearchItem {
  readonly conversation: ConversationItem;
  /** The title, with what was found in it. */
  readonly title: readonly SnippetPiece[];
  /** The message to open; absent when only the title matches. */
  readonly match?: {
    readonly messageId: string;
    readonly role: Role;
    readonly createdAt: number;
    readonly where: 'message' | 'activity' | 'command';
    readonly snippet: readonly SnippetPiece[];
  };
  /** Further messages of it that match. */
  readonly furtherCount: number;
}

/** A message; a reply with what continues it is one item, under the id of its first part. */
export interface MessageItem {
  readonly id: string;
  /** The other parts of a continued reply, oldest first. */
  readonly furtherIds?: readonly string[];
  readonly role: Role;
  readonly content: string;
  readonly status: MessageStatus;
  readonly activities: readonly Activity[];
  readonly commands: readonly CommandPanel[];
  readonly createdAt: number;
  /** Milliseconds since the epoch when a reply stopped growing. */
  readonly endedAt?: number;
  readonly delivery: Delivery;
  readonly deliveryReason?: string;
  /** No retry helps: the reason says what does. */
  readonly isParkedForGood?: boolean;
  /** Why a prompt got no reply, a reply no more of it, or no other in its place; shown with Retry. */
  readonly replyProblem?: string;
  readonly version?: VersionItem;
  readonly attachments?: readonly AttachmentItem[];
  /** What of its texts is not here but for its two ends. */
  readonly cuts?: readonly CutItem[];
  /** Its words are not those that were saved. */
  readonly isDamaged?: boolean;
}

export interface OpenConversation {
  readonly conversation: ConversationItem;
  /** Oldest first; a window that can be anywhere in the conversation. */
  readonly messages: readonly MessageItem[];
  readonly hasOlder: boolean;
  /** The backend has still older ones that it does not give. */
  readonly lacksOlder?: boolean;
  /** The newest message is not among them. */
  readonly hasNewer?: boolean;
  /** The unsent text, and the id that it will be sent under. */
  readonly draft: {
    readonly messageId: string;
    readonly text: string;
    readonly attachments?: readonly AttachmentItem[];
  };
  /** The prompt that is being edited; it may be outside of `messages`. */
  readonly edit?: EditItem;
  /** True while a reply is being written by this window. */
  readonly isReplying: boolean;
  /** The message to show and mark: it was opened from a search. One of `messages`. */
  readonly targetId?: string;
}

export type SyncState = 'starting' | 'off' | 'synced' | 'syncing' | 'offline' | 'signedOut' | 'attention';

export interface SyncSnapshot {
  readonly state: SyncState;
  /** Changes that wait to be sent. */
  readonly queued: number;
  /** Messages that need the user. */
  readonly parked: number;
  /** In words: why, and what happens next. */
  readonly detail: string;
}

export interface Notice {
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'error';
  /** What happened, what is safe, what to do next. Never holds message text. */
  readonly text: string;
  readonly action?: { readonly label: string; readonly intent: Intent };
}

/** What the user chose for chats; absent: the theme's own. */
export interface Appearance {
  /** Pixels. */
  readonly fontSize?: number;
  readonly fontFamily?: string;
}

export interface Snapshot {
  readonly type: 'snapshot';
  /** Rises with each snapshot of one host; an older one is ignored. */
  readonly revision: number;
  /** True while the store is still being opened: the list is the cached one, messages are not known yet. */
  readonly isLoading: boolean;
  /** With `isLoading`: a conversation was open and will be again; draw its outline, not the list. */
  readonly isOpening?: boolean;
  readonly list: ListSnapshot;
  /** `undefined`: the list is shown. */
  readonly open?: OpenConversation;
  readonly sync: SyncSnapshot;
  readonly notices: readonly Notice[];
  /** The editor's `chat.fontSize` in pixels and `chat.fontFamily`, where the user set them; webviews get neither. */
  readonly appearance?: Appearance;
}

/** Host to webview: move the focus, e.g. after "New Conversation". */
export interface FocusMessage {
  readonly type: 'focus';
  readonly target: 'composer' | 'list' | 'search';
}

export type HostMessage = Snapshot | FocusMessage | TextMessage;
