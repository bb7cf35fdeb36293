import { randomUUID } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { HttpClient } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import type { AppendedMessage, AppendMessage } from '../../src/protocol/api.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { accountKey } from '../../src/sync/account.ts';
import { SyncEngine } from '../../src/sync/engine.ts';
import type { CallerOptions } from '../../src/sync/http/caller.ts';
import { HttpRemote } from '../../src/sync/http/httpRemote.ts';
import { openBundledStore } from './bundledStore.ts';
import { timed } from './interleave.ts';
import { CONVERSATIONS, MESSAGES, textOf } from './queue.ts';

/** Milliseconds from the account's connection to an empty outbox, on a new file and an account of its own. */
export async function drain(address: string, file: string): Promise<number> {
  const store = openBundledStore(file);
  const http = new HttpClient(NO_PROXY_SETTINGS);
  const answered = Promise.withResolvers<undefined>();
  const engine = startEngine(store, answered.reject);
  const overdue = setTimeout(
    () => answered.reject(new Error('The outbox is not sent after a minute.')),
    60_000,
  );
  try {
    await fillOutbox(store);
    const base = normalizeBaseUrl(address);
    const orgId = randomUUID();
    const account = accountKey({ server: base.origin, orgId, userId: '', token: undefined });
    await store.useAccount(account);
    const remote = new CountingRemote({ http, base, orgId, now: Date.now }, MESSAGES, answered.resolve);
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
    await store.close();
  }
}

/** The engine as the extension builds it. Whatever it warns of spoils the measurement. */
function startEngine(store: SqliteStore, onSpoiled: (error: Error) => void): SyncEngine {
  const spoil = (text: string, cause?: unknown) => onSpoiled(new Error(`Sync: ${text}`, { cause }));
  return new SyncEngine({
    store,
    random: Math.random,
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

async function fillOutbox(store: SqliteStore): Promise<void> {
  const ids = Array.from({ length: CONVERSATIONS }, () => uuidv7());
  const made = ids.map(async (conversationId, index) => {
    await store.create({ id: conversationId });
    for (let n = 0; n < MESSAGES / CONVERSATIONS; n += 1) {
      const content = textOf(index * CONVERSATIONS + n);
      await store.append({ id: uuidv7(), conversationId, role: 'user', content });
    }
  });
  await Promise.all(made);
}

/** Tells when the last append was answered, so that nobody has to ask the store while it works. */
class CountingRemote extends HttpRemote {
  #left: number;
  readonly #onLast: (none: undefined) => void;

  constructor(options: CallerOptions, count: number, onLast: (none: undefined) => void) {
    super(options);
    this.#left = count;
    this.#onLast = onLast;
  }

  override async append(
    remoteId: string,
    body: AppendMessage,
    signal: AbortSignal,
  ): Promise<AppendedMessage> {
    const answer = await super.append(remoteId, body, signal);
    this.#left -= 1;
    if (this.#left === 0) this.#onLast(undefined);
    return answer;
  }
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
