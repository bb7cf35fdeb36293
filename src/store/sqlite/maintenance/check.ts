import {
  isOfIndex,
  type CheckDepth,
  type ContentFacts,
  type HistoryFacts,
  type Orphans,
} from '../../check/facts.ts';
import type { BackupInfo } from '../../maintenance.ts';
import { Connection, hasWalFix } from '../connection.ts';
import { versionOf } from '../migrations/migrate.ts';
import { inWords } from '../trouble.ts';
import { factsOfFiles } from './checkFiles.ts';
import { checkIndex } from './checkIndex.ts';
import { checkMessages, NO_MESSAGES } from './checkMessages.ts';
import {
  conversationsByStatus,
  countOf,
  driftOf,
  openMessages,
  orphansOf,
  queueOf,
  structureOf,
  tablesOf,
} from './checkRows.ts';
import { sizeOf } from './files.ts';

export interface CheckOptions {
  readonly file: string;
  readonly depth: CheckDepth;
  readonly backups: readonly BackupInfo[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Percent. What it throws ends the check. */
  readonly onProgress: (done: number) => void;
}

/** Percent of the time that goes into all but the messages. */
const BEFORE_MESSAGES = 40;

/**
 * Looks through the file and what lies beside it. Changes nothing, takes no lock that a writer waits for where there is
 * a write-ahead log, and reads in steps of which each sees one state. What cannot be read is said and stepped over.
 */
export function checkHistory({ file, depth, backups, now, onProgress }: CheckOptions): HistoryFacts {
  const startedAt = now();
  onProgress(0);
  const unreadable: string[] = [];
  const files = factsOfFiles(file, backups);
  const db = sizeOf(file) === 0 ? undefined : open(file, unreadable);
  const content = db && lookInto(db, { file, depth, onProgress, unreadable });
  const sqliteVersion = db === undefined ? versionOfSqlite() : readVersion(db);
  db?.close();
  return {
    depth,
    startedAt,
    endedAt: now(),
    files,
    sqliteVersion,
    hasWalFix: hasWalFix(sqliteVersion),
    ...(content === undefined ? {} : { content }),
    unreadable,
  };
}

function open(file: string, unreadable: string[]): Connection | undefined {
  try {
    const db = new Connection(file, () => undefined, { mode: 'read' });
    try {
      versionOf(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    unreadable.push(inWords(error));
    return undefined;
  }
}

interface Look {
  readonly file: string;
  readonly depth: CheckDepth;
  readonly onProgress: (done: number) => void;
  readonly unreadable: string[];
}

/** Reads a part, or notes that it cannot be read. */
type Reading = <T>(what: string, fallback: T, body: () => T) => T;

function lookInto(db: Connection, { file, depth, onProgress, unreadable }: Look): ContentFacts {
  const reading: Reading = (what, fallback, body) => {
    try {
      return body();
    } catch (error) {
      if (!isSqliteError(error)) throw error;
      unreadable.push(`Not readable: ${what}.`);
      return fallback;
    }
  };
  const tables = lookAtTables(db, depth, reading, (part) => onProgress(part * BEFORE_MESSAGES));
  const rest = {
    schemaVersion: reading('the version', 0, () => versionOf(db)),
    journalMode: reading('the journal mode', '', () => journalModeOf(db)),
    conversations: reading('conversations', {}, () => conversationsByStatus(db)),
    openMessages: reading('open messages', [], () => openMessages(db)),
    drift: reading('counts', { counts: 0, clocks: 0, outbox: 0 }, () => driftOf(db)),
    index: reading('the search index', NO_INDEX, () => checkIndex(db)),
    queue: reading('the outbox', NO_QUEUE, () => queueOf(db)),
  };
  const { structure, ...counts } = tables;
  if (depth === 'daily')
    return { ...rest, ...counts, messages: { ...NO_MESSAGES, total: counts.rows['messages'] ?? 0 } };
  const messages = reading('messages', NO_MESSAGES, () =>
    checkMessages(file, (done, total) =>
      onProgress(BEFORE_MESSAGES + ((100 - BEFORE_MESSAGES) * done) / total),
    ),
  );
  return { ...rest, ...counts, structure, messages };
}

function lookAtTables(
  db: Connection,
  depth: CheckDepth,
  reading: Reading,
  onProgress: (part: number) => void,
): Required<Pick<ContentFacts, 'rows' | 'orphans' | 'structure'>> {
  const tables = reading('the list of tables', [], () => tablesOf(db));
  const rows: Record<string, number> = {};
  const orphans: Orphans[] = [];
  const structure: { table: string; words: string }[] = [];
  const lookAtStructure = (table: string): void => {
    const words = reading(`structure of ${table}`, [], () => structureOf(db, table));
    structure.push(...words.map((said) => ({ table, words: said })));
  };
  for (const [at, table] of tables.entries()) {
    onProgress(at / tables.length);
    // What counts is derived from messages: the rows of the index itself are no one's.
    if (!isOfIndex(table)) rows[table] = reading(`rows of ${table}`, 0, () => countOf(db, table));
    orphans.push(...reading(`references of ${table}`, [], () => orphansOf(db, table)));
    if (depth === 'whole') lookAtStructure(table);
  }
  // Also looks at the list of free pages.
  if (depth === 'whole') lookAtStructure('sqlite_schema');
  return { rows, orphans, structure };
}

const NO_INDEX: ContentFacts['index'] = {
  isThere: false,
  isReadable: false,
  isCurrent: false,
  pending: 0,
  stale: 0,
  sampled: 0,
  missed: 0,
};
const NO_QUEUE: ContentFacts['queue'] = {
  rows: [],
  parkedReasons: [],
  accounts: 0,
  link: { link: 'unknown', detail: '' },
};

function journalModeOf(db: Connection): string {
  return db.get<{ journal_mode: string }>('PRAGMA journal_mode')?.journal_mode ?? '';
}

function readVersion(db: Connection): string {
  return db.get<{ version: string }>('SELECT sqlite_version() AS version')?.version ?? '';
}

function versionOfSqlite(): string {
  const db = new Connection('', () => undefined, { mode: 'empty' });
  try {
    return readVersion(db);
  } finally {
    db.close();
  }
}

/** Of SQLite itself; a mistake of ours is thrown on. */
function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error;
}
