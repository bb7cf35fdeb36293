/** Seed of the kills: printed in their names, repeated with `NAVI_TEST_SEED`. The moments of real processes are not. */
export const SEED = Number(process.env['NAVI_TEST_SEED'] ?? Date.now() % 1_000_000_000);

/** Kills at random times. */
export const KILLS = Number(process.env['NAVI_KILL_RUNS'] ?? 200);

/** Kills at each named point. */
export const KILLS_EACH = Number(process.env['NAVI_KILL_POINT_RUNS'] ?? 3);

/** How long writers share a file, all numbers of them together. */
export const PROCESS_SECONDS = Number(process.env['NAVI_PROCESS_SECONDS'] ?? 60);

/** How often a stopped holder of the lease comes back. */
export const STOPS = Number(process.env['NAVI_STOP_RUNS'] ?? 10);

/** Of files older than the first step's, every so many-th statement of the opening is one to die at; 1: each. */
export const STRIDE = Number(process.env['NAVI_MIGRATION_STRIDE'] ?? 24);

/** Kills at random times during each kind of recovery, and during a restore. */
export const MENDING_KILLS = Number(process.env['NAVI_MENDING_KILL_RUNS'] ?? 5);
