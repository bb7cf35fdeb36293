/** Long histories for the store, quickly. */
import { v7 as uuidv7 } from 'uuid';
import type { RemoteConversation } from '../../src/store/outbox.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';

const ACCOUNT = 'the account of the benchmark';
const TEXT = 'Words of a message that is neither short nor long. '.repeat(4);
/** 2026-01-01, milliseconds. */
const START = 1_767_225_600_000;

/** Conversations as a backend has them: confirmed, nothing to send. Returns their ids. */
export async function addSynced(
  store: SqliteStore,
  { conversations, messages }: { conversations: number; messages: number },
): Promise<string[]> {
  const lease = await store.takeLease(Date.now(), 600_000);
  if (lease === undefined) throw new Error('The lease of a new store is taken.');
  const made = Array.from({ length: conversations }, (_, n) =>
    store.mergeConversation(lease, ACCOUNT, remoteConversation(n, messages)),
  );
  return (await Promise.all(made)).map(({ conversationId }) => conversationId);
}

function remoteConversation(n: number, messages: number): RemoteConversation {
  const createdAt = START + n * 60_000;
  return {
    id: uuidv7(),
    fields: {
      remoteId: uuidv7(),
      remoteUpdatedAt: String(createdAt),
      createdAt,
      title: `Conversation ${n + 1}`,
      status: 'active',
      isPinned: false,
      isStarred: false,
    },
    messages: Array.from({ length: messages }, (_, m) => ({
      id: uuidv7(),
      remoteId: uuidv7(),
      serverOrder: (createdAt + m) * 1000,
      hlc: (createdAt + m) * 1000,
      createdAt: createdAt + m,
      role: m % 2 === 0 ? 'user' : 'assistant',
      content: `${m + 1}: ${TEXT}`,
      status: 'complete',
      activities: [],
      commands: [],
      metadata: {},
    })),
  };
}

/** A conversation that was never synced: every message waits in the outbox. Returns its id. */
export async function addUnsent(store: SqliteStore, messages: number): Promise<string> {
  const conversationId = uuidv7();
  await store.create({ id: conversationId });
  // All at once: the worker has a queue.
  const said = Array.from({ length: messages }, (_, n) =>
    store.append({ id: uuidv7(), conversationId, role: 'user', content: `${n + 1}: ${TEXT}` }),
  );
  await Promise.all(said);
  return conversationId;
}
