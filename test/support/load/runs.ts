/** Kills of a server under load, on each database. */
export const SERVER_KILLS = Number(process.env['NAVI_SERVER_KILL_RUNS'] ?? 3);

/** Times that PostgreSQL itself is stopped at once under load. */
export const DATABASE_KILLS = Number(process.env['NAVI_DATABASE_KILL_RUNS'] ?? 1);

/** Times that one of two servers is killed under load. */
export const INSTANCE_KILLS = Number(process.env['NAVI_INSTANCE_KILL_RUNS'] ?? 1);

/** How long so many clients ask for all that the server can give, on each database. */
export const LOAD_SECONDS = Number(process.env['NAVI_LOAD_SECONDS'] ?? 6);
export const LOAD_CLIENTS = 200;
