import { PLAIN, type Remote, type RemoteAbilities } from './remote.ts';

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
    if (!this.#isAsked) {
      this.#current = await this.#remote.announced.abilities(signal);
      this.#isAsked = true;
    }
    return this.#current;
  }

  /** Whoever answers next may be another: asked again. */
  doubt(): void {
    this.#isAsked = false;
    this.lookedAt = undefined;
  }
}

/** It takes a clock with each field and tells them, and has a place for tags. */
export function keepsClocks({ current }: Announcement): boolean {
  return current.abilities.has('clocks');
}
