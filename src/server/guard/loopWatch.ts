import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const LOOK_MS = 500;
/** One long write is no overload; this many looks in a row are. */
const LOOKS = 2;

/** Measures how late the event loop is: the one queue that no other limit sees. */
export class LoopWatch {
  readonly #limitMs: number | undefined;
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #delayMs = 0;
  #looksAbove = 0;

  constructor(limitMs: number | undefined) {
    this.#limitMs = limitMs;
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Mean of the last half second, milliseconds. */
  get delayMs(): number {
    return this.#delayMs;
  }

  get isOverloaded(): boolean {
    return this.#looksAbove >= LOOKS;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #look(): void {
    const mean = this.#histogram.mean / 1e6;
    this.#histogram.reset();
    this.#delayMs = Number.isNaN(mean) ? 0 : Math.max(0, mean - RESOLUTION_MS);
    const isAbove = this.#limitMs !== undefined && this.#delayMs > this.#limitMs;
    this.#looksAbove = isAbove ? this.#looksAbove + 1 : 0;
  }
}
