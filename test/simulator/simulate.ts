/** One life of a few machines, from a seed: trouble, then calm, then everything agrees. */
import type { Ability } from '../../src/protocol/abilities.ts';
import { Timetable } from './agenda.ts';
import { Agreement } from './agree.ts';
import { act, ACTS, clickAgain, goOn, retryParked } from './chaos.ts';
import { Random } from './random.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  readonly failure: Error | undefined;
  readonly trace: readonly string[];
  /** Milliseconds of virtual time from the end of faults until all agreed. */
  readonly agreedAfter: number;
  readonly said: number;
  readonly requests: number;
}

const LONGEST_MS = 10 * 60_000;
const LOOK_EVERY_MS = 250;
/** The same is asked of nobody more often. */
const HELP_EVERY_MS = 5_000;
/** Nothing goes on by itself once all agree. */
const REST_MS = 35_000;

export async function simulate(seed: number, abilities: readonly Ability[] = []): Promise<Outcome> {
  const timetable = new Timetable();
  const world = prepare(seed, timetable, abilities);
  let agreedAfter = 0;
  try {
    await trouble(world, timetable);
    calm(world);
    // A request that acts late is a fault until it has.
    const calmAt = Math.max(timetable.now(), ...world.machines.map(({ pendingUntil }) => pendingUntil));
    for (const account of world.accounts) {
      if (world.failure !== undefined) break;
      for (const machine of world.machines) if (machine.account !== account) machine.setAccount(account);
      await agree(world, timetable, account);
      if (account === 'A') agreedAfter = Math.max(0, timetable.now() - calmAt);
      await rest(world, timetable, account);
      await newcomer(world, timetable, account);
    }
  } catch (error) {
    world.failure ??= error as Error;
  } finally {
    world.dispose();
  }
  const { failure, trace, said, requests } = world;
  return { seed, failure, trace, agreedAfter, said: said.length, requests };
}

function prepare(seed: number, timetable: Timetable, abilities: readonly Ability[]): World {
  const random = new Random(seed);
  // Who announces anything refuses no fields.
  const refusesFields = random.chance(0.2) && abilities.length === 0;
  const world = new World(random, timetable, {
    refusesFields,
    door: refusesFields || random.chance(0.3) ? 'open' : 'missing',
    updatesAhead: random.pick([0, 0, 3, 3_600_000_000]) ?? 0,
    abilities,
    ...(random.chance(0.3) && { tieEvery: random.int(2, 4) }),
  });
  world.trouble = random.pick([0, 0.05, 0.2, 0.5]) ?? 0;
  world.busyStore = random.pick([0, 0, 0.01]) ?? 0;
  for (let n = random.pick([1, 1, 2, 2, 3]) ?? 1; n > 0; n -= 1) {
    const machine = world.addMachine('A');
    for (let windows = random.int(1, 2); windows > 0; windows -= 1) machine.open();
  }
  if (random.chance(0.2)) world.accounts.push('B');
  return world;
}

async function trouble(world: World, timetable: Timetable): Promise<void> {
  const { random } = world;
  const weights = { ...ACTS, 'change the account': world.accounts.length > 1 ? 3 : 0 };
  const isOver = () => world.failure !== undefined;
  for (let n = random.int(6, 32); n > 0 && !isOver(); n -= 1) {
    act(world, weights);
    const pause = random.chance(0.1) ? random.int(5_000, 40_000) : random.int(0, 3_000);
    await timetable.runUntil(timetable.now() + pause, isOver);
  }
}

/** Faults end, and windows go on. */
export function calm(world: World): void {
  world.isCalm = true;
  world.note(undefined, 'faults are over');
  world.refused.clear();
  for (const machine of world.machines) {
    machine.isOnline = true;
    for (const window of machine.windows) goOn(world, window);
    if (machine.windows.length === 0) machine.open();
  }
}

/** The user does what is asked for: signs in, looks again, says Retry where something was refused. */
export function help(world: World): void {
  for (const machine of world.machines) {
    const [window] = machine.windows;
    if (window === undefined || machine.helpedAt > world.agenda.now() - HELP_EVERY_MS) continue;
    retryParked(world, window, true);
    clickAgain(window);
    const { link } = window.store.readLinkStatus();
    if (link !== 'signedOut' && link !== 'denied') continue;
    machine.helpedAt = world.agenda.now();
    if (link === 'signedOut') machine.setAccount(machine.account);
    else for (const one of machine.windows) one.engine.syncNow();
  }
}

async function agree(world: World, timetable: Timetable, account: string): Promise<void> {
  const agreement = new Agreement(world, account);
  const end = timetable.now() + LONGEST_MS;
  let lacking: string | undefined;
  while (world.failure === undefined && (lacking = underWay(world) ?? agreement.lacking()) !== undefined) {
    help(world);
    if (timetable.now() > end) throw new Error(`I5: not within ${LONGEST_MS} ms: ${lacking}`);
    await timetable.runUntil(timetable.now() + LOOK_EVERY_MS, () => world.failure !== undefined);
  }
  agreement.check();
}

/** What acts late may still change what all agree on. */
function underWay({ machines, agenda }: World): string | undefined {
  const late = machines.find(({ pendingUntil }) => pendingUntil > agenda.now());
  return late && `${late.name} has a request under way`;
}

async function rest(world: World, timetable: Timetable, account: string): Promise<void> {
  const lastChange = world.backend.lastChangeOf(account);
  const { requests } = world;
  await timetable.runUntil(timetable.now() + REST_MS, () => world.failure !== undefined);
  if (world.backend.lastChangeOf(account) !== lastChange)
    world.fail('I5: the server is changed when all had agreed');
  const each = (world.requests - requests) / world.machines.length;
  if (each > 12) world.fail(`I12: ${each} requests a machine in ${REST_MS} ms of rest`);
  const lacking = new Agreement(world, account).lacking();
  if (lacking !== undefined) world.fail(`I5: no longer agreed: ${lacking}`);
}

/** A machine that is new reads it all from the server. */
async function newcomer(world: World, timetable: Timetable, account: string): Promise<void> {
  if (world.failure !== undefined) return;
  world.addMachine(account).open();
  await agree(world, timetable, account);
}
