/**
 * The first seed. The same worlds in each run of the tests, so that a change of the code is what turns one red; the long run, and
 * whoever sets `NAVI_TEST_SEED`, tries others.
 */
export const FIRST_SEED = Number(process.env['NAVI_TEST_SEED'] ?? 50_000);

/** Where each run begins with worlds that nobody has seen; undefined when the seed is given. */
export const FRESH_SEED =
  process.env['NAVI_TEST_SEED'] === undefined ? Date.now() % 1_000_000_000 : undefined;
