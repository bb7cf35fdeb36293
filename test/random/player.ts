/** Plays steps on real windows and on the model, and compares what came of them. */
import assert from 'node:assert/strict';
import type { Operations } from '../../src/store/sqlite/operations.ts';
import { StoreError, type StoreProblem } from '../../src/store/store.ts';
import { sqliteCode } from '../../src/store/sqlite/connection.ts';
import type { Lease } from '../../src/store/outbox.ts';
import type { ConversationChange } from '../../src/store/organise.ts';
import type { PurgeEntry } from '../../src/store/trash.ts';
import { Backend } from './backend.ts';
import { compareAll, compareHidden, compareTalk } from './compare.ts';
import { History, type Expected, type Talk } from './history.ts';
import { PowerCut, World, type Window } from './world.ts';

/** `full`: one call fails. `busy`: another window has the file just then. `late`: done, and reported as failed. */
export type MishapKind = 'full' | 'busy' | 'late' | 'killed' | 'power' | 'interleaved';

export interface Mishap {
  readonly kind: MishapKind;
  /** Which call to SQLite, from 1. */
  readonly at: number;
  /** Which transaction of the step, from 0. */
  readonly act: number;
}

export interface Step {
  readonly kind: string;
  readonly window: number;
  readonly talk: number;
  /** Chooses among what the step can be done to. */
  readonly n: number;
  readonly mishap?: Mishap | undefined;
}

/** The step ended half-way; what it leaves was compared. */
class Cut extends Error {}

const MOST_WINDOWS = 4;
const FULL_LOOK_EVERY = 20;

export class Player {
  readonly world = new World();
  readonly backend = new Backend();
  history = new History();
  /** Conversations that were made on this machine. */
  readonly ids: string[] = [];
  /** A word of each message that was ever written: search looks for them. */
  readonly words: string[] = [];
  readonly acts: string[] = [];
  undo: readonly ConversationChange[] = [];
  previews: { readonly entry: PurgeEntry; readonly touches: number }[] = [];
  /** As it must be in the file. */
  lease: Lease & { expiresAt: number } = { holder: '', token: 0, expiresAt: 0 };
  confirmedAt = Infinity;
  /** Carries out a step without a mishap; of another window, in the middle of one of ours. */
  onInterleave: (window: Window) => void = () => undefined;
  private made = 0;
  private mishap: Mishap | undefined;
  private touched = new Set<string>();
  private played = 0;

  get now(): number {
    return this.world.now;
  }

  newId(): string {
    this.made += 1;
    return `019a0000-0000-7000-8000-${String(this.made).padStart(12, '0')}`;
  }

  /** A text with a word of its own. */
  newText(n = 0): string {
    const word = `w${String(this.words.length).padStart(4, '0')}q`;
    this.words.push(word);
    const flavours = ['', ' plain', ' 漢字かな', ' 😀 café', ' half \ud83d', ' "quoted" OR -x*'];
    return `${word}${flavours[n % flavours.length] ?? ''}`;
  }

  /** At most eight of the words, from the first to the last. */
  someWords(): string[] {
    const { words } = this;
    return words.filter((_, index) => index % Math.ceil(words.length / 8) === 0);
  }

  window(n: number): Window {
    const { world } = this;
    const window = world.windows[n % Math.max(1, world.windows.length)] ?? world.open();
    window.isStopped = false;
    return window;
  }

  /** One more; above four, the oldest dies, unless it is `spared`. */
  open(spared?: Window): Window {
    const { world } = this;
    const oldest = world.windows.find((window) => window !== spared);
    if (world.windows.length >= MOST_WINDOWS && oldest !== undefined) world.kill(oldest);
    return world.open();
  }

  /** One of the conversations, purged ones among them. */
  id(n: number): string {
    return this.ids[n % this.ids.length] ?? '';
  }

  talk(n: number): Talk | undefined {
    return this.history.talk(this.id(n));
  }

  touch(...ids: readonly string[]): void {
    for (const id of ids) this.touched.add(id);
  }

  /** Plays one step, and looks at what it touched through the window that did it. */
  play(step: Step, carryOut: (window: Window) => void): void {
    const window = this.window(step.window);
    this.mishap = step.mishap;
    this.touched = new Set();
    this.acts.length = 0;
    try {
      carryOut(window);
    } catch (error) {
      if (!(error instanceof Cut)) throw error;
    } finally {
      this.mishap = undefined;
    }
    this.played += 1;
    const looking = this.world.windows.includes(window) ? window : this.window(step.n);
    if (this.played % FULL_LOOK_EVERY === 0) compareAll(this.window(step.n).store, this.history);
    else for (const id of this.touched) compareTalk(looking.store, this.history, id);
  }

  /**
   * One call of the store: one transaction. `expected` does the same to the model and says with which problem it is
   * refused. A call that a mishap has cut has happened or has not: the file says which.
   */
  act<T>(
    window: Window,
    call: (store: Operations) => T,
    expected: (history: History) => Expected,
  ): T | undefined {
    const mishap = this.acts.push(window.id) - 1 === this.mishap?.act ? this.mishap : undefined;
    const thaw = mishap === undefined ? undefined : this.arm(window, mishap);
    let problem: StoreProblem | undefined;
    let value: T | undefined;
    try {
      value = call(window.store);
    } catch (error) {
      if (isCut(error, window)) return this.afterCut(window, mishap, thaw, expected);
      if (!(error instanceof StoreError)) throw error;
      problem = error.problem;
    } finally {
      window.mishaps.clear();
    }
    assert.equal(problem, expected(this.history), 'refused for this reason');
    return value;
  }

  private arm(window: Window, { kind, at }: Mishap): { now?: () => void } {
    const { mishaps } = window;
    const thaw: { now?: () => void } = {};
    if (kind === 'full') mishaps.set({ name: 'FULL', at, how: 'once' });
    else if (kind === 'busy') mishaps.set({ name: 'BUSY', at, how: 'once' });
    else if (kind === 'late') mishaps.set({ name: 'IOERR', at, how: 'after' });
    else if (kind === 'killed') mishaps.set({ name: 'IOERR', at, how: 'for good' });
    else if (kind === 'power')
      mishaps.setHook(at, () => {
        thaw.now = this.world.freeze();
        throw new PowerCut();
      });
    else
      mishaps.setHook(at, () => {
        if (!this.world.isLocked()) this.onInterleave(window);
      });
    return thaw;
  }

  private afterCut(
    window: Window,
    mishap: Mishap | undefined,
    thaw: { now?: () => void } | undefined,
    expected: (history: History) => Expected,
  ): never {
    window.mishaps.clear();
    if (thaw?.now !== undefined) thaw.now();
    else if (mishap?.kind === 'killed') this.world.kill(window);
    const after = this.history.copy();
    expected(after);
    const linked = after.talks
      .filter(({ id, remoteId }) => this.history.talk(id)?.remoteId !== remoteId)
      .map(({ id }) => id);
    const { store } = this.window(0);
    try {
      compareAll(store, this.history);
      compareHidden(store, this.history, linked);
    } catch {
      compareAll(store, after);
      compareHidden(store, after, linked);
      this.history = after;
    }
    throw new Cut();
  }
}

function isCut(error: unknown, { mishaps }: Window): boolean {
  if (error instanceof PowerCut) return true;
  const isPlanted =
    sqliteCode(error) !== undefined || (error instanceof StoreError && error.problem === 'unavailable');
  return mishaps.struck && isPlanted;
}
