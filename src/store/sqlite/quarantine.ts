/** Messages whose words are not those that were saved: found, kept from being sent, and mended by a sound copy. */
import { writeAttachments } from './attachments.ts';
import { contentHash } from '../../model/hash.ts';
import type { MessageContent } from '../../model/message.ts';
import type { Connection } from './connection.ts';
import { IS_OF_MESSAGE } from './outboxRows.ts';
import { removeParts, writeActivities, writeCommands } from './parts.ts';
import type { Context } from './session.ts';

/** Why a row of the outbox rests; a mended message goes on by it. */
export const DAMAGED_REASON = 'This message is damaged on this machine.';

const REMEMBERED_AT_MOST = 5_000;
/** Messages that were compared with their hash since this connection was opened. */
const compared = new WeakMap<Connection, Set<string>>();

/** Compares a message with the hash that it was saved with: once, since pages are read again with each change. */
export function isAsSaved(
  db: Connection,
  row: { readonly id: string; readonly hash: string | null; readonly owner: string | null },
  content: MessageContent,
): boolean {
  if (row.hash === null) return row.owner !== null;
  const known = compared.get(db) ?? new Set<string>();
  compared.set(db, known);
  const key = `${row.id} ${row.hash}`;
  if (known.has(key)) return true;
  if (contentHash(content) !== row.hash) return false;
  if (known.size >= REMEMBERED_AT_MOST) known.clear();
  known.add(key);
  return true;
}

/**
 * Notes messages that were seen to be damaged: they are not sent, and their conversations are read from the backend
 * again, which may still have the words. `isDamaged` looks once more, inside the transaction. Returns how many are new.
 */
export function quarantine(
  { db, now }: Context,
  ids: readonly string[],
  isDamaged: (id: string) => boolean,
): number {
  return db.write(
    () =>
      ids.filter((id) => {
        if (!isDamaged(id)) return false;
        const isNew = db.run(
          'INSERT INTO quarantine (message_id, found_at) VALUES (?, ?) ON CONFLICT DO NOTHING',
          id,
          now(),
        );
        if (isNew === 0) return false;
        db.run(
          `UPDATE outbox SET state = 'parked', not_before = 0, reason = ?
           WHERE ${IS_OF_MESSAGE} AND state IN ('queued', 'unknown')`,
          DAMAGED_REASON,
          id,
        );
        db.run(
          // Read again for a sound copy, whether from a list or a feed: no backend holds -1 messages.
          `UPDATE conversations SET remote_updated_at = NULL, remote_count = iif(remote_id IS NULL, NULL, -1)
           WHERE id = (SELECT conversation_id FROM messages WHERE id = ?)`,
          id,
        );
        return true;
      }).length,
  );
}

export function isQuarantined(db: Connection, id: string): boolean {
  return db.get('SELECT 1 FROM quarantine WHERE message_id = ?', id) !== undefined;
}

/**
 * Gives a message its words back, inside a write transaction. What rested in the outbox for the damage is read back
 * before it is sent: nobody knows what became of it.
 */
export function mend({ db, now }: Context, id: string, sound: MessageContent): void {
  removeParts(db, id);
  db.run(
    'UPDATE messages SET role = ?, content = ?, status = ?, metadata = ?, hash = ?, owner = NULL, bytes = NULL WHERE id = ?',
    sound.role,
    sound.content,
    sound.status,
    JSON.stringify(sound.metadata),
    contentHash(sound),
    id,
  );
  writeActivities(db, id, sound.activities);
  writeCommands(db, id, sound.commands);
  writeAttachments(db, id, sound.attachments ?? []);
  db.run('INSERT OR IGNORE INTO search_dirty SELECT n FROM messages WHERE id = ?', id);
  db.run(
    `UPDATE outbox SET state = 'unknown', is_ready = 1, attempts = 0, sent_at = ?, reason = NULL
     WHERE ${IS_OF_MESSAGE} AND state = 'parked' AND reason = ?`,
    now(),
    id,
    DAMAGED_REASON,
  );
}
