import assert from 'node:assert/strict';
import { HandClock } from './clock.ts';
import { TestMachine, type MachineOptions } from './machines.ts';

const MINUTE = 60_000;

/** Machines that work at the same time, by one clock that is turned for all of them. */
export class Together {
  readonly clock = new HandClock();
  readonly machines: TestMachine[] = [];

  async until(condition: () => Promise<boolean> | boolean, withinMs = 5 * MINUTE): Promise<void> {
    const end = this.clock.now() + withinMs;
    for (;;) {
      for (const machine of this.machines) await machine.whenIdle();
      if (await condition()) return;
      const states = await Promise.all(this.machines.map((machine) => machine.status()));
      assert.ok(this.clock.now() <= end, `not within ${withinMs} ms; ${JSON.stringify(states)}`);
      this.clock.advance(withinMs > 5 * MINUTE ? 5_000 : 1_000);
    }
  }

  wait(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    return this.until(() => this.clock.now() >= end, ms);
  }

  /** Resolves when the machine has synced with the server at this address. */
  async start(address: string, options: Omit<MachineOptions, 'clock'> = {}): Promise<TestMachine> {
    const machine = new TestMachine({ clock: this.clock, ...options });
    this.machines.push(machine);
    await machine.connect(address);
    await this.until(async () => (await machine.status()).state === 'synced');
    return machine;
  }

  async stop(): Promise<void> {
    for (const machine of this.machines) await machine.stop();
  }

  assertSound(): void {
    assert.deepEqual(
      this.machines.flatMap(({ errors }) => errors),
      [],
    );
  }
}
