/** Fires once, unless stopped; `restart` gives it its whole time again, also when it has fired. */
export interface Timer {
  restart(): void;
  stop(): void;
}

/** Passed in, so that tests can turn the clock. */
export type StartTimer = (ms: number, onExpired: () => void) => Timer;

/** The two kinds of time that a machine has, and its timers; all in milliseconds. */
export interface Clocks {
  /** Since the epoch: goes on while the machine sleeps, and may be set back. */
  wall(): number;
  /** Never goes back, and stands still while the machine sleeps (on most systems). */
  running(): number;
  /** Calls back after this much running time; the result cancels. */
  after(ms: number, callback: () => void): () => void;
  /** Calls back once what has already arrived on sockets was handed out. */
  afterArrivals(callback: () => void): void;
}

const clocks: Clocks = {
  wall: Date.now,
  running: () => performance.now(),
  after: (ms, callback) => {
    const timeout = setTimeout(callback, ms);
    return () => clearTimeout(timeout);
  },
  afterArrivals: setImmediate,
};

/** How soon after its waking a machine notices that a time has run out meanwhile. */
const LOOK_EVERY_MS = 1_000;

/**
 * Timers whose time runs while the machine sleeps: a plain one would let a request that slept for a night wait for the
 * rest of its deadline, on a connection that is long gone. They end by whichever clock is first.
 */
export function timersBy(given: Clocks): StartTimer {
  return (ms, onExpired) => {
    let wallEnd = 0;
    let runningEnd = 0;
    let isStopped = false;
    let isPending = false;
    let cancel: (() => void) | undefined;
    const left = (): number => Math.min(wallEnd - given.wall(), runningEnd - given.running());
    const wait = (): void => {
      isPending = true;
      cancel = given.after(Math.max(0, Math.min(LOOK_EVERY_MS, left())), () => {
        cancel = undefined;
        if (left() > 0) wait();
        // A machine that wakes may have the answer already: it comes before the end.
        else given.afterArrivals(expire);
      });
    };
    const expire = (): void => {
      isPending = false;
      if (isStopped) return;
      if (left() > 0) wait();
      else onExpired();
    };
    const restart = (): void => {
      wallEnd = given.wall() + ms;
      runningEnd = given.running() + ms;
      isStopped = false;
      if (!isPending) wait();
    };
    const stop = (): void => {
      isStopped = true;
      if (cancel === undefined) return;
      cancel();
      cancel = undefined;
      isPending = false;
    };
    restart();
    return { restart, stop };
  };
}

export const startTimer: StartTimer = timersBy(clocks);
