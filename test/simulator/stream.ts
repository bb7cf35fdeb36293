/** A stream of events on its way to a window: opened, told of what happens, cut, or silent until its end. */
import { changesOf } from '../support/memoryRemote.ts';
import { RemoteError, type RemoteEvent } from '../../src/sync/remote.ts';
import type { SimWindow } from './window.ts';
import type { OpenStream, World } from './world.ts';

/** A server says a word so often, and a client ends what is silent for so long; see sync/http/caller.ts. */
const WORD_EVERY_MS = 15_000;
const IDLE_MS = 45_000;

type Step = IteratorResult<RemoteEvent>;

export function eventsThrough(
  world: World,
  window: SimWindow,
  account: string,
  since: string | undefined,
  signal: AbortSignal,
): AsyncIterable<RemoteEvent> {
  return {
    [Symbol.asyncIterator]: () => new SimStream(world, window, account, since ?? '0', signal).open(),
  };
}

class SimStream implements AsyncIterator<RemoteEvent>, OpenStream {
  private readonly world: World;
  private readonly window: SimWindow;
  private readonly account: string;
  private cursor: string;
  private readonly signal: AbortSignal;
  private readonly isOld: boolean;
  private readonly told: RemoteEvent[] = [];
  private failure: Error | undefined;
  private isCut = false;
  private isComing = false;
  private waiting: { resolve: (step: Step) => void; reject: (error: Error) => void } | undefined;

  constructor(world: World, window: SimWindow, account: string, cursor: string, signal: AbortSignal) {
    this.world = world;
    this.window = window;
    this.account = account;
    this.cursor = cursor;
    this.signal = signal;
    this.isOld = !world.isCalm;
  }

  open(): this {
    const { world, window, signal } = this;
    const fate = world.fateOf(window);
    world.note(window, `events: ${fate}`);
    if (signal.aborted) this.end(cancelled());
    signal.addEventListener('abort', this.abort);
    if (fate === 'silent') this.isCut = true;
    if (fate === 'silent' || fate === 'answered') {
      world.backend.listeners.add(this.ring);
      world.streams.add(this);
      this.ring();
      this.watch(0);
    } else {
      const status = { 'signed out': 401, forbidden: 403, 'slow down': 429, unavailable: 503 }[
        fate as string
      ];
      const problem = fate === 'not sent' ? 'not-sent' : 'unknown';
      this.after(world.random.int(1, 10_000), () =>
        this.end(new RemoteError(problem, 'No stream', { ...(status !== undefined && { status }) })),
      );
    }
    return this;
  }

  next(): Promise<Step> {
    const event = this.told.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  return(): Promise<Step> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  private readonly abort = (): void => this.end(cancelled());

  /** Something was changed on the backend: it is told a moment later. */
  private readonly ring = (): void => {
    if (this.isComing || this.isCut) return;
    this.isComing = true;
    this.after(this.world.random.int(1, 60), () => this.tell());
  };

  /** The server is begun again; who hears nothing does not hear that either. */
  breakOff(): void {
    if (!this.isCut) this.after(this.world.random.int(1, 60), () => this.end(broken()));
  }

  isHanging(): boolean {
    return this.isCut && this.isOld && !this.window.isGone;
  }

  private tell(): void {
    const { world } = this;
    this.isComing = false;
    if (this.isLost()) return;
    const answer = changesOf(world.backend, this.account, this.cursor);
    if (answer.changes.length === 0) return;
    this.cursor = answer.cursor;
    world.note(this.window, `events: ${answer.changes.length} changes`);
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.told.push({ type: 'changes', answer });
    else waiting.resolve({ done: false, value: { type: 'changes', answer } });
    if (answer.has_more) this.ring();
  }

  /** True when nothing comes through any more, which shows now or by the silence. */
  private isLost(): boolean {
    const { world, window } = this;
    if (this.isCut) return true;
    if (world.isCalm || (window.machine.isOnline && !world.random.chance(world.trouble / 2))) return false;
    if (window.machine.isOnline && world.random.chance(0.5)) this.end(broken());
    else this.isCut = true;
    return true;
  }

  /** Word by word, as the server says them: the client counts the time without one. */
  private watch(silentMs: number): void {
    this.after(WORD_EVERY_MS, () => {
      const silent = this.isLost() ? silentMs + WORD_EVERY_MS : 0;
      if (silent >= IDLE_MS) this.end(broken());
      else this.watch(silent);
    });
  }

  private after(ms: number, act: () => void): void {
    this.world.agenda.after(ms, this.window, () => {
      if (this.failure === undefined) act();
    });
  }

  private end(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    if (this.isCut && this.isOld) this.world.hung(this.window);
    this.close();
    this.waiting?.reject(error);
    this.waiting = undefined;
  }

  private close(): void {
    this.failure ??= cancelled();
    this.world.backend.listeners.delete(this.ring);
    this.world.streams.delete(this);
    this.signal.removeEventListener('abort', this.abort);
  }
}

function broken(): RemoteError {
  return new RemoteError('unknown', 'The stream broke');
}

function cancelled(): RemoteError {
  return new RemoteError('unknown', 'The stream was cancelled');
}
