/** What a contract test works with: a store that can be closed and opened again by the next host. */
import { v7 as uuidv7 } from 'uuid';
import { StoreError, type ConversationStore, type StoreProblem } from '../../../src/store/store.ts';
import type { Message } from '../../../src/model/message.ts';

/** The part of the store that the contract is about. */
export type ContractStore = Pick<
  ConversationStore,
  | 'append'
  | 'change'
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
>;

export interface StorePlace {
  /** A window of its own on the same conversations. */
  open(): ContractStore;
  /** Closes every window that is open. */
  close(): Promise<void>;
  dispose(): void;
}

export type MakePlace = () => StorePlace;

export async function newConversation(store: ContractStore, id: string = uuidv7()): Promise<string> {
  await store.create({ id });
  return id;
}

export const prompt = (conversationId: string, content: string, id: string = uuidv7()) =>
  ({ id, conversationId, role: 'user', content }) as const;

/** Begins a reply of which nothing has arrived; returns its id. */
export async function beginReply(store: ContractStore, conversationId: string): Promise<string> {
  const id = uuidv7();
  await store.append({ id, conversationId, role: 'assistant', content: '', status: 'streaming' });
  return id;
}

export async function messagesOf(store: ContractStore, id: string): Promise<readonly Message[]> {
  return (await store.read(id, { limit: 1_000 }))?.messages ?? [];
}

export const problem =
  (wanted: StoreProblem) =>
  (error: unknown): boolean =>
    error instanceof StoreError && error.problem === wanted;
