/** Starts a timer and returns what stops it. Passed in, so that tests can turn the clock. */
export type Timer = (run: () => void, ms: number) => () => void;

const browserTimer: Timer = (run, ms) => {
  const handle = setTimeout(run, ms);
  return () => clearTimeout(handle);
};

/** Runs at once, then at most once per interval, and once more at its end when called meanwhile. */
export class Throttle {
  readonly #run: () => void;
  readonly #interval: () => number;
  readonly #timer: Timer;
  #stop: (() => void) | undefined;
  #again = false;

  /** `interval` in milliseconds, asked for anew at each run. */
  constructor(run: () => void, interval: () => number, timer: Timer = browserTimer) {
    this.#run = run;
    this.#interval = interval;
    this.#timer = timer;
  }

  call(): void {
    if (this.#stop) this.#again = true;
    else this.#start();
  }

  /** Runs now if a run is due, without waiting for the interval to end. */
  flush(): void {
    if (!this.#again) return;
    this.#stop?.();
    this.#start();
  }

  /** Forgets a due run. */
  cancel(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#again = false;
  }

  #start(): void {
    this.#again = false;
    this.#stop = this.#timer(() => {
      this.#stop = undefined;
      if (this.#again) this.#start();
    }, this.#interval());
    this.#run();
  }
}
