/** The tests of one backend: every fault, before and after the server acts. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'mocha';
import { SEED } from '../../model/runs.ts';
import type { Backend } from './backends.ts';
import { assertSameFromNothing, play, prepare, type Cast } from './episode.ts';
import { SOCKET_FAULTS, type Phase, type SocketFault } from './faults.ts';
import { World } from './world.ts';

/** How often each fault is played against each backend. */
const RUNS = Number(process.env['NAVI_TEST_RUNS'] ?? 1);
/** A machine that lived through so much of its time is replaced, so that no test depends on the ones before. */
const LIFE_MS = 6 * 60 * 60_000;

interface Opened {
  readonly world: World;
  readonly cast: Cast;
  readonly since: number;
}

/** With `part`, one run plays every `of`-th fault only, others with another seed; several runs play all of them. */
export function describeSocketFaults(backend: Backend, part = { which: 0, of: 1 }): void {
  const all = SOCKET_FAULTS.flatMap((fault) => fault.phases.map((phase) => ({ fault, phase })));
  const chosen = all.filter((_, index) => RUNS > 1 || (index + part.which + SEED) % part.of === 0);
  describe(`socket faults: ${backend.name} (seed ${SEED})`, function () {
    this.timeout(20_000 * RUNS);
    let open: Opened | undefined;
    after(() => close());

    for (const { fault, phase } of chosen) {
      it(`I2 I3 I4 I11: ${fault.name}, ${phase} the server acts`, async () => {
        for (let run = 0; run < RUNS; run += 1) await once(fault, phase);
      });
    }

    it('I5: after all of them a machine that starts from nothing holds the same', async () => {
      await assertSameFromNothing((await opened()).world);
    });

    async function once(fault: SocketFault, phase: Phase): Promise<void> {
      const { world, cast } = await opened();
      try {
        const hits = await play(world, cast, fault, phase);
        const missed = world.operations(fault).filter((operation) => !hits.has(operation));
        assert.deepEqual(missed, [], 'met no fault');
      } catch (error) {
        await close();
        throw error;
      }
    }

    async function opened(): Promise<Opened> {
      if (open !== undefined && open.world.clock.now() - open.since > LIFE_MS) await close();
      if (open === undefined) {
        const world = await World.open(backend, randomOf(SEED));
        open = { world, cast: await prepare(world), since: world.clock.now() };
      }
      return open;
    }

    async function close(): Promise<void> {
      await open?.world.close();
      open = undefined;
    }
  });
}

/** Mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
