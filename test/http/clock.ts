import type { StartTimer } from '../../src/http/timer.ts';

interface Pending {
  left: number;
  readonly onExpired: () => void;
}

/** Timers that expire only when `turn(ms)` lets that much time pass. */
export class HandTurnedClock {
  readonly #pending = new Set<Pending>();

  readonly startTimer: StartTimer = (ms, onExpired) => {
    const timer: Pending = { left: ms, onExpired };
    this.#pending.add(timer);
    return {
      restart: () => {
        timer.left = ms;
        this.#pending.add(timer);
      },
      stop: () => this.#pending.delete(timer),
    };
  };

  turn(ms: number): void {
    for (const timer of [...this.#pending]) {
      timer.left -= ms;
      if (timer.left > 0) continue;
      this.#pending.delete(timer);
      timer.onExpired();
    }
  }
}
