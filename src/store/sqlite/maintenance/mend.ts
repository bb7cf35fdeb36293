/** Looks through the file for what is damaged, marks it, and puts sound copies from backups in its place. */
import { join } from 'node:path';
import type { MendReport } from '../../maintenance.ts';
import { StoreError } from '../../store.ts';
import { Connection } from '../connection.ts';
import { refuseNewer } from '../migrations/migrate.ts';
import { isQuarantined, mend, quarantine } from '../quarantine.ts';
import { identityOf } from '../recover.ts';
import { startIndex } from '../search/table.ts';
import type { Context } from '../session.ts';
import { backupFolder, findBackups } from './backup.ts';
import { Source, textOf } from './source.ts';
import { structureOf } from './verify.ts';

export interface MendOptions {
  readonly file: string;
  /** `noted`: only what is marked already. `all`: structure, search index and every message. */
  readonly depth: 'noted' | 'all';
  readonly now: () => number;
  /** Called after each step; what it throws ends the work there, and what was done stays done. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Writes in short transactions beside other windows. Throws `StoreError`. */
export function mendHistory(options: MendOptions): MendReport {
  const { file, depth, now, onProgress } = options;
  const identity = identityOf(file);
  const nothing = { mended: 0, left: 0, isIndexRebuilt: false };
  if (identity === undefined) return nothing;
  const source = Source.open(file, 'live');
  if (source === undefined) return { ...nothing, damagedFile: identity };
  const db = openBeside(file);
  try {
    const context = maintenanceContext(db, now);
    let isIndexRebuilt = false;
    if (depth === 'all') {
      // By a connection that may write: SQLite leaves constraints out for one that only reads.
      const structure = structureOf((sql) => db.all(sql));
      if (structure === 'damaged') return { ...nothing, damagedFile: identity };
      if (structure === 'index') {
        db.write(() => startIndex(db));
        isIndexRebuilt = true;
      }
      markDamaged(context, source, onProgress);
      if (source.unreadable > 0) return { ...nothing, damagedFile: identity };
    }
    return { ...mendMarked(context, onProgress), isIndexRebuilt };
  } finally {
    db.close();
    source.close();
  }
}

/** A connection of its own that writes to a file that windows have open. Throws `StoreError` for that of a newer NAVI. */
export function openBeside(file: string): Connection {
  const db = new Connection(file, refuseNewer);
  db.guardWrites(() => refuseNewer(db));
  return db;
}

export function maintenanceContext(db: Connection, now: () => number): Context {
  return {
    db,
    session: { id: 'maintenance', pid: process.pid, host: '' },
    now,
    awakeSince: () => 0,
    isAlive: () => true,
  };
}

/** Marks every message whose words are not those that were saved, and takes the mark from those whose are. */
export function markDamaged(
  context: Context,
  source: Source,
  onProgress: (done: number, total: number) => void,
): void {
  const { db } = context;
  const total = source.count('messages');
  let done = 0;
  for (const messages of source.messages()) {
    const damaged = messages
      .filter(({ verdict }) => verdict === 'damaged')
      .map(({ row }) => textOf(row['id']));
    // Looked at again inside the transaction: a reply may have ended between its row and its parts.
    if (damaged.length > 0)
      quarantine(
        context,
        damaged,
        (id) => source.message(id)?.verdict === 'damaged' && !isQuarantined(db, id),
      );
    const sound = messages
      .filter(({ row, verdict }) => verdict === 'sound' && isQuarantined(db, textOf(row['id'])))
      .map(({ content, row }) => ({ id: textOf(row['id']), content }));
    if (sound.length > 0) db.write(() => sound.forEach(({ id, content }) => mend(context, id, content)));
    done += messages.length;
    onProgress(done, total);
  }
}

function mendMarked(
  context: Context,
  onProgress: (done: number, total: number) => void,
): { mended: number; left: number } {
  const { db } = context;
  const { file } = db;
  let left = db.all<{ id: string }>('SELECT message_id AS id FROM quarantine').map(({ id }) => id);
  const found = left.length;
  for (const { name } of found === 0 ? [] : findBackups(file)) {
    const source = Source.open(join(backupFolder(file), name), 'frozen');
    if (source === undefined) continue;
    try {
      left = left.filter((id) => {
        const copy = source.message(id);
        if (copy?.verdict !== 'sound') return true;
        db.write(() => {
          if (!isQuarantined(db, id)) return;
          source.contentsTo(db, copy.content);
          mend(context, id, copy.content);
        });
        return false;
      });
    } finally {
      source.close();
    }
    onProgress(found - left.length, found);
    if (left.length === 0) break;
  }
  return { mended: found - left.length, left: left.length };
}

export function backupMissing(): StoreError {
  return new StoreError(
    'unavailable',
    'This backup cannot be read. Nothing was changed; choose another one.',
  );
}
