/** A machine of the user's: one file, up to three windows on it, and a wall clock that may be wrong. */
import type { Connection } from '../../src/store/sqlite/connection.ts';
import { emptyFile, giveBack } from './files.ts';
import { SimWindow } from './window.ts';
import type { World } from './world.ts';

export class Machine {
  readonly name: string;
  readonly world: World;
  /** Of all its windows: a call is one transaction and none overlaps another, so each need not open the file again. */
  readonly db: Connection;
  /** Process ids that are gone. */
  readonly dead = new Set<number>();
  windows: SimWindow[] = [];
  /** How far its wall clock is ahead, milliseconds. */
  ahead = 0;
  /** True time when the last of its requests under way takes effect. */
  pendingUntil = 0;
  /** Waits that the backend asked for, in true time. */
  readonly named: { readonly answeredAt: number; readonly until: number; readonly ahead: number }[] = [];
  /** True time when its clock was last set back. */
  setBackAt = -Infinity;
  /** Messages, and conversations with refused fields, that the user has tried again after the faults. */
  readonly clickedAgain = new Set<string>();
  /** When its user was last asked to do something. */
  helpedAt = -Infinity;
  isOnline = true;
  /** Undefined: sync is off. */
  account: string | undefined;
  /** Rises with each commit. */
  version = 0;
  private opened = 0;

  constructor(world: World, name: string, account: string) {
    this.world = world;
    this.name = name;
    this.account = account;
    this.db = emptyFile();
  }

  now(): number {
    return this.world.agenda.now() + this.ahead;
  }

  open(): SimWindow {
    const window = new SimWindow(this, (this.opened += 1));
    this.windows.push(window);
    return window;
  }

  kill(window: SimWindow): void {
    window.kill();
    this.windows = this.windows.filter((one) => one !== window);
  }

  /** A window that can be used: one that is there and not stopped. */
  awake(): SimWindow[] {
    return this.windows.filter(({ isStopped }) => !isStopped);
  }

  /** Every window of it follows the settings, each in its own time. */
  setAccount(account: string | undefined): void {
    this.account = account;
    const { agenda, random } = this.world;
    for (const window of this.windows)
      agenda.after(random.int(0, 300), window, () => window.configure(this.account));
  }

  /** Does something with the file; all windows hear of it when it was changed. */
  noticing<T>(call: () => T): T {
    const before = changesOf(this.db);
    const value = call();
    if (changesOf(this.db) !== before) {
      this.version += 1;
      for (const one of this.windows) one.tell();
    }
    return value;
  }

  dispose(): void {
    for (const window of [...this.windows]) this.kill(window);
    giveBack(this.db);
  }
}

function changesOf(db: Connection): number {
  return db.get<{ n: number }>('SELECT total_changes() AS n')?.n ?? 0;
}
