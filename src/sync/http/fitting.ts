import { PAGE_LIMIT } from '../../protocol/api.ts';
import { RemoteError } from '../remote.ts';

/** How many are asked for, one after the other, while an answer is too large. A message may have 20 MB, an answer 32. */
const LIMITS = [PAGE_LIMIT, 50, 12, 3, 1] as const;

export interface Fitted<T> {
  readonly answer: T;
  /** How many were asked for. */
  readonly limit: number;
}

/** Asks for fewer while the answer is too large. Remembers for each `what` how many fitted, so that no answer is thrown away twice. */
export class Fitting {
  /** Places in `LIMITS`. */
  readonly #places = new Map<string, number>();

  /** Throws `RemoteError`; see `isTooLarge` for one alone that is too large. */
  async ask<T>(what: string, ask: (limit: number) => Promise<T>): Promise<Fitted<T>> {
    for (let place = this.#places.get(what) ?? 0; ; place += 1) {
      const limit = LIMITS[place] ?? 1;
      try {
        return { answer: await ask(limit), limit };
      } catch (error) {
        if (limit === 1 || !isTooLarge(error)) throw error;
        this.#places.set(what, place + 1);
      }
    }
  }
}

export function isTooLarge(error: unknown): error is RemoteError {
  return error instanceof RemoteError && error.code === 'answer_too_large';
}
