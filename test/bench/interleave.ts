export interface Rounds {
  readonly rounds: number;
  /** Rounds before those, which nobody counts: compilation, first pages, caches. */
  readonly warmUp: number;
  /**
   * How many of one kind come in a row, 1 by default. In a worker, each first call after a pause also pays for waking
   * the thread, which on a virtual machine can cost more than the call: blocks measure the calls.
   */
  readonly block?: number;
}

export interface Pair {
  readonly value: readonly number[];
  readonly reference: readonly number[];
}

/** One measurement; the number is what it cost, in the caller's unit. */
export type Probe = (round: number) => number | Promise<number>;

/**
 * Takes both in turn, A B A B or block by block, so that whatever else the machine does meanwhile slows both alike.
 * `round` counts from 0, warm-up included.
 */
export async function interleave(
  { rounds, warmUp, block = 1 }: Rounds,
  value: Probe,
  reference: Probe,
): Promise<Pair> {
  const pair = { value: [] as number[], reference: [] as number[] };
  const total = warmUp + rounds;
  for (let first = 0; first < total; first += block) {
    const end = Math.min(first + block, total);
    for (const side of ['value', 'reference'] as const) {
      const probe = side === 'value' ? value : reference;
      for (let round = first; round < end; round += 1) {
        const cost = await probe(round);
        if (round >= warmUp) pair[side].push(cost);
      }
    }
  }
  return pair;
}

/** Milliseconds until `body` has resolved. */
export async function timed(body: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await body();
  return performance.now() - startedAt;
}

/** The same for what does not wait: no turn of the event loop is added to it. */
export function timedSync(body: () => unknown): number {
  const startedAt = performance.now();
  body();
  return performance.now() - startedAt;
}
