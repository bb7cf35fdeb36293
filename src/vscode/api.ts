/**
 * The API that NAVI gives to other extensions:
 *
 *     const navi = await vscode.extensions.getExtension<NaviExtension>('navralabs.navi')?.activate();
 *     const api = navi?.getAPI(1);
 *
 * Whatever is stored through it is kept, synced, shown and exported like what the user types.
 */
export interface NaviExtension {
  /** Throws when this version of NAVI does not speak the wanted version of the API. */
  getAPI(version: 1): NaviApi;
}

export interface NaviApi {
  /** Resolves when the conversation is on this machine's disk. */
  createConversation(options?: { title?: string }): Promise<NaviConversation>;
  /** Newest first, at most `limit` (default 100, at most 1,000). */
  listConversations(options?: { limit?: number }): Promise<NaviConversation[]>;
  /** The newest `limit` messages (default 100, at most 1,000), oldest first; undefined for an unknown id. */
  readConversation(
    id: string,
    options?: { limit?: number },
  ): Promise<{ conversation: NaviConversation; messages: NaviMessage[] } | undefined>;
  /**
   * Resolves when the message is on this machine's disk. A message whose activities or commands are `running` stays
   * open until each has ended; it is sent to the server then. An `id` makes the call safe to repeat. What is attached is
   * copied; while the disk takes nothing, a message with attachments is refused, and one without waits in NAVI.
   */
  appendMessage(conversationId: string, message: NaviNewMessage): Promise<NaviMessage>;
  /** Replaces the activity with this id in an open message, or adds it. */
  updateActivity(messageId: string, activity: NaviActivity): Promise<void>;
  /** Replaces the command panel with this id in an open message, or adds it. See `NaviCommand.output`. */
  updateCommand(messageId: string, command: NaviCommand): Promise<void>;
  /** What is attached to a message; undefined for an unknown id, and when the content is on another machine. */
  readAttachment(messageId: string, attachmentId: string): Promise<Uint8Array | undefined>;
  /** A message with its delivery as it is now; undefined for an unknown id. */
  readMessage(messageId: string): Promise<NaviMessage | undefined>;
  /** Calls back after anything was stored, here or in another window, a delivery included. Dispose to end that. */
  onDidChange(listener: () => void): { dispose(): void };
  /** Resolves when everything stored so far is on this machine's disk. */
  whenSaved(): Promise<void>;
  /** Resolves when the message is on the server; rejects when it needs the user's attention, or the signal aborts. */
  whenSynced(messageId: string, signal?: AbortSignal): Promise<void>;
}

export interface NaviConversation {
  readonly id: string;
  readonly title: string;
  readonly status: 'active' | 'archived' | 'deleted';
  readonly isPinned: boolean;
  readonly isStarred: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly messageCount: number;
  /** What the server did not take of it (`title`, `isStarred` and so on), and why, in words. It waits for the user's Retry. */
  readonly unsent?: { readonly fields: readonly string[]; readonly reason: string };
}

export type NaviRunState = 'running' | 'done' | 'error' | 'interrupted';

export interface NaviActivity {
  readonly id: string;
  /** What sort of step, e.g. `read`, `edit`, `search`. */
  readonly kind: string;
  readonly label: string;
  readonly status: NaviRunState;
  /** At most 4,000,000 characters. */
  readonly detail?: string;
  readonly filePath?: string;
}

export interface NaviCommand {
  readonly id: string;
  readonly command: string;
  /** All of it so far. Of a longer one the first 10,000,000 characters are kept, and `truncated` is set. */
  readonly output: string;
  readonly status: NaviRunState;
  readonly cwd?: string;
  readonly exitCode?: number;
  readonly durationMs?: number;
  /** There was more output than was kept. */
  readonly truncated?: boolean;
}

export type NaviAttachmentKind = 'file' | 'selection' | 'image' | 'text';

/** At most 10 MB each; 20 and 25 MB a message. Up to 100 KB a message go to the server, the rest stays on this machine. */
export interface NaviNewAttachment {
  /** Unique in its message. */
  readonly id?: string;
  /** File name, or words for what has none. */
  readonly name: string;
  /** Not empty. A string is stored as UTF-8. */
  readonly content: Uint8Array | string;
  /** Default: `text/plain` for a string, else `application/octet-stream`. */
  readonly mime?: string;
  /** Default: `image` for an image, `text` for a string, else `file`. */
  readonly kind?: NaviAttachmentKind;
  /** Where it came from; shown, and not read again. */
  readonly path?: string;
  /** The editor's name of the language. */
  readonly language?: string;
}

export interface NaviAttachment {
  readonly id: string;
  readonly kind: NaviAttachmentKind;
  readonly name: string;
  readonly mime: string;
  /** Bytes. */
  readonly size: number;
  readonly path?: string;
  readonly language?: string;
}

export interface NaviNewMessage {
  /** A UUID in lower case. */
  readonly id?: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
  readonly activities?: readonly NaviActivity[];
  readonly commands?: readonly NaviCommand[];
  readonly attachments?: readonly NaviNewAttachment[];
  /** JSON. The key `navi` is reserved. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface NaviMessage {
  readonly id: string;
  readonly conversationId: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
  readonly status: 'streaming' | 'complete' | 'interrupted' | 'failed';
  readonly activities: readonly NaviActivity[];
  readonly commands: readonly NaviCommand[];
  readonly attachments?: readonly NaviAttachment[];
  readonly createdAt: number;
  readonly delivery: NaviDelivery;
  /** Why it is `parked`, in words. */
  readonly deliveryReason?: string;
}

/**
 * Where a message is on its way to the server. `journaled`: in the editor's own storage, until the disk takes it. `local`:
 * on this machine, and it goes nowhere. `queued`: waits. `sending`: a request is under way. `unknown`: a request ended without
 * an answer, and the server is asked before anything is sent again. `sent`: the server has taken it. `confirmed`: seen there.
 * `parked`: the server does not take it, and the user has to say what next.
 */
export type NaviDelivery =
  'journaled' | 'local' | 'queued' | 'sending' | 'unknown' | 'sent' | 'confirmed' | 'parked';
