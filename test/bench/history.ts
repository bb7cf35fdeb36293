/** Long histories for the store, quickly. */
import { v7 as uuidv7 } from 'uuid';
import { PAGE_LIMIT } from '../../src/protocol/api.ts';
import type { RemoteConversation } from '../../src/store/outbox.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';

const ACCOUNT = 'the account of the benchmark';
const TEXT = 'Words of a message that is neither short nor long. '.repeat(4);
/** 2026-01-01, milliseconds. */
const START = 1_767_225_600_000;

/** A long conversation as sync brings it: its newest page, then the older ones page by page. */
export async function addPulled(store: SqliteStore, messages: number): Promise<void> {
  const lease = await store.takeLease(Date.now(), 600_000);
  if (lease === undefined) throw new Error('The lease of a new store is taken.');
  const whole = remoteConversation(messages);
  const newest = whole.messages.slice(-PAGE_LIMIT);
  const merged = await store.mergeConversation(lease, ACCOUNT, { ...whole, messages: newest, isCut: true });
  for (let from = 0; from < messages; from += PAGE_LIMIT) {
    const older = whole.messages.slice(from, from + PAGE_LIMIT);
    await store.mergeOlder(lease, merged.conversationId, older);
  }
  await store.mergeOlder(lease, merged.conversationId, [], 'whole');
}

/** Confirmed, nothing to send. */
function remoteConversation(messages: number): RemoteConversation {
  return {
    id: uuidv7(),
    fields: {
      remoteId: uuidv7(),
      remoteUpdatedAt: String(START),
      createdAt: START,
      title: 'A long conversation',
      status: 'active',
      isPinned: false,
      isStarred: false,
    },
    messages: Array.from({ length: messages }, (_, m) => ({
      id: uuidv7(),
      remoteId: uuidv7(),
      serverOrder: (START + m) * 1000,
      hlc: (START + m) * 1000,
      createdAt: START + m,
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
