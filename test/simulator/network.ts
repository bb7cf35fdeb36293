/** What lies between an engine and its backend: time, and whatever can happen to a request on its way there and back. */
import { RemoteError, type AnnouncedRemote, type Remote } from '../../src/sync/remote.ts';
import { memoryRemote } from '../support/memoryRemote.ts';
import { eventsThrough } from './stream.ts';
import type { SimWindow } from './window.ts';
import type { World } from './world.ts';

/** The client gives a request up after so long, and no request acts later than its life; see http/client.ts, sync/engine.ts. */
const DEADLINE_MS = 30_000;
const LIFE_MS = 60_000;
/** Who is asked to go slower without a time waits so long; see sync/machine.ts. */
const SLOW_DOWN_MS = 30_000;

const FATES = {
  'not sent': 3,
  lost: 2,
  'answer lost': 4,
  late: 2,
  'failed before': 2,
  'failed after': 2,
  unavailable: 1,
  'slow down': 1,
  'signed out': 0.4,
  forbidden: 0.2,
  silent: 1,
} as const;
export type Fate = keyof typeof FATES | 'answered';

const POSTS: ReadonlySet<string> = new Set(['create', 'append', 'take', 'appendAll']);

const READS: ReadonlySet<string> = new Set([
  'list',
  'read',
  'history',
  'abilities',
  'page',
  'changes',
  'fullList',
]);

type Act = () => Promise<unknown>;

/** The backend as one window reaches it, signed in as `account`. */
export function remoteThrough(world: World, window: SimWindow, account: string): Remote {
  const there = memoryRemote(world.backend, account);
  const plain = callsThrough<Remote>(world, window, account, there);
  const announced = callsThrough<AnnouncedRemote>(world, window, account, there.announced);
  return new Proxy(plain, {
    get: (target, name) => (name === 'announced' ? announced : (Reflect.get(target, name) as unknown)),
  });
}

/** Each call by its name, whichever there are. */
function callsThrough<T extends object>(world: World, window: SimWindow, account: string, there: T): T {
  const never = new AbortController().signal;
  return new Proxy(there, {
    get: (target, key) => {
      const call: unknown = Reflect.get(target, key);
      if (typeof call !== 'function') return undefined;
      const name = String(key);
      if (name === 'events')
        return (since: string | undefined, signal: AbortSignal) =>
          eventsThrough(world, window, account, since, signal);
      return (...args: unknown[]) => {
        const { timesBack } = world;
        const act: Act = async () => {
          // A server that is begun again knows nothing of requests from before.
          if (world.timesBack !== timesBack) throw new RemoteError('unknown', 'The connection broke');
          world.arrives(account, name, args);
          return (await Reflect.apply(
            call,
            target,
            args.map((one) => (one instanceof AbortSignal ? never : one)),
          )) as unknown;
        };
        return new Request(world, window, name, args).send(act);
      };
    },
  });
}

class Request {
  private readonly world: World;
  private readonly window: SimWindow;
  private readonly name: string;
  private readonly args: readonly unknown[];
  private readonly signal: AbortSignal;
  private isActed = false;
  private isCalledOff = false;
  private end: ((settle: () => void) => void) | undefined;

  constructor(world: World, window: SimWindow, name: string, args: readonly unknown[]) {
    this.world = world;
    this.window = window;
    this.name = name;
    this.args = args;
    this.signal = args.find((one) => one instanceof AbortSignal) ?? new AbortController().signal;
  }

  async send(act: Act): Promise<unknown> {
    if (this.signal.aborted) throw new RemoteError('not-sent', 'The request was cancelled');
    const { world, window, name, signal } = this;
    let isOpen = true;
    const isOld = !world.isCalm;
    world.requestBegins(window, name, this.args);
    const close = (): void => {
      if (isOpen) world.requestEnds(window, isOld);
      isOpen = false;
    };
    const fate = world.fateOf(window);
    world.note(window, `${name}: ${fate}`);
    let abort = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        this.end = (settle) => {
          this.end = undefined;
          settle();
        };
        abort = () => {
          close();
          this.cancelled(reject);
        };
        signal.addEventListener('abort', abort);
        this.meet(fate, act, resolve, reject);
      });
    } finally {
      signal.removeEventListener('abort', abort);
      close();
    }
  }

  private cancelled(reject: (error: Error) => void): void {
    const isSent = this.isActed || this.world.random.chance(0.8);
    this.isCalledOff = !isSent;
    this.end?.(() => reject(new RemoteError(isSent ? 'unknown' : 'not-sent', 'The request was cancelled')));
  }

  private meet(
    fate: Fate,
    act: Act,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const { random } = this.world;
    const way = this.world.isCalm || random.chance(0.9) ? random.int(1, 60) : random.int(60, 2_000);
    const back = random.int(1, 60);
    const fail = (ms: number, error: RemoteError): void => this.deliver(ms, () => reject(error));
    const cut = new RemoteError('unknown', 'The connection broke');
    switch (fate) {
      case 'answered':
        this.actAndAnswer(way, back, act, resolve, reject);
        break;
      case 'silent':
        this.actAndAnswer(way, random.int(5_000, DEADLINE_MS - 3_000), act, resolve, reject);
        break;
      case 'not sent':
        fail(random.int(1, 10_000), new RemoteError('not-sent', 'No connection'));
        break;
      case 'lost':
        fail(random.chance(0.5) ? DEADLINE_MS : random.int(1, DEADLINE_MS), cut);
        break;
      case 'answer lost':
        this.act(way, act);
        fail(way + random.int(0, 5_000), cut);
        break;
      case 'late':
        // Not longer than a request may live; it began up to some seconds after it was noted.
        this.act(random.int(DEADLINE_MS, LIFE_MS - 6_000), act);
        fail(DEADLINE_MS, cut);
        break;
      case 'failed before':
        fail(way + back, status('unknown', 500));
        break;
      case 'failed after':
        this.act(way, act);
        fail(way + back, status('unknown', 500));
        break;
      case 'unavailable': {
        const wait = random.chance(0.5) ? random.int(1_000, 20_000) : undefined;
        if (random.chance(0.3)) this.act(way, act);
        const isPost = POSTS.has(this.name);
        this.names(way + back, wait ?? (isPost ? 0 : SLOW_DOWN_MS));
        fail(way + back, status(isPost ? 'unknown' : 'slow-down', 503, wait));
        break;
      }
      case 'slow down': {
        const wait = random.int(1_000, 15_000);
        this.names(way + back, wait);
        fail(way + back, status('slow-down', 429, wait));
        break;
      }
      case 'signed out':
        fail(way + back, status('signed-out', 401));
        break;
      case 'forbidden':
        fail(way + back, status('forbidden', 403));
        break;
    }
  }

  /** The backend does it, and nobody hears of it. */
  private act(ms: number, act: Act): void {
    this.takesEffectIn(ms);
    this.world.agenda.after(ms, undefined, () => {
      if (this.isCalledOff) return;
      // A cancellation may not say any more that it was not sent.
      this.isActed = true;
      void act().catch(() => undefined);
    });
  }

  private actAndAnswer(
    way: number,
    back: number,
    act: Act,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    this.takesEffectIn(way);
    this.world.agenda.after(way, undefined, () => {
      if (this.isCalledOff) return;
      this.isActed = true;
      act().then(
        (value) => this.deliver(back, () => resolve(value)),
        (error: unknown) => this.deliver(back, () => reject(error as Error)),
      );
    });
  }

  /** The backend will name a time: what waits for it waits so long after the answer. */
  private names(ms: number, waitMs: number): void {
    const answeredAt = this.world.agenda.now() + ms;
    const { named, ahead } = this.window.machine;
    named.push({ answeredAt, until: answeredAt + waitMs, ahead });
  }

  private takesEffectIn(ms: number): void {
    if (READS.has(this.name)) return;
    const { machine } = this.window;
    machine.pendingUntil = Math.max(machine.pendingUntil, this.world.agenda.now() + ms);
  }

  private deliver(ms: number, settle: () => void): void {
    this.world.agenda.after(ms, this.window, () => this.end?.(settle));
  }
}

/** What becomes of the next request: `trouble` is the probability that it is not simply answered. */
export function drawFate({ random }: World, trouble: number): Fate {
  return random.chance(trouble) ? random.weighted(FATES) : 'answered';
}

function status(problem: RemoteError['problem'], code: number, retryAfterMs?: number): RemoteError {
  return new RemoteError(problem, `Answered ${code}`, {
    status: code,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
