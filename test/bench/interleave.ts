export interface Rounds {
  readonly rounds: number;
  /** Rounds before those, which nobody counts: compilation, first pages, caches. */
  readonly warmUp: number;
}

export interface Pair {
  readonly value: readonly number[];
  readonly reference: readonly number[];
}

/** One measurement; the number is what it cost, in the caller's unit. */
export type Probe = (round: number) => number | Promise<number>;

/**
 * Takes both in turn, A B A B, so that whatever else the machine does meanwhile slows both alike. `round` counts from
 * 0, warm-up included.
 */
export async function interleave({ rounds, warmUp }: Rounds, value: Probe, reference: Probe): Promise<Pair> {
  const pair = { value: [] as number[], reference: [] as number[] };
  for (let round = 0; round < warmUp + rounds; round += 1) {
    const a = await value(round);
    const b = await reference(round);
    if (round < warmUp) continue;
    pair.value.push(a);
    pair.reference.push(b);
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
