export interface GateLimits {
  /** How many are inside at the same time. */
  readonly inFlight: number;
  /** How many wait at most. */
  readonly queued: number;
  /** How long one waits at most, milliseconds. */
  readonly queueMs: number;
}

export type Refusal = 'full' | 'late' | 'left';

interface Waiter {
  readonly enter: () => void;
}

/** Lets a number of requests work at a time, and so many wait for their turn; the first that came is the first that enters. */
export class Gate {
  readonly #limits: GateLimits;
  readonly #waiting = new Set<Waiter>();
  #inside = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** True when the next that comes would be turned away. */
  get isFull(): boolean {
    return this.#inside >= this.#limits.inFlight && this.#waiting.size >= this.#limits.queued;
  }

  /** What to call when done (twice is once), or why there was no turn. `left`: the signal says that it is not wanted any more. */
  async enter(signal?: AbortSignal): Promise<(() => void) | Refusal> {
    const turn = this.admit();
    if (turn !== undefined) return turn;
    if (this.isFull) return 'full';
    return await new Promise((resolve) => {
      const leave = (why: Refusal): void => {
        settle();
        resolve(why);
      };
      const onAbort = (): void => leave('left');
      const timer = setTimeout(() => leave('late'), this.#limits.queueMs);
      const waiter = {
        enter: () => {
          settle();
          resolve(this.#take());
        },
      };
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiting.delete(waiter);
      };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', onAbort);
    });
  }

  /** At once, or undefined where one has to wait. */
  admit(): (() => void) | undefined {
    return this.#inside < this.#limits.inFlight ? this.#take() : undefined;
  }

  #take(): () => void {
    this.#inside += 1;
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      this.#inside -= 1;
      const [next] = this.#waiting;
      next?.enter();
    };
  }
}
