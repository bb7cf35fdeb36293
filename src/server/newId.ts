import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES_EACH = 16;
const pool = new Uint8Array(BYTES_EACH * 256);
let used = pool.length;

/** UUIDv7. Random bytes are taken many at a time: asking for sixteen costs more than all the rest of an id. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.slice(used, used + BYTES_EACH);
  used += BYTES_EACH;
  return v7({ random });
}
