import { derivedId } from '../model/hash.ts';
import type { ReplyStore } from './replies.ts';
import { StoreError, type ConversationStore, type NewMessage } from './store.ts';

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

/** Moves a message out of the journal; one whose place or id is taken gets another, and no word is left behind. */
export async function moveMessage(store: WordStore, message: NewMessage): Promise<void> {
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
