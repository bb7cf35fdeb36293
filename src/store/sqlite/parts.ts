import type { Activity, CommandPanel } from '../../model/activity.ts';
import type { Connection } from './connection.ts';

export interface Parts {
  text(messageId: string): string;
  activities(messageId: string): Activity[];
  commands(messageId: string): CommandPanel[];
}

/** Pieces, activities and commands of a page of messages, three statements whatever its size. */
export function readParts(db: Connection, messageIds: readonly string[]): Parts {
  const ids = JSON.stringify(messageIds);
  const texts = new Map<string, string>();
  for (const row of db.all<{ message_id: string; text: string }>(
    `SELECT message_id, text FROM message_pieces WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id, n`,
    ids,
  )) {
    texts.set(row.message_id, (texts.get(row.message_id) ?? '') + row.text);
  }
  const activities = readData<Activity>(db, 'activities', ids);
  const commands = readData<CommandPanel>(db, 'command_panels', ids);
  return {
    text: (id) => texts.get(id) ?? '',
    activities: (id) => activities.get(id) ?? [],
    commands: (id) => commands.get(id) ?? [],
  };
}

function readData<T>(db: Connection, table: 'activities' | 'command_panels', ids: string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of db.all<{ message_id: string; data: string }>(
    `SELECT message_id, data FROM ${table} WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id, n`,
    ids,
  )) {
    const list = found.get(row.message_id) ?? [];
    list.push(JSON.parse(row.data) as T);
    found.set(row.message_id, list);
  }
  return found;
}

/** Text arrives in pieces that are only ever added: a flush costs its piece, not the whole reply. */
export function addPiece(db: Connection, messageId: string, text: string): void {
  db.run(
    `INSERT INTO message_pieces (message_id, n, text)
     VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM message_pieces WHERE message_id = ?), ?)`,
    messageId,
    messageId,
    text,
  );
}

export function writeActivities(db: Connection, messageId: string, activities: readonly Activity[]): void {
  for (const activity of activities) upsert(db, 'activities', messageId, activity);
}

export function writeCommands(db: Connection, messageId: string, commands: readonly CommandPanel[]): void {
  for (const command of commands) upsert(db, 'command_panels', messageId, command);
}

function upsert(
  db: Connection,
  table: 'activities' | 'command_panels',
  messageId: string,
  part: Activity | CommandPanel,
): void {
  db.run(
    `INSERT INTO ${table} (message_id, id, n, data)
     VALUES (?, ?, (SELECT coalesce(max(n), 0) + 1 FROM ${table} WHERE message_id = ?), ?)
     ON CONFLICT (message_id, id) DO UPDATE SET data = excluded.data`,
    messageId,
    part.id,
    messageId,
    JSON.stringify(part),
  );
}

export function removeParts(db: Connection, messageId: string): void {
  for (const table of ['message_pieces', 'activities', 'command_panels']) {
    db.run(`DELETE FROM ${table} WHERE message_id = ?`, messageId);
  }
}
