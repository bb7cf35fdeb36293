import { PLAIN, RemoteError, type Remote, type RemoteAbilities } from './remote.ts';

/** After so many useless answers in a row it goes on without: one address that only fails must not hold up all else. */
const TRIES = 3;
/** Then it is asked again by one pull in so many. */
const REST = 30;

/** What the backend of a session announced when it was last asked. A backend may be replaced by an older or newer one at any time. */
export class Announcement {
  readonly #remote: Remote;
  #current = PLAIN;
  #isAsked = false;
  /**
   * When all that is known to be there was last found there, milliseconds since the epoch; undefined while something is in doubt,
   * or whoever answers may be another.
   */
  lookedAt: number | undefined;
  /** Useless answers in a row. */
  #failures = 0;
  /** So many times it is not asked again. */
  #resting = 0;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** `PLAIN` until the backend was asked: what is not known to be announced is not used. */
  get current(): RemoteAbilities {
    return this.#current;
  }

  /** False: `current` is a guess. */
  get isKnown(): boolean {
    return this.#isAsked;
  }

  /** Asks unless it is known. Throws `RemoteError`. */
  async ask(signal: AbortSignal): Promise<RemoteAbilities> {
    if (this.#isAsked) return this.#current;
    if (this.#resting > 0) {
      this.#resting -= 1;
      return this.#current;
    }
    try {
      this.#current = await this.#remote.announced.abilities(signal);
      this.#isAsked = true;
      this.#failures = 0;
    } catch (error) {
      this.#failed(error);
    }
    return this.#current;
  }

  /** Throws what is to be waited for. */
  #failed(error: unknown): void {
    if (!isUselessAnswer(error)) throw error;
    this.#failures += 1;
    if (this.#failures >= TRIES) {
      this.#current = PLAIN;
      this.#resting = REST;
    }
    // A backend that answers nothing else either is asked once a pull.
    if (this.#failures <= TRIES) throw error;
  }

  /** Whoever answers next may be another: asked again. */
  doubt(): void {
    this.#isAsked = false;
    this.#resting = 0;
    this.lookedAt = undefined;
  }
}

/** It takes a clock with each field and tells them, and has a place for tags. */
export function keepsClocks({ current }: Announcement): boolean {
  return current.abilities.has('clocks');
}

/** Of the backend, or of a gateway that does not know the address: not silence, not a wait, not a sign-in. */
function isUselessAnswer(error: unknown): boolean {
  if (!(error instanceof RemoteError) || error.status === undefined) return false;
  return error.problem === 'forbidden' || (error.problem === 'unknown' && error.retryAfterMs === undefined);
}
