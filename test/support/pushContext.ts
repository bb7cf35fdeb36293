import assert from 'node:assert/strict';
import type { Lease, SyncStore } from '../../src/store/outbox.ts';
import type { Operations } from '../../src/store/sqlite/operations.ts';
import { Announcement } from '../../src/sync/announcement.ts';
import type { PushContext } from '../../src/sync/pushContext.ts';
import type { Remote } from '../../src/sync/remote.ts';
import { Told } from '../../src/sync/told.ts';
import { ACCOUNT, type DirectStore } from './directStore.ts';

/** What the engine gives to whatever sends or reads, for a window whose store is called in this thread. No warning is expected. */
export function pushContext(
  window: DirectStore,
  lease: Lease,
  remote: Remote,
  other: Partial<PushContext> & {
    /** Before a call of the store: it may throw. */
    readonly onCall?: (name: keyof Operations) => void;
  } = {},
): PushContext {
  const { onCall, ...rest } = other;
  const store = new Proxy(window.store, {
    get:
      (target, name: keyof Operations) =>
      async (...args: unknown[]): Promise<unknown> => {
        onCall?.(name);
        const operation = Reflect.get(target, name) as (...values: unknown[]) => unknown;
        return await Promise.resolve(operation(...args));
      },
  }) as unknown as SyncStore;
  return {
    store,
    remote,
    announcement: new Announcement(remote),
    told: new Told(),
    account: ACCOUNT,
    lease,
    signal: new AbortController().signal,
    warn: (text) => assert.fail(text),
    info: (text) => assert.fail(text),
    now: () => window.world.now,
    random: () => 0.5,
    requestLifeMs: 60_000,
    answered: () => undefined,
    mayGoOn: () => true,
    ...rest,
  };
}
