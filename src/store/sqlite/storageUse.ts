import type { ConversationStatus } from '../../model/conversation.ts';
import type { StorageUse } from '../storage.ts';
import { LISTED } from './conversations.ts';
import { findBackups } from './maintenance/backup.ts';
import { sizeOf } from './maintenance/files.ts';
import type { Context } from './session.ts';
import { NOT_PURGED } from './tombstones.ts';

const MOST = 1_000;

interface UseRow {
  id: string;
  title: string;
  status: ConversationStatus;
  message_count: number;
  bytes: number;
}

/** Counters alone: no message is read. */
export function storageUse({ db }: Context, limit: number): StorageUse {
  const rows = db.all<UseRow>(
    `SELECT c.id, c.title, c.status, c.message_count, c.bytes FROM conversations c
     WHERE ${LISTED} AND ${NOT_PURGED} ORDER BY c.bytes DESC, c.n LIMIT ?`,
    Math.min(Math.max(1, limit), MOST),
  );
  const total = db.get<{ conversations: number; bytes: number }>(
    `SELECT count(*) AS conversations, coalesce(sum(c.bytes), 0) AS bytes FROM conversations c
     WHERE ${LISTED} AND ${NOT_PURGED}`,
  );
  const apart = db.get<{ count: number; bytes: number; stored: number }>(
    `SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes, coalesce(sum(octet_length(data)), 0) AS stored FROM blobs`,
  );
  return {
    conversations: rows.map(({ id, title, status, message_count: messageCount, bytes }) => ({
      id,
      title,
      status,
      messageCount,
      bytes,
    })),
    total: total ?? { conversations: 0, bytes: 0 },
    isComplete: db.get(`SELECT 1 FROM messages WHERE bytes IS NULL AND owner IS NULL LIMIT 1`) === undefined,
    apart: { count: apart?.count ?? 0, bytes: apart?.bytes ?? 0, storedBytes: apart?.stored ?? 0 },
    disk: {
      file: sizeOf(db.file),
      log: sizeOf(`${db.file}-wal`),
      backups: findBackups(db.file).reduce((sum, { bytes }) => sum + bytes, 0),
    },
  };
}
