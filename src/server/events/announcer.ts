import type { Owner } from '../storage/repository.ts';

export interface Subscription {
  dispose(): void;
}

/**
 * Carries the word that an owner's conversations changed to whoever follows them: no more than that, for a reader goes on
 * from its own cursor. A word may be lost or come twice; followers look again from time to time.
 */
export interface Announcer {
  /** After a commit. Never throws, never waits. */
  announce(owner: Owner): void;
  subscribe(owner: Owner, listener: () => void): Subscription;
  close(): Promise<void>;
}

export function keyOf({ userId, orgId }: Owner): string {
  return JSON.stringify([userId, orgId]);
}

/** For one process. */
export class LocalAnnouncer implements Announcer {
  readonly #listeners = new Map<string, Set<() => void>>();

  announce(owner: Owner): void {
    this.tell(keyOf(owner));
  }

  subscribe(owner: Owner, listener: () => void): Subscription {
    const key = keyOf(owner);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return {
      dispose: () => {
        listeners.delete(listener);
        if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
      },
    };
  }

  tell(key: string): void {
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }

  /** Something may have been missed. */
  tellAll(): void {
    for (const key of [...this.#listeners.keys()]) this.tell(key);
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }
}
