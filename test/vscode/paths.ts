import path from 'node:path';

/** The checkout. */
export const repository = path.resolve(import.meta.dirname, '../..');
/** Git-ignored; may be deleted at any time, everything in it is made again. */
export const cache = path.join(repository, '.cache');
/** Git-ignored; what tests leave behind for a reader. */
export const out = path.join(repository, 'out');
