/** Milliseconds. */
export interface Stall {
  /** By the clock: whatever else the machine does is in it. */
  readonly wall: number;
  /** Of this thread's processor time: what this program itself did in one go. */
  readonly cpu: number;
}

const TICK_MS = 1;

/** The longest time for which nothing else could run in this thread, looked at every millisecond. */
export class LoopWatch {
  private longest: Stall = { wall: 0, cpu: 0 };
  private tickedAt = performance.now();
  private usedThen = cpuMs();
  private readonly timer: NodeJS.Timeout;

  constructor() {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): Stall {
    this.tick();
    clearInterval(this.timer);
    return this.longest;
  }

  private tick(): void {
    const [now, used] = [performance.now(), cpuMs()];
    this.longest = {
      wall: Math.max(this.longest.wall, now - this.tickedAt - TICK_MS),
      cpu: Math.max(this.longest.cpu, used - this.usedThen),
    };
    this.tickedAt = now;
    this.usedThen = used;
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
