/** All there is in one run: machines, the backend, what was said, and what may never be seen, checked where it would show. */
import type { JsonObject } from '../../src/model/json.ts';
import { LATEST_MS } from '../../src/sync/pushContext.ts';
import { MAX_REQUESTS } from '../../src/sync/times.ts';
import { RemoteError, type AppendWithId, type CreateWithId } from '../../src/sync/remote.ts';
import type { Lease } from '../../src/store/outbox.ts';
import { StoreError } from '../../src/store/store.ts';
import { MemoryBackend, type Backup, type BackendHabits } from '../support/memoryBackend.ts';
import type { Agenda } from './agenda.ts';
import { Machine } from './machine.ts';
import { drawFate, type Fate } from './network.ts';
import type { Random } from './random.ts';
import type { SimWindow } from './window.ts';

/** A message whose saving was acknowledged. */
export interface Said {
  readonly id: string;
  readonly conversationId: string;
  readonly machine: Machine;
  readonly text: string;
}

/** A stream of events, as the world ends it and asks for it. */
export interface OpenStream {
  breakOff(): void;
  /** It was cut before faults were over, and nobody has noticed. */
  isHanging(): boolean;
}

export class World {
  readonly random: Random;
  readonly agenda: Agenda;
  readonly backend: MemoryBackend;
  readonly machines: Machine[] = [];
  /** Accounts that its user has, each on the same backend. */
  readonly accounts: string[] = ['A'];
  readonly said: Said[] = [];
  private readonly saidById = new Map<string, Said>();
  /** Messages that the backend refuses for good, until the user says so. */
  readonly refused = new Set<string>();
  readonly streams = new Set<OpenStream>();
  /** Messages that were stepped over once: they lose their place. */
  readonly everParked = new Set<string>();
  /** Machines on which a conversation was deleted for good, by its id. */
  readonly purged = new Map<string, Set<Machine>>();
  /** What happened, for whoever has to understand it. */
  readonly trace: string[] = [];
  /** Windows whose old host is still there for some seconds. */
  readonly ending = new Set<SimWindow>();
  requests = 0;
  /** Faults are over. */
  isCalm = false;
  /** True time when the last request ended that had begun before that. */
  private hungAt = 0;
  /** True time when a request for a conversation or message last began, by its client id. */
  readonly begunAt = new Map<string, number>();
  /** The first thing that may not be. */
  failure: Error | undefined;
  /** The probability that a request is not simply answered. */
  trouble = 0;
  /** The probability that a call finds the file busy. */
  busyStore = 0;
  private readonly accountOf = new Map<string, string>();
  private readonly tokens = new Map<Machine, Lease & { readonly since: number }>();
  private ids = 0;
  private backup: Backup | undefined;
  /** How often the server was begun again with a backup of its data. */
  timesBack = 0;
  private readonly madeIds = new Set<string>();

  constructor(random: Random, agenda: Agenda, habits: BackendHabits) {
    this.random = random;
    this.agenda = agenda;
    this.backend = new MemoryBackend(habits, agenda.now());
    this.backend.onMade = (account, body) => this.made(account, body);
  }

  addMachine(account: string): Machine {
    const machine = new Machine(this, `m${this.machines.length + 1}`, account);
    this.machines.push(machine);
    return machine;
  }

  newId(): string {
    this.ids += 1;
    return `019a0000-0000-7000-8000-${String(this.ids).padStart(12, '0')}`;
  }

  say(said: Said): void {
    this.said.push(said);
    this.saidById.set(said.id, said);
  }

  note(window: SimWindow | undefined, what: string): void {
    this.trace.push(`${this.agenda.now() % 1_000_000_000} ${window?.name ?? '-'} ${what}`);
  }

  fail(message: string): void {
    this.failure ??= new Error(message);
  }

  fateOf(window: SimWindow): Fate {
    if (this.isCalm) return 'answered';
    return window.machine.isOnline ? drawFate(this, this.trouble) : 'not sent';
  }

  isStoreBusy(): boolean {
    return !this.isCalm && this.busyStore > 0 && this.random.chance(this.busyStore);
  }

  requestBegins(window: SimWindow, name: string, args: readonly unknown[]): void {
    this.requests += 1;
    for (const id of idsIn(name, args)) this.begunAt.set(id, this.agenda.now());
    window.inFlight += 1;
    if (window.inFlight > MAX_REQUESTS)
      this.fail(`I12: ${window.inFlight} requests in flight of ${window.name}`);
    const lease = this.tokens.get(window.machine);
    if (
      CHANGES.has(name) &&
      lease !== undefined &&
      lease.holder !== window.name &&
      this.agenda.now() - lease.since > LATEST_MS
    )
      this.fail(`I8: ${window.name} sends (${name}), though ${lease.holder} has the lease for long`);
  }

  /** `isOld`: it had begun before faults were over. */
  requestEnds(window: SimWindow, isOld: boolean): void {
    window.inFlight -= 1;
    if (isOld) this.hung(window);
  }

  /** What had begun before faults were over has ended. */
  hung(window: SimWindow): void {
    if (this.isCalm && !window.isGone) this.hungAt = this.agenda.now();
  }

  /** When the last of it ended; now while a stream is still open that has been silent since then. */
  get hungUntil(): number {
    return [...this.streams].some((stream) => stream.isHanging()) ? this.agenda.now() : this.hungAt;
  }

  /** A request of this account reaches the backend. Throws `RemoteError` where it is refused. */
  arrives(account: string, name: string, args: readonly unknown[]): void {
    this.backend.setTime(this.agenda.now());
    const owner = typeof args[0] === 'string' ? this.backend.conversations.get(args[0])?.owner : undefined;
    if (owner !== undefined && owner !== account)
      this.fail(`I10: ${account} asks for a conversation of ${owner} (${name})`);
    if (name !== 'appendAll' && idsIn(name, args).some((id) => this.refused.has(id)))
      throw new RemoteError('refused', 'Answered 422', { status: 422 });
  }

  backUp(): void {
    this.backup = this.backend.backUp();
  }

  /** What was made since may, and must, be made once more. */
  goBack(): void {
    if (this.backup === undefined) return;
    this.timesBack += 1;
    this.backend.goBackTo(this.backup);
    for (const stream of [...this.streams]) stream.breakOff();
    this.madeIds.clear();
    for (const { initial_context, messages } of this.backend.conversations.values()) {
      for (const id of [
        noteOf({ initial_context }, 'initial_context'),
        ...messages.map((one) => noteOf(one, 'metadata')),
      ])
        if (id !== undefined) this.madeIds.add(id);
    }
  }

  /** A row was made on the backend: none may be made twice, or for another account. */
  private made(account: string, body: CreateWithId | AppendWithId): void {
    const id = 'role' in body ? noteOf(body, 'metadata') : noteOf(body, 'initial_context');
    if (id === undefined) return;
    this.note(undefined, `made: ${id}`);
    if (this.madeIds.has(id)) this.fail(`I3: ${id} was made a second time`);
    this.madeIds.add(id);
    const conversationId = this.saidById.get(id)?.conversationId ?? id;
    const owner = this.accountOf.get(conversationId) ?? account;
    this.accountOf.set(conversationId, owner);
    if (owner !== account) this.fail(`I10: ${conversationId} of ${owner} was sent to ${account}`);
  }

  /** The backend has it. */
  isMade(id: string): boolean {
    return this.madeIds.has(id);
  }

  /** It was made while this account was known to exist: it may never reach another. */
  belongs(conversationId: string, account: string | null): void {
    if (account !== null) this.accountOf.set(conversationId, account);
  }

  /** I8: what each machine's file says of the lease rises, and each token has one holder. */
  stored(window: SimWindow, name: string, value: unknown): void {
    if (name !== 'takeLease') this.note(window, `${name}: ${JSON.stringify(value)}`);
    if (name !== 'takeLease' || value === undefined) return;
    const lease = value as Lease;
    const last = this.tokens.get(window.machine);
    if (
      last !== undefined &&
      (lease.token < last.token || (lease.token === last.token && lease.holder !== last.holder))
    )
      this.fail(`I8: ${window.name} was given token ${lease.token} after ${last.token} of ${last.holder}`);
    if (last?.token !== lease.token && isSendingSince(window, lease.token))
      this.fail(`I8: what was being sent when ${window.name} took over has no doubt about it`);
    if (last?.token !== lease.token) this.tokens.set(window.machine, { ...lease, since: this.agenda.now() });
  }

  /** The name of the window that has the lease. */
  leaderOf(machine: Machine): string | undefined {
    return this.tokens.get(machine)?.holder;
  }

  engineError(window: SimWindow, text: string, error: unknown): void {
    this.note(window, `error: ${text} ${String(error)}`);
    const isExpected = error instanceof StoreError && error.problem === 'busy' && this.busyStore > 0;
    if (!isExpected) this.fail(`${window.name}: ${text} ${String(error)}`);
  }

  dispose(): void {
    for (const machine of this.machines) machine.dispose();
  }
}

function isSendingSince({ db }: SimWindow, token: number): boolean {
  return db.get(`SELECT 1 FROM outbox WHERE state = 'sending' AND fence < ?`, token) !== undefined;
}

/** Requests that change something there. */
const CHANGES: ReadonlySet<string> = new Set([
  'create',
  'append',
  'appendAll',
  'patch',
  'delete',
  'take',
  'change',
  'purge',
]);

/** Client ids of what a request makes on the backend. */
function idsIn(name: string, args: readonly unknown[]): string[] {
  const ids =
    name === 'create'
      ? [noteOf(args[0], 'initial_context')]
      : name === 'append'
        ? [noteOf(args[1], 'metadata')]
        : name === 'appendAll'
          ? (args[1] as readonly unknown[]).map((one) => noteOf(one, 'metadata'))
          : [];
  return ids.filter((id) => id !== undefined);
}

/** The client id in the note of a body. */
function noteOf(body: unknown, key: 'metadata' | 'initial_context'): string | undefined {
  const context = (body as JsonObject)[key] as JsonObject | null | undefined;
  const note = context?.['navi'] as JsonObject | undefined;
  const id = note?.['id'];
  return typeof id === 'string' ? id : undefined;
}
