import type { MessageFacts } from '../../check/facts.ts';
import { sqliteCode } from '../trouble.ts';
import { Source, textOf, type ReadMessage, type Row } from './source.ts';

/** Damaged messages that are named; the rest is counted. */
const MOST_IDS = 50;

type Counts = Record<string, number>;

export const NO_MESSAGES: MessageFacts = {
  total: 0,
  byRole: {},
  byStatus: {},
  checked: 0,
  sound: 0,
  open: 0,
  damaged: 0,
  damagedIds: [],
  unreadable: 0,
  confirmed: 0,
  since: 0,
};

/**
 * Every message that was there when it began, each compared with its hash. One read transaction a batch: writers go on,
 * and what they do between two batches is seen whole or not at all. Where the tables cannot be read, no message is checked and
 * one place is unreadable.
 */
export function checkMessages(file: string, onProgress: (done: number, total: number) => void): MessageFacts {
  const source = Source.open(file, 'live');
  if (source === undefined) return { ...NO_MESSAGES, unreadable: 1 };
  try {
    return look(source, onProgress);
  } finally {
    source.close();
  }
}

function look(source: Source, onProgress: (done: number, total: number) => void): MessageFacts {
  const [newest, total] = [lastNumber(source), source.count('messages')];
  const [byRole, byStatus]: [Counts, Counts] = [{}, {}];
  const damagedIds: string[] = [];
  let [checked, sound, open, damaged, confirmed, newestConfirmedAt] = [0, 0, 0, 0, 0, 0];
  for (const batch of oneReadEach(source)) {
    const old = batch.filter(({ row }) => Number(row['_rowid']) <= newest);
    if (old.length === 0 && batch.length > 0) break;
    for (const { row, verdict } of old) {
      add(byRole, textOf(row['role']));
      add(byStatus, textOf(row['status']));
      if (row['is_confirmed'] === 1) {
        confirmed += 1;
        newestConfirmedAt = Math.max(newestConfirmedAt, Number(row['created_at']));
      }
      if (verdict === 'sound') sound += 1;
      else if (verdict === 'open') open += 1;
      else {
        damaged += 1;
        if (damagedIds.length < MOST_IDS) damagedIds.push(textOf(row['id']));
      }
    }
    checked += old.length;
    onProgress(Math.min(checked, total), total);
  }
  return {
    total,
    byRole,
    byStatus,
    checked,
    sound,
    open,
    damaged,
    damagedIds,
    unreadable: source.unreadable,
    confirmed,
    ...(confirmed === 0 ? {} : { newestConfirmedAt }),
    since: countAbove(source, newest),
  };
}

/** A message and its parts are read in one transaction: else a purge between the two would look like damage. */
function* oneReadEach(source: Source): Generator<ReadMessage[]> {
  const batches = source.messages();
  for (;;) {
    source.query('BEGIN');
    let next: IteratorResult<ReadMessage[]>;
    try {
      next = batches.next();
    } finally {
      // Nothing was written; a commit would fail where the batch met damage.
      source.query('ROLLBACK');
    }
    if (next.done === true) return;
    yield next.value;
  }
}

/** Where the end of the table is damaged, every message counts as one that was there. */
function lastNumber(source: Source): number {
  return numberOr(Infinity, () => source.query('SELECT coalesce(max(rowid), 0) AS n FROM messages'));
}

function countAbove(source: Source, n: number): number {
  if (n === Infinity) return 0;
  return numberOr(0, () => source.query('SELECT count(*) AS n FROM messages WHERE rowid > ?', n));
}

function numberOr(fallback: number, read: () => Row[]): number {
  try {
    return Number(read()[0]?.['n'] ?? fallback);
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
    return fallback;
  }
}

function add(counts: Counts, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
