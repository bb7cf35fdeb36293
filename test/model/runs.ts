/** Seed of the random tests: printed in their names, repeated with `NAVI_TEST_SEED`. */
export const SEED = Number(process.env['NAVI_TEST_SEED'] ?? Date.now() % 1_000_000_000);

/** Runs of one random test; raised with `NAVI_TEST_RUNS`. */
export const RUNS = Number(process.env['NAVI_TEST_RUNS'] ?? 200);
