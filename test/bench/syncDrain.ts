import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { HttpClient } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { accountKey } from '../../src/sync/account.ts';
import { SyncEngine } from '../../src/sync/engine.ts';
import type { SyncObserver } from '../../src/sync/observer.ts';
import { HttpRemote } from '../../src/sync/http/httpRemote.ts';
import { PLAIN, type Remote } from '../../src/sync/remote.ts';
import { timed } from './interleave.ts';
import { CONVERSATIONS, textOf } from './queue.ts';

export interface Drained {
  readonly messages: number;
  /** To a backend that announces nothing, whatever the server can do. */
  readonly isPlain: boolean;
}

/** Milliseconds from the account's connection to an empty outbox, on an account of its own. */
export async function drain(
  address: string,
  store: SqliteStore,
  { messages, isPlain }: Drained,
): Promise<number> {
  const http = new HttpClient(NO_PROXY_SETTINGS);
  const answered = Promise.withResolvers<undefined>();
  const engine = startEngine(store, answered.reject);
  const overdue = setTimeout(
    () => answered.reject(new Error('The outbox is not sent after a minute.')),
    60_000,
  );
  try {
    const base = normalizeBaseUrl(address);
    const orgId = randomUUID();
    const account = accountKey({ server: base.origin, orgId, userId: '', token: undefined });
    await store.useAccount(account);
    await fillOutbox(store, messages);
    let left = messages;
    const remote = watched(new HttpRemote({ http, base, orgId, now: Date.now }), isPlain, (appended) => {
      left -= appended;
      if (left <= 0) answered.resolve(undefined);
    });
    await engine.whenIdle();
    return await timed(async () => {
      engine.configure({ account, remote });
      await answered.promise;
      await untilEmpty(store, account);
    });
  } finally {
    clearTimeout(overdue);
    await engine.stop();
    await http.close();
  }
}

/** The engine as the extension builds it. Whatever it warns of spoils the measurement. */
export function startEngine(
  store: SqliteStore,
  onSpoiled: (error: Error) => void,
  ...observers: readonly SyncObserver[]
): SyncEngine {
  const spoil = (text: string, cause?: unknown) => onSpoiled(new Error(`Sync: ${text}`, { cause }));
  return new SyncEngine({
    store,
    random: Math.random,
    observers,
    time: {
      now: Date.now,
      after: (ms, callback) => {
        const timer = setTimeout(callback, ms);
        return () => clearTimeout(timer);
      },
    },
    log: { info: () => undefined, warn: spoil, error: spoil },
  });
}

/** What has waited for a while is in the search index: building that is no part of sending. */
async function fillOutbox(store: SqliteStore, messages: number): Promise<void> {
  const ids = Array.from({ length: CONVERSATIONS }, () => uuidv7());
  const made = ids.map(async (conversationId, index) => {
    await store.create({ id: conversationId });
    for (let n = 0; n < messages / CONVERSATIONS; n += 1) {
      const content = textOf(index * CONVERSATIONS + n);
      await store.append({ id: uuidv7(), conversationId, role: 'user', content });
    }
  });
  await Promise.all(made);
  while (!(await store.search({ text: 'words', limit: 1 })).isComplete);
}

/** Tells of what was appended, so that nobody has to ask the store while it works. */
function watched(remote: Remote, isPlain: boolean, onAppended: (count: number) => void): Remote {
  const { announced } = remote;
  return instead(remote, {
    announced: instead(announced, {
      ...(isPlain && { abilities: () => Promise.resolve(PLAIN) }),
      appendAll: async (...args) => {
        const results = await announced.appendAll(...args);
        onAppended(results.length);
        return results;
      },
    }),
    append: async (...args) => {
      const answer = await remote.append(...args);
      onAppended(1);
      return answer;
    },
  });
}

/** The same object with some members replaced. */
export function instead<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get: (_, key): unknown => {
      const member: unknown = Reflect.get(members, key) ?? Reflect.get(target, key);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

async function untilEmpty(store: SqliteStore, account: string): Promise<void> {
  for (;;) {
    const changed = Promise.withResolvers<undefined>();
    const subscription = store.onDidChange(() => changed.resolve(undefined));
    const { queued, unknown } = await store.summary(account);
    if (queued + unknown > 0) await changed.promise;
    subscription.dispose();
    if (queued + unknown === 0) return;
  }
}
