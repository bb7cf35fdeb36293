/** A window of a machine: a real file, real statements, a real engine; its worker, its timers and its requests on the agenda. */
import type { Connection } from '../../src/store/sqlite/connection.ts';
import { createOperations, type Operations } from '../../src/store/sqlite/operations.ts';
import type { SyncStore } from '../../src/store/outbox.ts';
import { StoreError, type ConversationStore } from '../../src/store/store.ts';
import { SyncEngine } from '../../src/sync/engine.ts';
import type { Owner } from './agenda.ts';
import type { Machine } from './machine.ts';
import { remoteThrough } from './network.ts';

type AnyCall = (...args: unknown[]) => unknown;

export class SimWindow implements Owner {
  readonly name: string;
  readonly machine: Machine;
  readonly db: Connection;
  readonly store: Operations;
  readonly engine: SyncEngine;
  isGone = false;
  isStopped = false;
  /** It was closed, and ends when its engine has. */
  isLeaving = false;
  /** Requests that the engine waits for. */
  inFlight = 0;
  private readonly listeners = new Set<() => void>();
  private isTold = false;
  /** The worker takes calls in their order, and answers in that order. */
  private freeAt = 0;
  private answeredAt = 0;

  constructor(machine: Machine, n: number) {
    const { world } = machine;
    this.machine = machine;
    this.name = `${machine.name}.${n}`;
    this.db = machine.db;
    this.store = createOperations({
      db: this.db,
      session: { id: this.name, pid: n, host: machine.name },
      now: () => machine.now(),
      awakeSince: () => 0,
      isAlive: (pid) => !machine.dead.has(pid),
    });
    this.engine = new SyncEngine({
      store: this.asWorker(),
      time: {
        now: () => machine.now(),
        after: (ms, callback) => world.agenda.after(ms, this, callback),
      },
      random: () => world.random.next(),
      log: {
        info: (text) => world.note(this, text),
        warn: () => undefined,
        error: (text, error) => world.engineError(this, text, error),
      },
    });
    this.configure(machine.account);
  }

  /** As the host does when its settings say so: undefined is off. */
  configure(account: string | undefined): void {
    const { world } = this.machine;
    this.store.useAccount(account);
    this.engine.configure(
      account === undefined ? undefined : { account, remote: remoteThrough(world, this, account) },
    );
  }

  /** Its process is gone, and with it whatever was not committed. */
  kill(): void {
    this.isGone = true;
    this.machine.dead.add(Number(this.name.split('.')[1]));
  }

  /** Something was committed on its machine. */
  tell(): void {
    if (this.isGone || this.isTold) return;
    this.isTold = true;
    const { agenda, random } = this.machine.world;
    agenda.after(random.int(1, 250), this, () => {
      this.isTold = false;
      for (const listener of this.listeners) listener();
    });
  }

  /** What a user does here, at once: one transaction, acknowledged. */
  act<T>(call: (store: Operations) => T): T {
    return this.machine.noticing(() => call(this.store));
  }

  private asWorker(): SyncStore & Pick<ConversationStore, 'onDidChange'> {
    const calls = this.store as unknown as Record<string, AnyCall>;
    const onDidChange = (listener: () => void) => {
      this.listeners.add(listener);
      return { dispose: () => this.listeners.delete(listener) };
    };
    return new Proxy({} as SyncStore & Pick<ConversationStore, 'onDidChange'>, {
      get: (_, name) => {
        if (name === 'onDidChange') return onDidChange;
        const call = calls[String(name)];
        return call && ((...args: unknown[]) => this.ask(String(name), args, () => call(...args)));
      },
    });
  }

  private ask(name: string, args: readonly unknown[], call: () => unknown): Promise<unknown> {
    const { world } = this.machine;
    const { agenda, random } = world;
    return new Promise((resolve, reject) => {
      this.freeAt = Math.max(this.freeAt, agenda.now() + workTime(random.next()));
      const work = (): void => {
        const answer = this.carryOut(name, args, call, resolve, reject);
        this.answeredAt = Math.max(this.answeredAt, agenda.now() + (random.chance(0.7) ? 0 : 1));
        if (this.answeredAt <= agenda.now()) answer();
        else agenda.after(this.answeredAt - agenda.now(), this, answer, `${this.name} answers`);
      };
      agenda.after(this.freeAt - agenda.now(), this, work, `${this.name} works`);
    });
  }

  /** Who has taken over since the lease was given that a call brings along. */
  private successorTo([lease]: readonly unknown[]): string | undefined {
    const token = typeof lease === 'object' && lease !== null && 'token' in lease ? lease.token : undefined;
    if (typeof token !== 'number') return undefined;
    const row = this.db.get<{ holder: string; token: number }>('SELECT holder, token FROM leases');
    return row !== undefined && row.token > token ? row.holder : undefined;
  }

  private carryOut(
    name: string,
    args: readonly unknown[],
    call: () => unknown,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): () => void {
    const { world } = this.machine;
    try {
      if (world.isStoreBusy())
        throw new StoreError('busy', 'Another window held the file for too long; nothing was changed.');
      const { version } = this.machine;
      const successor = this.successorTo(args);
      const value = this.machine.noticing(call);
      if (successor !== undefined && this.machine.version !== version)
        world.fail(`I8: ${name} of ${this.name} changed something after ${successor} had taken over`);
      world.stored(this, name, value);
      return () => resolve(value);
    } catch (error) {
      return () => reject(error);
    }
  }
}

/** Mostly at once; now and then the disk is slow. */
function workTime(chance: number): number {
  if (chance < 0.9) return Math.floor(chance * 4);
  return chance < 0.995 ? 20 : 400;
}
