/** The backend in memory as the sync engine asks it, with what it announces; see protocol/abilities.ts. */
import {
  ABILITIES,
  BATCH_LIMIT,
  type BatchResult,
  type Change,
  type FullConversation,
  type FullMessage,
} from '../../src/protocol/abilities.ts';
import { sha256 } from '../../src/model/hash.ts';
import { PAGE_LIMIT } from '../../src/protocol/api.ts';
import {
  PLAIN,
  RemoteError,
  type AnnouncedRemote,
  type Remote,
  type RemoteEvent,
} from '../../src/sync/remote.ts';
import {
  refusal,
  toRow,
  type MemoryBackend,
  type StoredConversation,
  type StoredMessage,
} from './memoryBackend.ts';

/** One user of it, as the engine asks: each call at once. */
export function memoryRemote(backend: MemoryBackend, owner: string): Remote {
  const at = async <T>(signal: AbortSignal, act: () => T): Promise<T> => {
    if (signal.aborted) throw new RemoteError('not-sent', 'The request was cancelled');
    return act();
  };
  return {
    announced: announcedBy(backend, owner),
    list: (page, signal) =>
      at(signal, () => {
        const rows = backend.list(owner, page);
        return { digest: () => sha256(JSON.stringify(rows)), read: () => rows };
      }),
    read: (id, signal, view) =>
      at(signal, () => {
        const detail = backend.read(owner, id);
        if (view !== 'full' || !backend.announces('clocks')) return detail;
        const { tags, clocks } = backend.conversation(owner, id);
        return { ...detail, tags: [...tags], clocks };
      }),
    create: (body, signal) => at(signal, () => backend.create(owner, body)),
    append: (id, body, signal) => at(signal, () => backend.append(owner, id, body)),
    patch: (id, body, signal) => at(signal, () => backend.patch(owner, id, body)),
    delete: (id, signal) => at(signal, () => backend.delete(owner, id)),
    history: (id, signal) => at(signal, () => backend.history(owner, id)),
    take: (id, step, signal) => at(signal, () => backend.take(owner, id, step)),
  };
}

function announcedBy(backend: MemoryBackend, owner: string): AnnouncedRemote {
  const abilities = new Set(ABILITIES.filter((ability) => backend.announces(ability)));
  const needing = async <T>(ability: (typeof ABILITIES)[number], act: () => T): Promise<T> => {
    if (!abilities.has(ability)) throw refusal('not-found', 404);
    return act();
  };
  return {
    abilities: async () =>
      abilities.size === 0 ? PLAIN : { abilities, batchMessages: BATCH_LIMIT, bodyBytes: 32 * 1024 * 1024 },
    appendAll: (id, bodies) =>
      needing('batch', () => {
        backend.read(owner, id);
        return bodies.map((body) => appendOne(backend, owner, id, body));
      }),
    page: (id, before) => needing('paging', () => pageOf(backend.conversation(owner, id), before)),
    changes: (since) => needing('changes', () => changesOf(backend, owner, since)),
    fullList: (page) =>
      needing(abilities.has('clocks') ? 'clocks' : 'counts', () =>
        backend.list(owner, page).map(({ id }) => toFull(backend.conversation(owner, id))),
      ),
    events: (since, signal) => eventsOf(backend, owner, since, signal),
    change: (id, body) =>
      needing('clocks', () => {
        backend.patch(owner, id, body);
        return toFull(backend.conversation(owner, id));
      }),
    purge: (id) => needing('tombstones', () => backend.purge(owner, id)),
  };
}

/** One that is wrong stops no other. */
function appendOne(
  backend: MemoryBackend,
  owner: string,
  id: string,
  body: Parameters<MemoryBackend['store']>[2],
): BatchResult {
  const clientId = body.client_id ?? null;
  try {
    const { message, isKnown } = backend.store(owner, id, body);
    const { id: messageId, created_at } = message;
    return { status: isKnown ? 'known' : 'stored', client_id: clientId, id: messageId, created_at };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.status === 409) return { status: 'conflict', client_id: clientId, detail: 'Its id is taken.' };
    if (error.status === 500) throw error;
    return { status: 'invalid', client_id: clientId, detail: 'It cannot be stored.' };
  }
}

/** Its cursor is how many messages are older. */
function pageOf({ messages }: StoredConversation, before: string | undefined) {
  const end = before === undefined ? messages.length : Number(before);
  const from = Math.max(0, end - PAGE_LIMIT);
  return {
    items: messages.slice(from, end).map(toFullMessage),
    older: from === 0 ? null : String(from),
    newer: end >= messages.length ? null : String(end),
  };
}

export function changesOf(backend: MemoryBackend, owner: string, since: string | undefined) {
  const all = [
    ...[...backend.conversations.values()]
      .filter((one) => one.owner === owner)
      .flatMap((one) => [entryOf(one), ...one.messages.map((message) => messageEntry(one, message))]),
    ...backend.tombstones
      .filter((one) => one.owner === owner)
      .map(({ changed, id, client_id, purged_at }) => ({
        changed,
        change: { type: 'tombstone', conversation_id: id, client_id, purged_at } satisfies Change,
      })),
  ]
    .filter(({ changed }) => changed > Number(since ?? 0))
    .sort((a, b) => a.changed - b.changed);
  const some = all.slice(0, PAGE_LIMIT);
  return {
    changes: some.map(({ change }) => change),
    cursor: String(some.at(-1)?.changed ?? since ?? 0),
    has_more: some.length < all.length,
  };
}

/** Without end, until the signal. */
async function* eventsOf(
  backend: MemoryBackend,
  owner: string,
  since: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<RemoteEvent> {
  if (!backend.announces('events')) throw refusal('not-found', 404);
  let cursor = since ?? String(backend.revision);
  if (since === undefined) yield { type: 'hello', cursor };
  for (;;) {
    const { promise: rung, resolve: ring } = Promise.withResolvers<undefined>();
    const tell = (): void => ring(undefined);
    backend.listeners.add(tell);
    signal.addEventListener('abort', tell);
    try {
      const answer = changesOf(backend, owner, cursor);
      cursor = answer.cursor;
      if (answer.changes.length > 0) yield { type: 'changes', answer };
      else await rung;
    } finally {
      backend.listeners.delete(tell);
      signal.removeEventListener('abort', tell);
    }
    if (signal.aborted) throw new RemoteError('unknown', 'The stream was cancelled');
  }
}

function entryOf(conversation: StoredConversation): { changed: number; change: Change } {
  return {
    changed: conversation.changed,
    change: { type: 'conversation', conversation: toFull(conversation) },
  };
}

function messageEntry(
  { id }: StoredConversation,
  message: StoredMessage,
): { changed: number; change: Change } {
  return {
    changed: message.changed,
    change: { type: 'message', conversation_id: id, message: toFullMessage(message) },
  };
}

function toFull(conversation: StoredConversation): FullConversation {
  const { initial_context, client_id, messages } = conversation;
  return {
    ...toRow(conversation),
    initial_context,
    client_id,
    message_count: messages.length,
    tags: [...conversation.tags],
    clocks: conversation.clocks,
  };
}

function toFullMessage({ changed: _, ...message }: StoredMessage): FullMessage {
  return message;
}
