import { readFileSync } from 'node:fs';
import type { Stall } from './deed.ts';

const TICK_MS = 2;

/**
 * How long this thread once did not get to its next task. On Linux the system tells how long it was ready and others
 * ran: on a machine with more processes than cores most of a delay is that, and none of it is the thread's own doing.
 */
export class StallWatch {
  private worst: Stall = { ms: 0 };
  private cpuMs = 0;
  private readonly timer: NodeJS.Timeout;

  constructor() {
    let last = performance.now();
    let before = threadTimes();
    this.timer = setInterval(() => {
      const [now, times] = [performance.now(), threadTimes()];
      const ms = now - last - TICK_MS;
      const machineMs = times === undefined || before === undefined ? undefined : times.ready - before.ready;
      if (times !== undefined && before !== undefined)
        this.cpuMs = Math.max(this.cpuMs, times.cpu - before.cpu);
      if (ms - (machineMs ?? 0) > this.worst.ms - (this.worst.machineMs ?? 0))
        this.worst = { ms, ...(machineMs === undefined ? {} : { machineMs }) };
      [last, before] = [now, times];
    }, TICK_MS);
  }

  end(): Stall {
    clearInterval(this.timer);
    return { ...this.worst, cpuMs: this.cpuMs };
  }
}

/** Milliseconds that the process' first thread has run, and that it has waited for a core. */
function threadTimes(): { readonly cpu: number; readonly ready: number } | undefined {
  if (process.platform !== 'linux') return undefined;
  const [cpu, ready] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
  return { cpu: Number(cpu) / 1e6, ready: Number(ready) / 1e6 };
}
