/** Two windows on one file and their engines, with everything that they wait for in any order. */
import type { Scheduler } from 'fast-check';
import type { Ability } from '../../src/protocol/abilities.ts';
import { Agreement } from './agree.ts';
import { actAs, type ActName } from './chaos.ts';
import { Random } from './random.ts';
import { Shuffled } from './shuffled.ts';
import { calm, help } from './calm.ts';
import { World } from './world.ts';

export interface Deed {
  readonly name: ActName;
  /** How many entries are taken before it. */
  readonly pause: number;
}

const LONGEST_MS = 20 * 60_000;

/** Plays the deeds; throws what may not be. */
export async function interleave(
  scheduler: Scheduler,
  seed: number,
  deeds: readonly Deed[],
  abilities: readonly Ability[],
): Promise<void> {
  const agenda = new Shuffled(scheduler);
  const world = new World(new Random(seed), agenda, { abilities });
  world.trouble = 0.3;
  try {
    const machine = world.addMachine('A');
    machine.open();
    machine.open();
    for (const { name, pause } of deeds) {
      actAs(world, name);
      for (let n = pause; n > 0 && world.failure === undefined; n -= 1) await agenda.step();
    }
    calm(world);
    for (const one of world.machines) if (one.account !== 'A') one.setAccount('A');
    await agree(world, agenda);
  } finally {
    world.dispose();
  }
  if (world.failure !== undefined)
    throw new Error(`${world.failure.message}\n${world.trace.slice(-40).join('\n')}`);
}

async function agree(world: World, agenda: Shuffled): Promise<void> {
  const agreement = new Agreement(world, 'A');
  const end = agenda.now() + LONGEST_MS;
  const isOver = (): boolean => world.failure !== undefined;
  for (
    let lacking: string | undefined = '';
    lacking !== undefined && !isOver();
    lacking = agreement.lacking()
  ) {
    if (agenda.now() > end) {
      world.fail(`I5: not within ${LONGEST_MS} ms: ${lacking}`);
      return;
    }
    help(world);
    await agenda.runUntil(agenda.now() + 1_000, isOver);
  }
  agreement.check();
}
