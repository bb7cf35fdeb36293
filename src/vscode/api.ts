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
   * open until each has ended; it is sent to the server then. An `id` makes the call safe to repeat.
   */
  appendMessage(conversationId: string, message: NaviNewMessage): Promise<NaviMessage>;
  /** Replaces the activity with this id in an open message, or adds it. */
  updateActivity(messageId: string, activity: NaviActivity): Promise<void>;
  /** Replaces the command panel with this id in an open message, or adds it. */
  updateCommand(messageId: string, command: NaviCommand): Promise<void>;
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
}

export type NaviRunState = 'running' | 'done' | 'error' | 'interrupted';

export interface NaviActivity {
  readonly id: string;
  /** What sort of step, e.g. `read`, `edit`, `search`. */
  readonly kind: string;
  readonly label: string;
  readonly status: NaviRunState;
  readonly detail?: string;
  readonly filePath?: string;
}

export interface NaviCommand {
  readonly id: string;
  readonly command: string;
  readonly output: string;
  readonly status: NaviRunState;
  readonly cwd?: string;
  readonly exitCode?: number;
  readonly durationMs?: number;
}

export interface NaviNewMessage {
  /** A UUID in lower case. */
  readonly id?: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
  readonly activities?: readonly NaviActivity[];
  readonly commands?: readonly NaviCommand[];
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
  readonly createdAt: number;
  readonly delivery:
    'journaled' | 'local' | 'queued' | 'sending' | 'unknown' | 'sent' | 'confirmed' | 'parked';
}
