/** What happens when: virtual time, and what is due in it. Nothing else moves the simulation on. */

/** A window, as what happens in it needs it: gone, nothing happens in it any more; stopped, it happens later. */
export interface Owner {
  readonly isGone: boolean;
  readonly isStopped: boolean;
}

export interface Agenda {
  /** True time in milliseconds since the epoch. */
  now(): number;
  /**
   * Does `act` in `ms` milliseconds; the result calls it off. Without an owner it happens whatever becomes of the windows.
   * What is in one `lane` happens in the order in which it was put down.
   */
  after(ms: number, owner: Owner | undefined, act: () => void, lane?: string): () => void;
  /** What waited for a stopped window happens now, in its order. */
  resume(owner: Owner): void;
}

interface Entry {
  readonly at: number;
  readonly owner: Owner | undefined;
  readonly act: () => void;
  next: Entry | undefined;
  isOff: boolean;
}

const START = Date.UTC(2026, 5, 1);

/** In the order of time; what is due at the same time, in the order in which it was put down. */
export class Timetable implements Agenda {
  private time = START;
  private first: Entry | undefined;
  private held: Entry[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, owner: Owner | undefined, act: () => void): () => void {
    const entry: Entry = {
      at: this.time + Math.max(0, Math.round(ms)),
      owner,
      act,
      next: undefined,
      isOff: false,
    };
    this.insert(entry);
    return () => {
      entry.isOff = true;
    };
  }

  resume(owner: Owner): void {
    const due = this.held.filter((entry) => entry.owner === owner);
    this.held = this.held.filter((entry) => entry.owner !== owner);
    for (const { act, isOff } of due) if (!isOff) this.after(0, owner, act);
  }

  /** Does what is due until `end`, the earliest first, and lets every promise settle in between. */
  async runUntil(end: number, isOver: () => boolean = () => false): Promise<void> {
    while (this.first !== undefined && this.first.at <= end) {
      const entry = this.first;
      this.first = entry.next;
      if (entry.isOff || entry.owner?.isGone === true) continue;
      if (entry.owner?.isStopped === true) {
        this.held.push(entry);
        continue;
      }
      this.time = entry.at;
      entry.act();
      await settled();
      if (isOver()) return;
    }
    this.time = Math.max(this.time, end);
  }

  private insert(entry: Entry): void {
    let before: Entry | undefined;
    let after = this.first;
    while (after !== undefined && after.at <= entry.at) {
      before = after;
      after = after.next;
    }
    entry.next = after;
    if (before === undefined) this.first = entry;
    else before.next = entry;
  }
}

/** Every promise that can go on has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
