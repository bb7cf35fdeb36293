import { readFileSync } from 'node:fs';
import type { Stall } from './deed.ts';

const TICK_MS = 2;

/**
 * How long this thread once did not get to its next task. On Linux the system tells how long it was ready and others
 * ran: on a machine with more processes than cores most of a delay is that, and none of it is the thread's own doing.
 */
export class StallWatch {
  private worst: Stall = { ms: 0 };
  private readonly timer: NodeJS.Timeout;

  constructor() {
    let last = performance.now();
    let waited = readyMs();
    this.timer = setInterval(() => {
      const [now, ready] = [performance.now(), readyMs()];
      const ms = now - last - TICK_MS;
      const machineMs = ready === undefined || waited === undefined ? undefined : ready - waited;
      if (ms - (machineMs ?? 0) > this.worst.ms - (this.worst.machineMs ?? 0))
        this.worst = { ms, ...(machineMs === undefined ? {} : { machineMs }) };
      [last, waited] = [now, ready];
    }, TICK_MS);
  }

  end(): Stall {
    clearInterval(this.timer);
    return this.worst;
  }
}

/** Milliseconds that the process' first thread has spent waiting for a core. */
function readyMs(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, waited] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return Number(waited) / 1e6;
}
