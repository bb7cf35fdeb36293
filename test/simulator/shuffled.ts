/** What is due in any order: a scheduler decides which entry is next, and time follows it. */
import type { Scheduler } from 'fast-check';
import { settled, type Agenda, type Owner } from './agenda.ts';

interface Entry {
  readonly at: number;
  readonly owner: Owner | undefined;
  readonly act: () => void;
  readonly lane: string | undefined;
  isDone: boolean;
}

const START = Date.UTC(2026, 5, 1);

/**
 * Anything of a window may be late, by as much as time moves on before its turn. What has no owner (a request that takes
 * effect) happens at its time: later than its life it may not.
 */
export class Shuffled implements Agenda {
  private readonly scheduler: Scheduler;
  private time = START;
  private entries: Entry[] = [];
  private isOrdered = false;

  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, owner: Owner | undefined, act: () => void, lane?: string): () => void {
    const at = this.time + Math.max(0, Math.round(ms));
    const entry: Entry = { at, owner, act, lane, isDone: false };
    this.entries.push(entry);
    if (owner !== undefined && !this.isOrdered)
      void this.scheduler.schedule(Promise.resolve(), lane ?? `after ${ms} ms`).then(() => this.turn(entry));
    return () => {
      entry.isDone = true;
    };
  }

  resume(): void {
    // Nobody is stopped here: every call may come late anyway.
  }

  /** One entry that the scheduler chooses. */
  async step(): Promise<void> {
    if (this.scheduler.count() > 0) await this.scheduler.waitNext(1);
    await settled();
  }

  /** From now on in the order of time. */
  async runUntil(end: number, isOver: () => boolean): Promise<void> {
    this.isOrdered = true;
    for (;;) {
      const next = this.earliest(() => true);
      if (next === undefined || next.at > end || isOver()) break;
      this.carryOut(next);
      await settled();
    }
    this.time = Math.max(this.time, end);
  }

  private turn(entry: Entry): void {
    const next =
      entry.lane === undefined
        ? entry
        : this.entries.find(({ lane, isDone }) => lane === entry.lane && !isDone);
    if (next === undefined || next.isDone) return;
    for (;;) {
      const due = this.earliest(({ owner }) => owner === undefined);
      if (due === undefined || due.at > next.at) break;
      this.carryOut(due);
    }
    this.carryOut(next);
  }

  private earliest(isOne: (entry: Entry) => boolean): Entry | undefined {
    this.entries = this.entries.filter(({ isDone }) => !isDone);
    return this.entries
      .filter(isOne)
      .reduce<Entry | undefined>(
        (best, entry) => (best === undefined || entry.at < best.at ? entry : best),
        undefined,
      );
  }

  private carryOut(entry: Entry): void {
    entry.isDone = true;
    this.time = Math.max(this.time, entry.at);
    if (entry.owner?.isGone !== true) entry.act();
  }
}
