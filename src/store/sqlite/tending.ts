/** What the file needs at idle: what was stored before is counted and its large texts moved apart, and blobs that nothing holds go. */
import { sizeOfMessage } from '../../model/size.ts';
import { collectBlobs } from './blobs.ts';
import { mustReadMessage } from './messageRows.ts';
import { moveLarge } from './parts.ts';
import type { Context } from './session.ts';

const MESSAGES_AT_ONCE = 100;
const BLOBS_AT_ONCE = 20;
/** Other windows wait no longer than this for their write, or for one message. */
const TURN_MS = 4;

/** True when more is to be done. Throws `StoreError`; nothing is changed then. */
export function tendSome(context: Context): boolean {
  const { db } = context;
  if (isUncounted(context)) return takeUp(context);
  if (db.get('SELECT 1 FROM unused_blobs LIMIT 1') === undefined) return false;
  return collectBlobs(db, BLOBS_AT_ONCE);
}

function isUncounted({ db }: Context): boolean {
  return db.get(`SELECT 1 FROM messages WHERE ${UNCOUNTED} LIMIT 1`) !== undefined;
}

const UNCOUNTED = 'bytes IS NULL AND owner IS NULL';

function takeUp(context: Context): boolean {
  const { db, now } = context;
  return db.overwriting(() =>
    db.write(() => {
      const until = now() + TURN_MS;
      for (const { id } of db.all<{ id: string }>(
        `SELECT id FROM messages WHERE ${UNCOUNTED} ORDER BY n LIMIT ${MESSAGES_AT_ONCE}`,
      )) {
        moveLarge(db, id);
        db.run('UPDATE messages SET bytes = ? WHERE id = ?', sizeOfMessage(mustReadMessage(context, id)), id);
        if (now() > until) break;
      }
      return true;
    }),
  );
}
