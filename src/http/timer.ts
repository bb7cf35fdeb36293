/** Fires once, unless stopped; `restart` gives it its whole time again, also when it has fired. */
export interface Timer {
  restart(): void;
  stop(): void;
}

/** Passed in, so that tests can turn the clock. */
export type StartTimer = (ms: number, onExpired: () => void) => Timer;

export const startTimer: StartTimer = (ms, onExpired) => {
  const timeout = setTimeout(onExpired, ms);
  return { restart: () => void timeout.refresh(), stop: () => clearTimeout(timeout) };
};
