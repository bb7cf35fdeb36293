/** Seed of the random tests of this run: printed in their names, repeated with `NAVI_TEST_SEED`. */
export const SEED = Number(process.env['NAVI_TEST_SEED'] ?? Date.now() % 1_000_000_000);
