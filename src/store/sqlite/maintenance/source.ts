import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import type { Activity, CommandPanel } from '../../../model/activity.ts';
import { contentHash } from '../../../model/hash.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { MessageStatus, Role } from '../../../model/message.ts';
import { decodeBlob, type BlobRow } from '../blobs.ts';
import { PART_TABLES, wholePart, type Part, type PartRow, type PartTable } from '../partRows.ts';
import { frozenUrl } from './files.ts';

export type Row = Readonly<Record<string, SQLInputValue>>;

const BATCH = 200;
/** Point look-ups spent on the rows between two readable places. */
const LONGEST_GAP = 4_096;
const LAST_ROWID = 2 ** 40;
const BUSY_TIMEOUT_MS = 5_000;

/** Tables whose rows belong to a message and go where it goes. */
const PARTS = ['message_pieces', 'part_pieces', ...PART_TABLES] as const;
type PartsTable = (typeof PARTS)[number];
type OwnParts = Readonly<Record<PartsTable, Row[]>>;
export type Parts = ReadonlyMap<string, OwnParts>;
type ReadBlob = (hash: string) => Uint8Array | undefined;

/** `sound`: the words are those that were saved. `open`: still being written, nothing to compare with. */
export type Verdict = 'sound' | 'open' | 'damaged';

export interface ReadMessage {
  readonly row: Row;
  readonly parts: OwnParts;
  readonly verdict: Verdict;
}

/**
 * A conversation file that is only read and that may be broken: rows that cannot be read are stepped over and counted,
 * whatever lies before and behind them is found. Knows no schema but the names of tables and of a few columns.
 */
export class Source {
  private readonly db: DatabaseSync;
  private readonly columnsOf = new Map<string, readonly string[]>();
  /** Rows, or runs of rows, that could not be read. */
  unreadable = 0;

  private constructor(db: DatabaseSync) {
    this.db = db;
    for (const { name } of db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all() as unknown as { name: string }[]) {
      const columns = db.prepare(`SELECT name FROM pragma_table_info(?)`).all(name);
      this.columnsOf.set(
        name,
        columns.map((column) => String(column['name'])),
      );
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
    return this.db.prepare(sql).all(...params);
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

  /** Every row of a table without row numbers, or as many as can be read. */
  all(table: string): Row[] {
    if (!this.has(table)) return [];
    return this.attempt(`SELECT * FROM ${table}`) ?? [];
  }

  /** Messages with their parts, each judged by the hash that it was saved with. */
  *messages(): Generator<ReadMessage[]> {
    for (const rows of this.batches('messages')) {
      const parts = this.partsOf(rows.map((row) => textOf(row['id'])));
      yield rows.map((row) => {
        const own = parts.get(textOf(row['id'])) ?? noParts();
        return { row, parts: own, verdict: judge(row, own, (hash) => this.blob(hash)) };
      });
    }
  }

  /** Ids that the index knows, also of messages that cannot be read; undefined when the index cannot be read. */
  knownIds(): string[] | undefined {
    return this.attempt('SELECT id FROM messages')?.map((row) => textOf(row['id']));
  }

  /** The bytes under a hash, or undefined when they cannot be read or are others. */
  blob(hash: string): Uint8Array | undefined {
    const row = this.has('blobs') ? this.attempt('SELECT * FROM blobs WHERE hash = ?', hash)?.[0] : undefined;
    return row === undefined ? undefined : decodeBlob(row as unknown as BlobRow);
  }

  private partsOf(ids: readonly string[]): Parts {
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
      // RangeError: a damaged number that is larger than any that was ever stored.
      if (error instanceof RangeError || (error instanceof Error && 'code' in error)) return undefined;
      throw error;
    }
  }
}

/** A text that damage may have turned into something else. */
export function textOf(value: SQLInputValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function noParts(): OwnParts {
  return { message_pieces: [], part_pieces: [], activities: [], command_panels: [] };
}

/** Compares what is there with the hash that was saved with it. */
export function judge(row: Row, parts: OwnParts, blob: ReadBlob): Verdict {
  const { role, content, status, metadata, hash } = row;
  if (hash === null) return status === 'streaming' || row['owner'] !== null ? 'open' : 'damaged';
  if (typeof content !== 'string' || typeof metadata !== 'string') return 'damaged';
  try {
    const actual = contentHash({
      role: role as Role,
      content: content + parts.message_pieces.map((piece) => textOf(piece['text'])).join(''),
      status: status as MessageStatus,
      activities: wholeParts<Activity>('activities', parts, blob),
      commands: wholeParts<CommandPanel>('command_panels', parts, blob),
      metadata: JSON.parse(metadata) as JsonObject,
    });
    return actual === hash ? 'sound' : 'damaged';
  } catch (error) {
    if (error instanceof SyntaxError) return 'damaged';
    throw error;
  }
}

/** A part whose blob is lost is not the one that was saved: its message's hash says so. */
function wholeParts<T extends Part>(table: PartTable, parts: OwnParts, blob: ReadBlob): T[] {
  return parts[table].map((row) => {
    const pieces = parts.part_pieces.filter((piece) => piece['kind'] === table && piece['id'] === row['id']);
    const text = pieces.map((piece) => textOf(piece['text'])).join('');
    return wholePart<T>(table, toPartRow(row), text, blob);
  });
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
