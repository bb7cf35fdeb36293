import { HttpError } from '../http/errors.ts';

export interface StreamLimits {
  readonly total: number;
  readonly perUser: number;
}

/** How many streams are open, of each user and of all: a stream holds its connection for hours. */
export class OpenStreams {
  readonly #what: string;
  readonly #limits: StreamLimits;
  readonly #ofUser = new Map<string, number>();
  #open = 0;

  /** `what` they are called in an answer: `event streams`. */
  constructor(what: string, limits: StreamLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  get open(): number {
    return this.#open;
  }

  /** What to call when the stream is closed (twice is once). Throws `HttpError` 429 or 503 when too many are open. */
  claim(user: string): () => void {
    const ofUser = this.#ofUser.get(user) ?? 0;
    const { perUser, total } = this.#limits;
    if (ofUser >= perUser)
      throw new HttpError(429, `At most ${perUser} ${this.#what} can be open.`, { 'retry-after': '30' });
    if (this.#open >= total)
      throw new HttpError(
        503,
        `The server has no room for more ${this.#what}.`,
        { 'retry-after': '30' },
        { errorCode: 'overloaded' },
      );
    this.#open += 1;
    this.#ofUser.set(user, ofUser + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#release(user);
    };
  }

  #release(user: string): void {
    this.#open -= 1;
    const left = (this.#ofUser.get(user) ?? 1) - 1;
    if (left === 0) this.#ofUser.delete(user);
    else this.#ofUser.set(user, left);
  }
}
