/** Words that SQLite could not take, as they wait in the editor's own storage. Pure: what an entry is and how they add up. */
import { upsertById } from '../model/activity.ts';
import type { MessageStatus } from '../model/message.ts';
import type { Draft, Extension, NewConversation, NewMessage } from './store.ts';

/** How a reply ended; the time is when it did, milliseconds since the epoch. */
export type Ending = Exclude<MessageStatus, 'streaming'>;

export type JournalEntry =
  | { readonly kind: 'conversation'; readonly conversation: NewConversation; readonly at: number }
  | { readonly kind: 'message'; readonly message: NewMessage; readonly at: number }
  /** What SQLite lacks of a reply that it holds: all that follows the first `offset` UTF-16 units, and how it ended. */
  | {
      readonly kind: 'reply';
      readonly messageId: string;
      readonly conversationId: string;
      readonly offset: number;
      readonly extension: Extension;
      readonly status: Ending;
    }
  | { readonly kind: 'draft'; readonly conversationId: string; readonly draft: Draft }
  /** Why a message has no whole reply; without a reason: it is no longer so. */
  | { readonly kind: 'note'; readonly messageId: string; readonly reason?: string };

/** Where entries are kept for the time being. */
export interface Journal {
  /** What earlier windows left and this window wrote, oldest first. */
  read(): readonly JournalEntry[];
  /** False when they are more than may be kept there. */
  fits(entries: readonly JournalEntry[]): boolean;
  /** Replaces all entries. Rejects when they are not kept. */
  write(entries: readonly JournalEntry[]): Promise<void>;
}

/** Adds an entry; it replaces the one that says an older thing of the same. Sending a draft ends it. */
export function withEntry(entries: readonly JournalEntry[], added: JournalEntry): readonly JournalEntry[] {
  const ended = added.kind === 'message' ? added.message : undefined;
  const kept = entries.filter(
    (entry) =>
      keyOf(entry) !== keyOf(added) &&
      !(entry.kind === 'draft' && ended !== undefined && entry.draft.messageId === ended.id),
  );
  const isKnown = added.kind === 'conversation' || added.kind === 'message';
  // Repeating a write changes nothing, its place in the order included.
  return isKnown && entries.some((entry) => keyOf(entry) === keyOf(added)) ? entries : [...kept, added];
}

function keyOf(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'conversation':
      return `conversation ${entry.conversation.id}`;
    case 'message':
      return `message ${entry.message.id}`;
    case 'reply':
    case 'note':
      return `${entry.kind} ${entry.messageId}`;
    case 'draft':
      return `draft ${entry.conversationId}`;
  }
}

/** Two additions to one message as one. */
export function mergeExtensions(first: Extension | undefined, second: Extension | undefined): Extension {
  return {
    text: (first?.text ?? '') + (second?.text ?? ''),
    activities: upsertById(first?.activities ?? [], second?.activities ?? []),
    commands: upsertById(first?.commands ?? [], second?.commands ?? []),
  };
}

/** What is still missing of `extension`, which follows `offset`, in a text of `length` UTF-16 units. */
export function missing(extension: Extension, offset: number, length: number): Extension {
  return { ...extension, text: (extension.text ?? '').slice(Math.max(0, length - offset)) };
}
