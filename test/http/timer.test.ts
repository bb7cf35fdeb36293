import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { timersBy } from '../../src/http/timer.ts';
import { HandClock } from '../support/clock.ts';

/** A machine that can run and sleep. */
class Machine {
  readonly #running = new HandClock(0);
  #slept = 1_700_000_000_000;
  #arrivals: (() => void)[] = [];
  readonly startTimer = timersBy({
    wall: () => this.#running.now() + this.#slept,
    running: () => this.#running.now(),
    after: (ms, callback) => this.#running.after(ms, callback),
    afterArrivals: (callback) => this.#arrivals.push(callback),
  });

  run(ms: number): void {
    // In steps: an expiry comes after what arrived meanwhile, and may start the next one.
    for (let n = 0; n < ms; n += 10) {
      this.#running.advance(10);
      for (const callback of this.#arrivals.splice(0)) callback();
    }
  }

  /** Its timers stand still; the clock on the wall does not. */
  sleep(ms: number): void {
    this.#slept += ms;
  }
}

describe('timers of requests', () => {
  const start = (ms: number) => {
    const machine = new Machine();
    const expired: true[] = [];
    const timer = machine.startTimer(ms, () => expired.push(true));
    return { machine, timer, expired };
  };

  it('expire once, when their time is over', () => {
    const { machine, expired } = start(30_000);
    machine.run(29_990);
    assert.equal(expired.length, 0);
    machine.run(60_000);
    assert.equal(expired.length, 1);
  });

  it('a request that slept through its deadline ends within a second of waking', () => {
    const { machine, expired } = start(30_000);
    machine.run(5_000);
    machine.sleep(8 * 3_600_000);
    machine.run(1_000);
    assert.equal(expired.length, 1);
  });

  it('a clock that is set back does not prolong it, and one set ahead counts as sleep', () => {
    const { machine, expired } = start(30_000);
    machine.sleep(-3_600_000);
    machine.run(30_000);
    assert.equal(expired.length, 1);
  });

  it('a piece that has arrived while it slept gives it its whole time again', () => {
    const { machine, timer, expired } = start(10_000);
    const arriving = machine.startTimer(10_000, () => undefined);
    machine.sleep(60_000);
    // Handed out between the timer and its expiry.
    for (let n = 0; n < 5; n++) {
      timer.restart();
      machine.run(9_000);
      assert.equal(expired.length, 0);
    }
    arriving.stop();
    machine.run(2_000);
    assert.equal(expired.length, 1);
  });

  it('a stopped one never expires, also when it was about to; a restarted one does', () => {
    const { machine, timer, expired } = start(1_000);
    timer.stop();
    machine.run(5_000);
    assert.equal(expired.length, 0);
    timer.restart();
    machine.run(990);
    timer.restart();
    machine.run(990);
    assert.equal(expired.length, 0);
    machine.run(10);
    assert.equal(expired.length, 1);
    timer.restart();
    machine.run(1_000);
    assert.equal(expired.length, 2);
  });
});
