/**
 * What a conversation store promises for keeping many conversations in order: changes of many at once, tags, unread
 * marks, and the workspaces that conversations belong to. Durability and isolation are as in store.ts.
 */
import type { FieldChange } from '../model/change.ts';
import type { WorkspaceEvidence } from '../model/workspace.ts';

/** A wished change; absent means "leave". Unread marks and workspaces stay on this machine, tags where the backend keeps none. */
export interface OrganiseChange extends Omit<FieldChange, 'title'> {
  /** All tags that it is to have. */
  readonly tags?: readonly string[];
  readonly addTags?: readonly string[];
  readonly removeTags?: readonly string[];
  readonly isUnread?: boolean;
  /** The workspace to file it under; null: none. */
  readonly workspaceId?: string | null;
}

export interface ConversationChange {
  readonly id: string;
  readonly change: OrganiseChange;
}

export interface TagCount {
  readonly tag: string;
  /** Conversations, archived ones among them, deleted ones not. */
  readonly count: number;
}

/** A workspace that was open on this machine, or that a conversation of another machine came from. */
export interface KnownWorkspace {
  readonly id: string;
  readonly name: string;
  readonly evidence: WorkspaceEvidence;
  /** Milliseconds since the epoch when a window last had it open; absent when none on this machine ever had. */
  readonly lastSeenAt?: number;
}

export interface CurrentWorkspace extends KnownWorkspace {
  /** Its own id and those of all workspaces that share a folder with it. */
  readonly relatedIds: readonly string[];
}

export interface WorkspaceGroup {
  /** Absent: conversations of no workspace. */
  readonly workspace?: KnownWorkspace;
  readonly conversationIds: readonly string[];
  /** Milliseconds since the epoch of the newest change in any of them. */
  readonly lastUsedAt: number;
}

export interface OrganiseStore {
  /**
   * Makes all changes in one transaction; `StoreError('no-such-conversation')` and no change when one is not here.
   * Returns the changes that put everything back: passing them in again undoes what this call did and nothing else.
   */
  changeMany(changes: readonly ConversationChange[]): Promise<readonly ConversationChange[]>;
  /** Most used first. */
  tagCounts(): Promise<readonly TagCount[]>;
  /** Active conversations with something that was not seen yet. */
  unreadCount(): Promise<number>;
  /** The conversation that this window's user looks at: what arrives in it is read. It is marked as read now. */
  setViewed(conversationId: string | undefined): Promise<void>;
  /** Recognises the workspace of this window, or makes it known. */
  identifyWorkspace(evidence: WorkspaceEvidence): Promise<CurrentWorkspace>;
  /** Conversations by workspace, deleted ones left out; most recently used first. */
  workspaceGroups(): Promise<readonly WorkspaceGroup[]>;
}
