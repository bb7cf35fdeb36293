import { derivedId } from '../model/hash.ts';
import { hasContent } from '../model/message.ts';
import { missing, type JournalEntry } from './journal.ts';
import { whole } from './journalView.ts';
import type { ReplyStore } from './replies.ts';
import { StoreError, type ConversationStore, type NewMessage } from './store.ts';

type EntryOf<K extends JournalEntry['kind']> = Extract<JournalEntry, { kind: K }>;

/** The part of a store that words go through. */
export type WordStore = Pick<
  ConversationStore,
  | 'append'
  | 'conversationIds'
  | 'create'
  | 'extend'
  | 'list'
  | 'noteReplyProblem'
  | 'onDidChange'
  | 'read'
  | 'readDraft'
  | 'readMessage'
  | 'readText'
  | 'saveDraft'
  | 'settle'
> &
  Partial<Pick<ReplyStore, 'beginReply'>>;

/** Moves what an entry says into the store. Safe to repeat. */
export async function moveEntry(store: WordStore, entry: JournalEntry): Promise<void> {
  switch (entry.kind) {
    case 'conversation':
      await store.create(entry.conversation);
      break;
    case 'message':
      await moveMessage(store, { ...entry.message, writtenAt: entry.at });
      break;
    case 'reply':
      await moveReply(store, entry);
      break;
    case 'draft':
      await moveDraft(store, entry);
      break;
    case 'note':
      await store.noteReplyProblem(entry.messageId, entry.reason);
      break;
  }
}

/** A reply that another window has ended in the meantime takes no more: its rest becomes a message of its own. */
async function moveReply(store: WordStore, entry: EntryOf<'reply'>): Promise<void> {
  const { messageId, conversationId, offset, extension, status } = entry;
  const stored = await store.readMessage(messageId);
  const rest = missing(extension, offset, stored?.content.length ?? 0);
  const said = whole({ id: messageId, conversationId, role: 'assistant', content: '' }, rest);
  if (stored !== undefined && stored.hash === undefined) {
    if (hasContent(said)) await store.extend(messageId, rest);
    await store.settle(messageId, status);
  } else if (said.content !== '' || (stored === undefined && hasContent(said))) {
    const id = derivedId('message', messageId, 'rest');
    await moveMessage(store, { id, conversationId, role: 'assistant', ...said, status });
  }
}

async function moveDraft(store: WordStore, { conversationId, draft }: EntryOf<'draft'>): Promise<void> {
  try {
    await store.saveDraft(conversationId, draft);
  } catch (error) {
    // A draft of a conversation that is purged goes with it.
    if (problemOf(error) !== 'no-such-conversation' && problemOf(error) !== 'purged') throw error;
  }
}

/** Moves a message out of the journal; one whose place or id is taken gets another, and no word is left behind. */
async function moveMessage(store: WordStore, message: NewMessage): Promise<void> {
  try {
    await store.append(message);
  } catch (error) {
    const problem = problemOf(error);
    if (problem === 'id-conflict') {
      // Other words got in under this id while these waited: both are kept, each once.
      await store.append({ ...message, id: derivedId('message', message.id, message.content) });
    } else if (problem === 'no-such-conversation') {
      await store.create({ id: message.conversationId });
      await store.append(message);
    } else if (problem === 'purged') {
      // What is purged stays away; words that were acknowledged stay too, in a conversation of their own.
      const conversationId = derivedId('conversation', message.conversationId, 'kept words');
      await store.create({ id: conversationId });
      await store.append({ ...message, conversationId });
    } else throw error;
  }
}

export function problemOf(error: unknown): string | undefined {
  return error instanceof StoreError ? error.problem : undefined;
}
