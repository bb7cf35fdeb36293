import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { Activity, CommandPanel } from '../../../model/activity.ts';
import type { Attachment } from '../../../model/attachment.ts';
import { contentHash } from '../../../model/hash.ts';
import { readJsonObject } from '../../../model/json.ts';
import type { MessageContent, MessageStatus, Role } from '../../../model/message.ts';
import { readAttachment } from '../attachments.ts';
import { decodeBlob, putBlob, type BlobRow } from '../blobs.ts';
import type { Connection } from '../connection.ts';
import { PART_TABLES, readableWhole, type Part, type PartRow, type PartTable } from '../partRows.ts';
import { frozenUrl } from './files.ts';

export type Row = Readonly<Record<string, SQLInputValue>>;

const BATCH = 200;
/** Point look-ups spent on the rows between two readable places. */
const LONGEST_GAP = 4_096;
const LAST_ROWID = 2 ** 40;
const BUSY_TIMEOUT_MS = 5_000;

/** Tables whose rows belong to a message and go where it goes. */
const PARTS = ['message_pieces', 'part_pieces', 'message_attachments', ...PART_TABLES] as const;
type PartsTable = (typeof PARTS)[number];
type OwnParts = Readonly<Record<PartsTable, Row[]>>;
type ReadBlob = (hash: string) => Uint8Array | undefined;

/** `sound`: the words are those that were saved. `open`: still being written, nothing to compare with. */
export type Verdict = 'sound' | 'open' | 'damaged';

export interface ReadMessage {
  /** Its row; where the indexes contradict it, as most of the file has it. */
  readonly row: Row;
  /** What it says, as far as that can be read. */
  readonly content: MessageContent;
  readonly verdict: Verdict;
}

/** Where a message stood of which the indexes alone still know. */
export interface Trace {
  readonly n: number;
  readonly id: string;
  readonly conversationId: string;
  readonly serverOrder: number;
  readonly hlc: number;
}

/**
 * A conversation file that is only read and that may be broken: rows that cannot be read are stepped over and counted,
 * whatever lies before and behind them is found. Knows no schema but the names of tables and of a few columns.
 */
export class Source {
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();
  private readonly columnsOf = new Map<string, readonly string[]>();
  private readonly withoutRowid = new Set<string>();
  /** Rows, or runs of rows, that could not be read. */
  unreadable = 0;

  private constructor(db: DatabaseSync) {
    this.db = db;
    const tables = db
      .prepare(
        `SELECT s.name, l.wr FROM sqlite_schema s JOIN pragma_table_list(s.name) l
         WHERE s.type = 'table' AND l.schema = 'main' AND l.type = 'table'`,
      )
      .all();
    for (const { name, wr } of tables) {
      const table = textOf(name);
      const columns = db.prepare(`SELECT name FROM pragma_table_info(?)`).all(table);
      this.columnsOf.set(
        table,
        columns.map((column) => String(column['name'])),
      );
      if (wr === 1) this.withoutRowid.add(table);
    }
  }

  /**
   * `live`: other windows may write it. `frozen`: a file that nobody writes, without its log. Undefined when not even
   * its tables are known.
   */
  static open(file: string, mode: 'live' | 'frozen'): Source | undefined {
    let db: DatabaseSync | undefined;
    try {
      db = new DatabaseSync(mode === 'frozen' ? frozenUrl(file) : file, {
        readOnly: true,
        timeout: BUSY_TIMEOUT_MS,
      });
      const source = new Source(db);
      if (source.has('messages') && source.has('conversations')) return source;
    } catch (error) {
      if (!(error instanceof Error && 'errcode' in error)) throw error;
    }
    db?.close();
    return undefined;
  }

  close(): void {
    this.db.close();
  }

  has(table: string): boolean {
    return this.columnsOf.has(table);
  }

  columns(table: string): readonly string[] {
    return this.columnsOf.get(table) ?? [];
  }

  /** For statements that must not fail; throws node:sqlite's error. */
  query(sql: string, ...params: SQLInputValue[]): Row[] {
    const known = this.statements.get(sql) ?? this.db.prepare(sql);
    this.statements.set(sql, known);
    return known.all(...params);
  }

  /** How many rows, or 0 when they cannot be counted. */
  count(table: string): number {
    if (!this.has(table)) return 0;
    return Number(this.attempt(`SELECT count(*) AS n FROM ${table}`)?.[0]?.['n'] ?? 0);
  }

  /** Every row of a table with row numbers that can be read, in their order. */
  *batches(table: string): Generator<Row[]> {
    if (!this.has(table)) return;
    for (let from = Number.MIN_SAFE_INTEGER; ;) {
      const rows = this.readFrom(table, from, BATCH) ?? this.readFewer(table, from);
      if (rows !== undefined) {
        if (rows.length === 0) return;
        yield rows;
        from = Number(rows.at(-1)?.['_rowid']) + 1;
        continue;
      }
      this.unreadable += 1;
      const start = Math.max(from, 0);
      const next = this.nextReadable(table, start);
      if (next - start <= LONGEST_GAP) yield* this.islands(table, start, next);
      if (next >= LAST_ROWID) return;
      from = next;
    }
  }

  /** Every row of a table without row numbers, as far as it can be read from both ends. Some may come twice. */
  *all(table: string): Generator<Row> {
    if (!this.has(table)) return;
    const keys = this.attempt('SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk', table) ?? [];
    for (const order of ['', ' DESC']) {
      const by = keys.map((key) => `"${textOf(key['name'])}"${order}`).join(', ');
      const isWhole = yield* this.iterated(
        `SELECT * FROM "${table}"${by === '' ? '' : ` ORDER BY ${by}`}`,
        (row) => row,
      );
      if (isWhole) return;
    }
    this.unreadable += 1;
  }

  /** Every row of a table, with or without row numbers. */
  *rows(table: string): Generator<Row> {
    if (this.withoutRowid.has(table)) yield* this.all(table);
    else for (const rows of this.batches(table)) yield* rows;
  }

  /** Tables of the schema, without those that SQLite and the full-text index keep for themselves. */
  tables(): string[] {
    return [...this.columnsOf.keys()].filter((name) => !name.startsWith('sqlite_'));
  }

  /** Rows up to the first that cannot be read; returns whether there was none such. */
  private *iterated<T>(sql: string, map: (row: Row) => T): Generator<T, boolean> {
    try {
      for (const row of this.db.prepare(sql).iterate()) yield map(row);
      return true;
    } catch (error) {
      if (isUnreadable(error)) return false;
      throw error;
    }
  }

  /** Messages with their parts, each judged by the hash that it was saved with; on demand also by the indexes. */
  *messages(areKeysChecked = false): Generator<ReadMessage[]> {
    for (const rows of this.batches('messages'))
      yield this.judged(areKeysChecked ? rows.map((row) => this.checkedRow(row)) : rows);
  }

  /** A message by its id; undefined when it is not there or cannot be read. */
  message(id: string): ReadMessage | undefined {
    const rows = this.attempt('SELECT rowid AS _rowid, * FROM messages WHERE id = ?', id) ?? [];
    return this.judged(rows)[0];
  }

  /** The message under a number can be read. */
  canRead(n: number): boolean {
    return (this.readFrom('messages', n, 1)?.[0]?.['_rowid'] ?? -1) === n;
  }

  /** Every message that the index by position knows, also those that cannot be read. */
  *traces(): Generator<Trace> {
    for (const order of ['', 'DESC']) {
      const sql = `SELECT rowid AS n, id, conversation_id, server_order, hlc FROM messages INDEXED BY messages_by_position
        ORDER BY conversation_id ${order}, server_order ${order}, hlc ${order}, id ${order}`;
      const isWhole = yield* this.iterated(sql, toTrace);
      if (isWhole) return;
    }
  }

  private judged(rows: readonly Row[]): ReadMessage[] {
    const parts = this.partsOf(rows.map((row) => textOf(row['id'])));
    return rows.map((row) => {
      const own = parts.get(textOf(row['id'])) ?? noParts();
      const { content, isBroken } = contentOf(row, own, (hash) => this.blob(hash));
      return { row, content, verdict: judge(row, content, isBroken || hasGap(own.message_pieces)) };
    });
  }

  /** A row whose indexes say otherwise has a damaged key, or one of them has: most voices win. */
  private checkedRow(row: Row): Row {
    const n = Number(row['_rowid']);
    const id = textOf(row['id']);
    const at = this.attempt('SELECT rowid AS n FROM messages WHERE id = ?', id);
    const placed = this.attempt(
      `SELECT rowid AS n FROM messages INDEXED BY messages_by_position
       WHERE conversation_id = ? AND server_order = ? AND hlc = ? AND id = ?`,
      textOf(row['conversation_id']),
      row['server_order'] ?? null,
      row['hlc'] ?? null,
      id,
    );
    if (isOnly(at, n) && isOnly(placed, n)) return row;
    const byId = this.attempt('SELECT id FROM messages WHERE +n = ?', n)?.[0];
    const byPlace = this.attempt(
      `SELECT id, conversation_id, server_order, hlc FROM messages INDEXED BY messages_by_position WHERE +n = ?`,
      n,
    )?.[0];
    const hasId = byId !== undefined && byPlace !== undefined && byId['id'] === byPlace['id'];
    const place = byPlace !== undefined && this.knowsConversation(byPlace) ? byPlace : row;
    return {
      ...row,
      id: (hasId ? byId['id'] : row['id']) ?? id,
      conversation_id: (this.knowsConversation(row) ? row : place)['conversation_id'] ?? '',
    };
  }

  private knowsConversation(row: Row): boolean {
    const id = textOf(row['conversation_id']);
    return (this.attempt('SELECT rowid AS n FROM conversations WHERE id = ?', id)?.length ?? 0) > 0;
  }

  /** Puts what is attached to a message into another file; what cannot be read is not on this machine. */
  contentsTo(db: Connection, { attachments = [] }: MessageContent): void {
    for (const { hash } of attachments) {
      const content = this.blob(hash);
      if (content !== undefined) putBlob(db, content);
    }
  }

  /** The bytes under a hash, or undefined when they cannot be read or are others. */
  blob(hash: string): Uint8Array | undefined {
    const row = this.has('blobs') ? this.attempt('SELECT * FROM blobs WHERE hash = ?', hash)?.[0] : undefined;
    return row === undefined ? undefined : decodeBlob(row as unknown as BlobRow);
  }

  private partsOf(ids: readonly string[]): ReadonlyMap<string, OwnParts> {
    const found = new Map(ids.map((id) => [id, noParts()]));
    for (const table of PARTS) {
      if (!this.has(table)) continue;
      for (const row of this.partRows(table, ids)) found.get(textOf(row['message_id']))?.[table].push(row);
    }
    return found;
  }

  private partRows(table: PartsTable, ids: readonly string[]): Row[] {
    const sql = `SELECT * FROM ${table} WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY message_id, n`;
    const together = this.attempt(sql, JSON.stringify(ids));
    if (together !== undefined) return together;
    return ids.flatMap((id) => this.attempt(sql, JSON.stringify([id])) ?? []);
  }

  private readFrom(table: string, from: number, limit: number): Row[] | undefined {
    return this.attempt(
      `SELECT rowid AS _rowid, * FROM ${table} WHERE rowid >= ? ORDER BY rowid LIMIT ?`,
      from,
      limit,
    );
  }

  /** The rows before the one that cannot be read. */
  private readFewer(table: string, from: number): Row[] | undefined {
    for (let limit = BATCH / 2; limit >= 1; limit = Math.floor(limit / 2)) {
      const rows = this.readFrom(table, from, limit);
      if (rows !== undefined) return rows;
    }
    return undefined;
  }

  /** The first number from which on reading works again: found by leaps, then halved. */
  private nextReadable(table: string, from: number): number {
    let step = 1;
    while (from + step < LAST_ROWID && this.readFrom(table, from + step, 1) === undefined) step *= 2;
    if (from + step >= LAST_ROWID) return LAST_ROWID;
    let [bad, good] = [from + Math.floor(step / 2), from + step];
    while (good - bad > 1) {
      const middle = Math.floor((bad + good) / 2);
      if (this.readFrom(table, middle, 1) === undefined) bad = middle;
      else good = middle;
    }
    return good;
  }

  /** Rows that can be read although their neighbours cannot. */
  private *islands(table: string, from: number, to: number): Generator<Row[]> {
    for (let rowid = from; rowid < to; rowid += 1) {
      const rows = this.attempt(`SELECT rowid AS _rowid, * FROM ${table} WHERE rowid = ?`, rowid);
      if (rows !== undefined && rows.length > 0) yield rows;
    }
  }

  private attempt(sql: string, ...params: SQLInputValue[]): Row[] | undefined {
    try {
      return this.query(sql, ...params);
    } catch (error) {
      if (isUnreadable(error)) return undefined;
      throw error;
    }
  }
}

function isUnreadable(error: unknown): boolean {
  // RangeError: a damaged number that is larger than any that was ever stored.
  return error instanceof RangeError || (error instanceof Error && 'code' in error);
}

/** A text that damage may have turned into something else. */
export function textOf(value: SQLInputValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function isOnly(rows: readonly Row[] | undefined, n: number): boolean {
  return rows?.length === 1 && rows[0]?.['n'] === n;
}

function toTrace(row: Row): Trace {
  return {
    n: Number(row['n']),
    id: textOf(row['id']),
    conversationId: textOf(row['conversation_id']),
    serverOrder: Number(row['server_order']),
    hlc: Number(row['hlc']),
  };
}

/** Pieces are numbered from 1: one that is missing was lost. */
function hasGap(pieces: readonly Row[]): boolean {
  return pieces.some((piece, index) => piece['n'] !== index + 1);
}

function noParts(): OwnParts {
  return { message_pieces: [], part_pieces: [], message_attachments: [], activities: [], command_panels: [] };
}

/** What a message says, as far as that can be read, and whether something of it cannot. */
function contentOf(
  row: Row,
  parts: OwnParts,
  blob: ReadBlob,
): { readonly content: MessageContent; readonly isBroken: boolean } {
  const metadata = readJsonObject(textOf(row['metadata']));
  const activities = wholeParts<Activity>('activities', parts, blob);
  const commands = wholeParts<CommandPanel>('command_panels', parts, blob);
  const files = parts.message_attachments.map((file) => attachmentOf(file, blob));
  const content: MessageContent = {
    role: row['role'] as Role,
    content: textOf(row['content']) + parts.message_pieces.map((piece) => textOf(piece['text'])).join(''),
    status: row['status'] as MessageStatus,
    activities: activities.filter((part) => part !== undefined),
    commands: commands.filter((part) => part !== undefined),
    metadata: metadata ?? {},
    ...(files.length > 0 && { attachments: files.filter((file) => file !== undefined) }),
  };
  const isWhole = [metadata, ...activities, ...commands, ...files].every((part) => part !== undefined);
  return { content, isBroken: !isWhole || typeof row['content'] !== 'string' };
}

/** A part whose blob is lost is not the one that was saved: its message's hash says so. */
function wholeParts<T extends Part>(table: PartTable, parts: OwnParts, blob: ReadBlob): (T | undefined)[] {
  return parts[table].map((row) => {
    const pieces = parts.part_pieces.filter((piece) => piece['kind'] === table && piece['id'] === row['id']);
    const text = pieces.map((piece) => textOf(piece['text'])).join('');
    return readableWhole<T>(table, toPartRow(row), text, blob);
  });
}

/** Undefined when it or its content cannot be read; a content that never was on this machine is no damage. */
function attachmentOf({ data, blob: hash }: Row, blob: ReadBlob): Attachment | undefined {
  const isLost = typeof hash === 'string' && blob(hash) === undefined;
  return isLost ? undefined : readAttachment(textOf(data));
}

/** A file of an older format has no columns for what is apart. */
function toPartRow(row: Row): PartRow {
  const given = (column: string): string | null => (row[column] == null ? null : textOf(row[column]));
  return {
    data: textOf(row['data']),
    apart: given('apart'),
    text_blob: given('text_blob'),
    extra_blob: given('extra_blob'),
  };
}

/** Compares what is there with the hash that was saved with it. */
function judge({ hash, owner }: Row, content: MessageContent, isBroken: boolean): Verdict {
  if (isBroken) return 'damaged';
  if (hash === null) return owner === null ? 'damaged' : 'open';
  return contentHash(content) === hash ? 'sound' : 'damaged';
}
