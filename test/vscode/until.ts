import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Ends the sentence "Waited 30 s for ...". */
  readonly what: string;
  readonly timeoutMs?: number;
  /** Adds what is known to the error, for example the last lines of a log. */
  readonly explain?: () => string | Promise<string>;
}

const POLL_MS = 50;

let patienceMs = 30_000;

/** How long `until` waits from now on in this process, where a caller does not say. */
export function waitUpTo(ms: number): void {
  patienceMs = ms;
}

/**
 * Asks `condition` again and again until it gives a value that is not undefined and not false, and gives that.
 * A throw of `condition` counts as "not yet"; the last one becomes the cause.
 *
 * @throws Error after `timeoutMs` (default 30,000, or what `waitUpTo` was given), naming `what`.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: UntilOptions,
): Promise<Exclude<T, undefined | false>> {
  const { what, timeoutMs = patienceMs, explain } = options;
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= deadline) break;
    await delay(POLL_MS);
  }
  const known = explain === undefined ? '' : `\n${await explain()}`;
  throw new Error(`Waited ${timeoutMs / 1000} s for ${what}${known}`, { cause });
}
