/** One life of a few machines, from a seed: trouble, then calm, then everything agrees. */
import type { Ability } from '../../src/protocol/abilities.ts';
import { Timetable } from './agenda.ts';
import { Agreement } from './agree.ts';
import { calm, comeBack, help, waitsOf, type Wait } from './calm.ts';
import { act, ACTS } from './chaos.ts';
import { Random } from './random.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly seed: number;
  readonly failure: Error | undefined;
  readonly trace: readonly string[];
  readonly agreement: Agreed;
  readonly said: number;
  readonly requests: number;
}

/** How all came to agree. */
export interface Agreed {
  /** Users were there, and said Sync Now when faults were over. */
  readonly isBack: boolean;
  /** What was still waited for then. */
  readonly waits: readonly Wait[];
  /** Milliseconds of virtual time from the end of faults, and of these waits, until all agreed. */
  readonly after: number;
  /** The same without taking the waits off. */
  readonly inAll: number;
}

/** So long after the end of faults, and of what they began, all agree. */
export const AGREED_MS = 30_000;
/** Where nobody says Sync Now: a back-off, and two pulls of other machines, of half a minute each. */
export const UNATTENDED_MS = 95_000;
/**
 * What the server has lost is found within a quarter of an hour, when more than half is missing five minutes later, and sent by
 * others than its writer forty minutes after that.
 */
const FOUND_MS = 75 * 60_000;
const LOOK_EVERY_MS = 250;
/** What was sent last is looked for once more, and read, however much that was. */
const CONFIRMED_MS = 10_000;
/** Nothing goes on by itself after that. */
const REST_MS = 35_000;

/** `goesBack`: the server goes back to backups, also when faults are over. */
export async function simulate(
  seed: number,
  abilities: readonly Ability[] = [],
  goesBack = false,
): Promise<Outcome> {
  const timetable = new Timetable();
  const world = prepare(seed, timetable, abilities);
  let agreement: Agreed = { isBack: false, waits: [], after: 0, inAll: 0 };
  try {
    await trouble(world, timetable, abilities, goesBack);
    if (goesBack && world.random.chance(0.5)) world.goBack();
    const isBack = world.random.chance(0.5);
    calm(world);
    for (const account of world.accounts) {
      if (world.failure !== undefined) break;
      for (const machine of world.machines) if (machine.account !== account) machine.setAccount(account);
      if (isBack) comeBack(world);
      const agreed = await agree(world, timetable, account, isBack, goesBack);
      if (account === 'A') agreement = agreed;
      await rest(world, timetable, account, isBack);
      await newcomer(world, timetable, account, isBack, goesBack);
    }
  } catch (error) {
    world.failure ??= error as Error;
  } finally {
    world.dispose();
  }
  const { failure, trace, said, requests } = world;
  return { seed, failure, trace, agreement, said: said.length, requests };
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

async function trouble(
  world: World,
  timetable: Timetable,
  abilities: readonly Ability[],
  goesBack: boolean,
): Promise<void> {
  const { random } = world;
  const weights = {
    ...ACTS,
    // Where no clocks are kept, tags stay where they are.
    tag: abilities.includes('clocks') ? 3 : 0,
    'change the account': world.accounts.length > 1 ? 3 : 0,
    'back the server up': goesBack ? 4 : 0,
    'take the server back to its backup': goesBack ? 3 : 0,
  };
  const isOver = () => world.failure !== undefined;
  for (let n = random.int(6, 32); n > 0 && !isOver(); n -= 1) {
    act(world, weights);
    const pause = random.chance(0.1) ? random.int(5_000, 40_000) : random.int(0, 3_000);
    await timetable.runUntil(timetable.now() + pause, isOver);
  }
}

async function agree(
  world: World,
  timetable: Timetable,
  account: string,
  isBack: boolean,
  goesBack: boolean,
): Promise<Agreed> {
  const agreement = new Agreement(world, account);
  const begun = timetable.now();
  const waits = waitsOf(world, isBack);
  const limit = goesBack ? FOUND_MS : isBack ? AGREED_MS : UNATTENDED_MS;
  for (;;) {
    // First, so that nothing is left that only the user can end.
    if (help(world)) waits.add('the user', timetable.now() + 1);
    const lacking = underWay(world) ?? agreement.lacking();
    if (lacking === undefined || world.failure !== undefined) break;
    if (timetable.now() > waits.endGiven(world.hungUntil) + limit)
      throw new Error(`I5: not within ${limit} ms: ${lacking}`);
    const pause = goesBack ? 10 * LOOK_EVERY_MS : LOOK_EVERY_MS;
    await timetable.runUntil(timetable.now() + pause, () => world.failure !== undefined);
  }
  agreement.check();
  const now = timetable.now();
  waits.add('under way', world.hungUntil);
  return {
    isBack,
    waits: waits.names,
    after: Math.max(0, now - waits.endGiven(world.hungUntil)),
    inAll: now - begun,
  };
}

/** What acts late may still change what all agree on. */
function underWay({ machines, agenda }: World): string | undefined {
  const late = machines.find(({ pendingUntil }) => pendingUntil > agenda.now());
  return late && `${late.name} has a request under way`;
}

async function rest(world: World, timetable: Timetable, account: string, isBack: boolean): Promise<void> {
  const lastChange = world.backend.lastChangeOf(account);
  await timetable.runUntil(timetable.now() + CONFIRMED_MS, () => world.failure !== undefined);
  const { requests } = world;
  await timetable.runUntil(timetable.now() + REST_MS, () => world.failure !== undefined);
  // What was refused because the server had lost its conversation goes by itself once that is there again.
  if (world.backend.lastChangeOf(account) !== lastChange && world.timesBack === 0)
    world.fail('I5: the server is changed when all had agreed');
  const each = (world.requests - requests) / world.machines.length;
  if (each > (isBack ? 18 : 12)) world.fail(`I12: ${each} requests a machine in ${REST_MS} ms of rest`);
  const lacking = new Agreement(world, account).lacking();
  if (lacking !== undefined) world.fail(`I5: no longer agreed: ${lacking}`);
}

/** A machine that is new reads it all from the server. */
async function newcomer(
  world: World,
  timetable: Timetable,
  account: string,
  isBack: boolean,
  goesBack: boolean,
): Promise<void> {
  if (world.failure !== undefined) return;
  world.addMachine(account).open();
  if (isBack) comeBack(world);
  await agree(world, timetable, account, isBack, goesBack);
}
