/** Windows on one file, on a clock that the test turns. Real statements; a window can die at any call to SQLite. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate } from '../../src/store/sqlite/migrations/migrate.ts';
import { createOperations, type Operations } from '../../src/store/sqlite/operations.ts';
import { beat, type Context } from '../../src/store/sqlite/session.ts';
import type { Lease } from '../../src/store/outbox.ts';
import { Faults, connectFaulty } from '../support/faultyConnection.ts';

/** Whether a commit reaches a disk is shown elsewhere; here a file in memory makes a thousand histories affordable. */
const MEMORY = '/dev/shm';
export const scratch = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'navi-random-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** I8: the moves that docs/SPEC.md draws; any other is refused where it is made. */
const WATCH_MOVES = `CREATE TEMP TRIGGER moves BEFORE UPDATE OF state ON main.outbox
  WHEN old.state <> new.state AND (old.state || ' ' || new.state) NOT IN ('queued sending', 'sending queued',
    'sending unknown', 'sending parked', 'unknown queued', 'unknown parked', 'parked queued')
  BEGIN SELECT RAISE(ABORT, 'I8: not a move of the outbox'); END`;

const SILENCE_MS = 60_000;

export class PowerCut extends Error {}

/** What happens at the n-th call to SQLite, besides failing: the power goes, or another window is quicker. */
export class Mishaps extends Faults {
  private hook: { at: number; call: () => void } | undefined;
  private seen = 0;

  setHook(at: number, call: () => void): void {
    this.hook = { at, call };
    this.seen = 0;
  }

  clear(): void {
    this.set(undefined);
    this.hook = undefined;
  }

  override around<T>(call: () => T): T {
    const { hook } = this;
    this.seen += 1;
    if (hook !== undefined && this.seen === hook.at) {
      // It happens once, and what it calls is not disturbed itself.
      this.hook = undefined;
      hook.call();
    }
    return super.around(call);
  }
}

export class Window {
  readonly id: string;
  readonly pid: number;
  readonly db: Connection;
  readonly store: Operations;
  readonly mishaps = new Mishaps();
  /** Stopped by the system: shows no sign of life, and may go on one day. */
  isStopped = false;
  /** The last one that it was given, however old. */
  lease: Lease | undefined;
  private readonly context: Context;

  constructor(world: World, n: number) {
    this.id = `window-${n}`;
    this.pid = n;
    this.db = connectFaulty(world.file, this.mishaps);
    migrate(this.db);
    this.db.exec(WATCH_MOVES);
    this.context = {
      db: this.db,
      session: { id: this.id, pid: n, host: 'here' },
      now: () => world.now,
      awakeSince: () => world.awakeSince,
      isAlive: (pid) => !world.dead.has(pid),
    };
    this.store = createOperations(this.context);
  }

  /** What a worker does every ten seconds while a reply of its window is open. */
  beat(): void {
    beat(this.context);
  }
}

let lives = 0;
let template: string | undefined;

export class World {
  now = 1_700_000_000_000;
  awakeSince = 0;
  readonly dead = new Set<number>();
  windows: Window[] = [];
  /** When each window last gave a sign of life, by its id. */
  readonly seenAlive = new Map<string, number>();
  private folder = newFolder();
  private opened = 0;

  constructor() {
    copyFileSync((template ??= makeTemplate()), this.file);
  }

  get file(): string {
    return join(this.folder, 'navi.db');
  }

  open(): Window {
    this.opened += 1;
    const window = new Window(this, this.opened);
    this.windows.push(window);
    return window;
  }

  /** True for a window that another one may take for dead. */
  isGone(windowId: string): boolean {
    if (this.dead.has(Number(windowId.replace('window-', '')))) return true;
    return this.now - Math.max(this.seenAlive.get(windowId) ?? 0, this.awakeSince) > SILENCE_MS;
  }

  /** Its process is gone; what it had not committed is too. */
  kill(window: Window): void {
    this.dead.add(window.pid);
    this.close(window);
  }

  close(window: Window): void {
    window.mishaps.clear();
    window.db.close();
    this.windows = this.windows.filter((one) => one !== window);
  }

  /** The bytes as they are this instant are all that is left. Returns what makes them the world's file. */
  freeze(): () => void {
    const left = newFolder();
    for (const suffix of ['', '-wal'])
      if (existsSync(this.file + suffix)) copyFileSync(this.file + suffix, join(left, `navi.db${suffix}`));
    return () => {
      for (const window of [...this.windows]) this.kill(window);
      rmSync(this.folder, { recursive: true });
      this.folder = left;
    };
  }

  /** True while somebody's write transaction is open. */
  isLocked(): boolean {
    const probe = new DatabaseSync(this.file, { timeout: 0 });
    try {
      probe.exec('BEGIN IMMEDIATE; ROLLBACK');
      return false;
    } catch {
      return true;
    } finally {
      probe.close();
    }
  }

  dispose(): void {
    for (const window of [...this.windows]) this.close(window);
    rmSync(this.folder, { recursive: true });
  }
}

function newFolder(): string {
  const folder = join(scratch, String((lives += 1)));
  mkdirSync(folder);
  return folder;
}

/** A migrated, empty file: copied for each history. */
function makeTemplate(): string {
  const file = join(scratch, 'template.db');
  const db = new Connection(file, () => undefined);
  migrate(db);
  db.close();
  return file;
}
