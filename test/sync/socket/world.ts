/** One backend, one proxy and one machine for many faults, on a clock that is turned by hand. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Ability } from '../../../src/protocol/abilities.ts';
import { HandTurnedClock } from '../../http/clock.ts';
import { HandClock } from '../../support/clock.ts';
import { TestMachine } from '../../support/machines.ts';
import { memoryFolder, type TempFolder } from '../../support/tempFolder.ts';
import { openThreadStore } from '../../support/threadStore.ts';
import {
  WireProxy,
  type WireAnswer,
  type WireExchange,
  type WireFault,
  type WireRequest,
} from '../../support/wireProxy.ts';
import type { Backend, RunningBackend } from './backends.ts';
import { faultAt, type FaultTools, type Phase, type SocketFault } from './faults.ts';
import { CAPABILITIES, EVENTS, OPERATIONS, operationOf, type Operation } from './requests.ts';

export const TOKEN = 'a-secret-token';
/** No request waits longer for its answer. */
const DEADLINE_MS = 30_000;
/** Virtual time between two looks. */
const STEP_MS = 2_000;

interface Armed {
  readonly fault: SocketFault;
  readonly phase: Phase;
  readonly left: Map<Operation, number>;
  readonly hits: Map<Operation, number>;
  readonly seen: Map<Operation, number>;
}

export class World {
  readonly clock = new HandClock();
  readonly backend: Backend;
  readonly machine: TestMachine;
  readonly proxy: WireProxy;
  readonly server: RunningBackend;
  readonly random: () => number;
  private readonly deadlines: HandTurnedClock;
  private readonly folder: TempFolder;
  private readonly trap: Server;
  private trapped = 0;
  private armed: Armed | undefined;
  /** Instead of passing on the stream of events, and what is announced. */
  events: WireFault | undefined;
  capabilities: WireFault | undefined;
  private variant = 0;
  private readonly answers = new Map<string, WireAnswer>();

  static async open(backend: Backend, random: () => number): Promise<World> {
    const trap = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1');
    await once(trap, 'listening');
    const clock = new HandClock();
    const world = new World(backend, random, trap, clock, await backend.start(() => clock.now()));
    await world.proxy.accept();
    return world;
  }

  private constructor(
    backend: Backend,
    random: () => number,
    trap: Server,
    clock: HandClock,
    server: RunningBackend,
  ) {
    this.backend = backend;
    this.random = random;
    this.trap = trap.on('request', () => (this.trapped += 1));
    this.clock = clock;
    this.server = server;
    this.folder = memoryFolder();
    this.deadlines = new HandTurnedClock();
    this.machine = new TestMachine({
      clock,
      random,
      store: openThreadStore(this.folder.path, () => clock.now()),
      startTimer: this.deadlines.startTimer,
    });
    this.proxy = new WireProxy(server.address, {
      now: () => clock.now(),
      choose: (request) => this.choose(request),
      // Nothing more comes, so the client's deadline is what comes next.
      onStall: () => this.deadlines.turn(DEADLINE_MS),
    });
  }

  /** As at the start of a window. */
  async connect(): Promise<void> {
    await this.machine.connect(this.proxy.url, TOKEN);
  }

  /** From now on the next one or two requests of each kind meet the fault. */
  async arm(fault: SocketFault, phase: Phase): Promise<void> {
    const times = (): number => 1 + Math.floor(this.random() * 2);
    const kinds = fault.isForWrites === true || fault.how === 'refuse' ? this.operations(fault) : OPERATIONS;
    const left = new Map(kinds.map((operation) => [operation, times()]));
    this.armed = { fault, phase, left, hits: new Map(), seen: new Map() };
    if (fault.how === 'refuse') await this.proxy.refuse();
  }

  /** The kinds of requests that a fault meets here, whatever the client does with what is announced. */
  operations(fault: SocketFault): readonly Operation[] {
    if (fault.how === 'refuse') return [];
    // A feed of changes brings what would be read otherwise, events what would be asked for; clocks make a deletion a change.
    const has = (ability: Ability): boolean => this.backend.abilities?.includes(ability) === true;
    const isFed = has('changes') || has('events');
    return OPERATIONS.filter((operation) => {
      if (operation === 'delete') return !has('clocks');
      return (operation !== 'list' && operation !== 'read') || (!isFed && fault.isForWrites !== true);
    });
  }

  /** How often each kind of request has met the fault. */
  get hits(): ReadonlyMap<Operation, number> {
    return this.armed?.hits ?? new Map<Operation, number>();
  }

  async disarm(): Promise<void> {
    this.armed = undefined;
    await this.proxy.accept();
  }

  /** Lets the engine work, turning the clock, until `condition` holds; false when it does not within this virtual time. */
  async until(condition: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
    const end = this.clock.now() + withinMs;
    for (;;) {
      await this.machine.whenIdle();
      await this.proxy.whenServed();
      // What closed is heard of, and what is late goes on.
      await turn();
      if (await condition()) return true;
      if (this.clock.now() >= end) return false;
      this.clock.advance(STEP_MS);
    }
  }

  /** The client has waited longer for an answer, or for a word of a stream, than it ever does. */
  waitOut(): void {
    this.deadlines.turn(2 * DEADLINE_MS);
  }

  /** Of another origin, which nobody may ever ask. */
  get trapAddress(): string {
    return this.tools().trap;
  }

  /** The redirects led nowhere. */
  assertNotTrapped(): void {
    assert.equal(this.trapped, 0, 'I11: another origin was asked');
  }

  async close(): Promise<void> {
    await this.machine.stop();
    await this.proxy.close();
    await this.server.close();
    this.trap.closeAllConnections();
    this.trap.close();
    this.folder.dispose();
  }

  private choose(request: WireRequest): WireFault {
    const operation = operationOf(request);
    const fault = operation === undefined ? undefined : this.faultFor(operation);
    if (fault !== undefined) return fault;
    if (request.path.startsWith(EVENTS)) return this.events ?? ((exchange) => exchange.stream());
    if (request.path.startsWith(CAPABILITIES))
      return this.capabilities ?? ((exchange) => this.announce(exchange));
    return async (exchange) => {
      const answer = await exchange.forward();
      if (answer.status === 200) this.answers.set(`${request.method} ${operation ?? ''}`, answer);
      exchange.answer(answer);
    };
  }

  private faultFor(operation: Operation): WireFault | undefined {
    const { armed } = this;
    const left = armed?.left.get(operation) ?? 0;
    if (armed === undefined || left === 0) return undefined;
    const seen = armed.seen.get(operation) ?? 0;
    armed.seen.set(operation, seen + 1);
    if (armed.fault.how === 'flap' && seen % 2 === 1) return undefined;
    armed.left.set(operation, left - 1);
    armed.hits.set(operation, (armed.hits.get(operation) ?? 0) + 1);
    return faultAt(armed.fault, armed.phase, this.tools());
  }

  private tools(): FaultTools {
    return {
      trap: `http://127.0.0.1:${(this.trap.address() as AddressInfo).port}`,
      next: () => this.variant++,
      later: (callback) => void this.clock.after(this.random() * 50_000, callback),
      earlier: ({ request }) => this.answers.get(`${request.method} ${operationOf(request) ?? ''}`),
    };
  }

  private async announce(exchange: WireExchange): Promise<void> {
    const answer = await exchange.forward();
    const { abilities } = this.backend;
    if (abilities === undefined) {
      exchange.answer({ ...answer, status: 404, body: Buffer.from('{"detail":"Not Found"}') });
      return;
    }
    const told = JSON.parse(answer.body.toString()) as object;
    exchange.answer({ ...answer, body: Buffer.from(JSON.stringify({ ...told, abilities })) });
  }
}
