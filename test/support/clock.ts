import type { Timekeeper } from '../../src/sync/engine.ts';

/** Time that stands still until a test moves it on. */
export class HandClock implements Timekeeper {
  private time: number;
  private readonly timers = new Set<{ at: number; readonly callback: () => void }>();

  /** Starts now: the store stamps its rows by the real clock, and this one only ever runs ahead of it. */
  constructor(start = Date.now()) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.time + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** The machine sleeps: time goes by, and what waits for it waits as long afterwards as it would have. */
  sleep(ms: number): void {
    this.time += ms;
    for (const timer of this.timers) timer.at += ms;
  }

  /** Moves on and calls what has become due, earliest first. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.timers.delete(next);
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
    this.time = end;
  }
}
