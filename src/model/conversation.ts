export type ConversationStatus = 'active' | 'archived' | 'deleted';

/** Workspace a conversation was started in: metadata for filters, never its address. */
export interface WorkspaceRef {
  /** Folder URIs as text, in the order of the window. */
  readonly folders: readonly string[];
  /** Git remotes of the only folder, normalised and without credentials: another machine knows the project by them. */
  readonly remotes?: readonly string[];
}

/** The fields that the user changes and that two machines may change at the same time. */
export interface ConversationFields {
  readonly title: string;
  readonly status: ConversationStatus;
  readonly isPinned: boolean;
  readonly isStarred: boolean;
}

export interface Conversation extends ConversationFields {
  /** Client id: UUIDv7 for our own, derived from the backend's id for conversations of other clients. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch of the last message or change: sorts the list. */
  readonly updatedAt: number;
  readonly workspace?: WorkspaceRef;
  /** What the user files it under: see tags.ts. */
  readonly tags: readonly string[];
  readonly messageCount: number;
  /** First characters of the newest message, one line. */
  readonly preview: string;
}

export const NEW_CONVERSATION_TITLE = 'New conversation';
const TITLE_CODE_POINTS = 50;

/** Title from the first prompt: its first non-empty line, at most 50 code points, cut with an ellipsis. */
export function titleFrom(prompt: string): string {
  const line =
    prompt
      .split('\n')
      .find((candidate) => candidate.trim() !== '')
      ?.trim() ?? '';
  const points = Array.from(line.replace(/\s+/g, ' '));
  if (points.length === 0) return NEW_CONVERSATION_TITLE;
  return points.length <= TITLE_CODE_POINTS
    ? points.join('')
    : `${points.slice(0, TITLE_CODE_POINTS).join('')}…`;
}
