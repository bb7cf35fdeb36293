import type { Activity, CommandPanel } from '../../model/activity.ts';
import type { Cut } from '../../model/message.ts';
import { LONGEST_PART } from '../excerpts.ts';
import { getBlob, putBlob } from './blobs.ts';
import type { Connection } from './connection.ts';
import {
  dividePart,
  growth,
  PART_TABLES,
  readableShown,
  readableWhole,
  type DividedText,
  type Part,
  type PartRow,
  type PartTable,
} from './partRows.ts';

export interface Parts {
  text(messageId: string): string;
  activities(messageId: string): Activity[];
  commands(messageId: string): CommandPanel[];
  /** What `ends` left out. */
  cuts(messageId: string): Cut[];
  /** Something of it is no part of a message any more and was left out. */
  isBroken(messageId: string): boolean;
  /** Something of it is stored apart and was not read. */
  isPartial(messageId: string): boolean;
}

/** `ends`: of what is stored apart only what its row shows; no blob is read. */
export type Extent = 'whole' | 'ends';

/** Pieces, activities and commands of a page of messages, three statements whatever its size, and the blobs. */
export function readParts(db: Connection, messageIds: readonly string[], extent: Extent): Parts {
  const ids = JSON.stringify(messageIds);
  const texts = new Map<string, string>();
  for (const row of db.all<{ message_id: string; text: string }>(
    `SELECT message_id, text FROM message_pieces WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id, n`,
    ids,
  )) {
    texts.set(row.message_id, (texts.get(row.message_id) ?? '') + row.text);
  }
  const cuts = new Map<string, Cut[]>();
  const notes: Notes = { broken: new Set(), partial: new Set(), cut: (id, cut) => addTo(cuts, id, cut) };
  const activities = readData<Activity>(db, 'activities', ids, extent, notes);
  const commands = readData<CommandPanel>(db, 'command_panels', ids, extent, notes);
  return {
    text: (id) => texts.get(id) ?? '',
    activities: (id) => activities.get(id) ?? [],
    commands: (id) => commands.get(id) ?? [],
    cuts: (id) => cuts.get(id) ?? [],
    isBroken: (id) => notes.broken.has(id),
    isPartial: (id) => notes.partial.has(id),
  };
}

interface Notes {
  readonly broken: Set<string>;
  readonly partial: Set<string>;
  readonly cut: (messageId: string, cut: Cut) => void;
}

function readData<T extends Part>(
  db: Connection,
  table: PartTable,
  ids: string,
  extent: Extent,
  notes: Notes,
): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of db.all<PartRow & { message_id: string; id: string }>(
    `SELECT message_id, id, data, apart, text_blob, extra_blob FROM ${table}
     WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id, n`,
    ids,
  )) {
    const { message_id: messageId, id } = row;
    if (extent === 'whole') {
      const part = readWhole<T>(db, table, messageId, id, row);
      if (part === undefined) notes.broken.add(messageId);
      else addTo(found, messageId, part);
      continue;
    }
    if (row.apart !== null || row.extra_blob !== null) notes.partial.add(messageId);
    const shown = readableShown<T>(table, row);
    if (shown === undefined) {
      notes.broken.add(messageId);
      continue;
    }
    addTo(found, messageId, shown.part);
    const place = { part: table === 'activities' ? 'detail' : 'output', id } as const;
    if (shown.cut !== undefined) notes.cut(messageId, { ...place, ...shown.cut });
  }
  return found;
}

function addTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function readWhole<T extends Part>(
  db: Connection,
  table: PartTable,
  messageId: string,
  id: string,
  row: PartRow,
): T | undefined {
  const isGrowing = row.apart !== null && row.text_blob === null;
  const pieces = isGrowing
    ? db
        .all<{ text: string }>(
          'SELECT text FROM part_pieces WHERE message_id = ? AND kind = ? AND id = ? ORDER BY n',
          messageId,
          table,
          id,
        )
        .map(({ text }) => text)
        .join('')
    : '';
  return readableWhole<T>(table, row, pieces, (hash) => getBlob(db, hash));
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
  for (const activity of activities) writePart(db, 'activities', messageId, activity);
}

export function writeCommands(db: Connection, messageId: string, commands: readonly CommandPanel[]): void {
  for (const command of commands) writePart(db, 'command_panels', messageId, command);
}

/** Large texts go into blobs once their part has ended; until then only what was added to them is written. */
function writePart(db: Connection, table: PartTable, messageId: string, part: Part): void {
  const { data, text, extra } = dividePart(table, part);
  const extraBlob = extra === undefined ? null : putBlob(db, Buffer.from(extra));
  const isGrowing = text !== undefined && part.status === 'running';
  if (!isGrowing) dropPieces(db, table, messageId, part.id);
  const textBlob = text === undefined || isGrowing ? null : putBlob(db, Buffer.from(text.whole));
  const apart = isGrowing
    ? grow(db, table, messageId, part.id, text)
    : text === undefined
      ? null
      : JSON.stringify(text.cut);
  db.run(
    `INSERT INTO ${table} (message_id, id, n, data, apart, text_blob, extra_blob)
     VALUES (?1, ?2, (SELECT coalesce(max(n), 0) + 1 FROM ${table} WHERE message_id = ?1), ?3, ?4, ?5, ?6)
     ON CONFLICT (message_id, id) DO UPDATE SET data = excluded.data, apart = excluded.apart,
       text_blob = excluded.text_blob, extra_blob = excluded.extra_blob`,
    messageId,
    part.id,
    data,
    apart,
    textBlob,
    extraBlob,
  );
}

/** Moves the large texts of a message that lie in its rows into blobs. */
export function moveLarge(db: Connection, messageId: string): void {
  for (const table of PART_TABLES) {
    const rows = db.all<{ data: string }>(
      `SELECT data FROM ${table} WHERE message_id = ? AND apart IS NULL AND extra_blob IS NULL AND octet_length(data) > ?`,
      messageId,
      LONGEST_PART,
    );
    for (const { data } of rows) writePart(db, table, messageId, JSON.parse(data) as Part);
  }
}

/** Adds what is new of a text that grows; returns what its row says of it. */
function grow(db: Connection, table: PartTable, messageId: string, id: string, text: DividedText): string {
  const row = db.get<Pick<PartRow, 'apart'>>(
    `SELECT apart FROM ${table} WHERE message_id = ? AND id = ?`,
    messageId,
    id,
  );
  const { from, apart } = growth(row?.apart ?? null, text);
  if (from === 0) dropPieces(db, table, messageId, id);
  if (from < text.whole.length) {
    db.run(
      `INSERT INTO part_pieces (message_id, kind, id, n, text) VALUES (?1, ?2, ?3,
         (SELECT coalesce(max(n), 0) + 1 FROM part_pieces WHERE message_id = ?1 AND kind = ?2 AND id = ?3), ?4)`,
      messageId,
      table,
      id,
      text.whole.slice(from),
    );
  }
  return apart;
}

/** Overwritten: a purge of the blob that they became could not reach them any more. */
function dropPieces(db: Connection, table: PartTable, messageId: string, id: string): void {
  const where = 'WHERE message_id = ? AND kind = ? AND id = ?';
  if (db.get(`SELECT 1 FROM part_pieces ${where} LIMIT 1`, messageId, table, id) === undefined) return;
  db.overwriting(() => db.run(`DELETE FROM part_pieces ${where}`, messageId, table, id));
}

export function removeParts(db: Connection, messageId: string): void {
  for (const table of [
    'message_pieces',
    'part_pieces',
    'message_attachments',
    'quarantine',
    ...PART_TABLES,
  ]) {
    db.run(`DELETE FROM ${table} WHERE message_id = ?`, messageId);
  }
}
