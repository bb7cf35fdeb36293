/** A new file from whatever can be read: a damaged one, and backups for what it lacks. */
import { chmodSync } from 'node:fs';
import { Connection } from '../connection.ts';
import { migrate } from '../migrations/migrate.ts';
import type { Context } from '../session.ts';
import { Filler } from './fill.ts';
import { sizeOf, syncFile } from './files.ts';
import { settleConversation, takeLeases, takeOutbox } from './settle.ts';
import { textOf, type ReadMessage, type Source } from './source.ts';
import { verifyCopy } from './verify.ts';

const SETTLED_AT_ONCE = 200;
/** Damaged messages that are kept in mind until every source was asked for a sound copy. */
const MOST_DAMAGED = 100_000;

export interface Rebuilt {
  readonly conversations: number;
  readonly messages: number;
  /** Messages that are there and marked: no sound copy of them was found. */
  readonly damaged: number;
  /** Messages that came from a backup: the damaged file lacked them, or had other words. */
  readonly fromBackups: number;
  /** Rows, or runs of rows, of the damaged file that could not be read. */
  readonly unreadable: number;
  /** How many backups were read. */
  readonly backups: number;
}

export interface RebuildOptions {
  /** A file that does not exist yet. */
  readonly target: string;
  /** What is left of the damaged file, best first; empty when nothing of it can be read. */
  readonly damaged: readonly Source[];
  /** Opened one after the other, newest first, for as long as something is missing. */
  readonly backups: Iterable<Source>;
  readonly now: () => number;
}

/** Leaves a verified file that is on the disk, without a log beside it. Throws `StoreError`, or what the disk says. */
export function rebuild(options: RebuildOptions): Rebuilt {
  const { target, now } = options;
  const db = new Connection(target, () => undefined);
  let report: Rebuilt;
  try {
    migrate(db);
    // Nobody reads the file before it is whole and on the disk.
    db.exec('PRAGMA synchronous=OFF');
    const context: Context = {
      db,
      session: { id: 'recovery', pid: 0, host: '' },
      now,
      awakeSince: () => 0,
      isAlive: () => true,
    };
    report = new Rebuilding(context, options).run();
    db.exec('PRAGMA journal_mode=DELETE');
  } finally {
    db.close();
  }
  chmodSync(target, 0o600);
  syncFile(target);
  verifyCopy(target, sizeOf(target));
  return report;
}

class Rebuilding {
  private readonly context: Context;
  private readonly options: RebuildOptions;
  private readonly damagedMessages: { readonly filler: Filler; readonly message: ReadMessage }[] = [];
  private fromBackups = 0;

  constructor(context: Context, options: RebuildOptions) {
    this.context = context;
    this.options = options;
  }

  run(): Rebuilt {
    const { damaged, backups } = this.options;
    const { db } = this.context;
    const newest = damaged.map((source, index) => this.takeRows(source, index === 0));
    for (const filler of newest) this.takeMessages(filler);
    takeLeases(this.context, damaged);
    for (const filler of newest) this.takeRest(filler);
    let read = 0;
    for (const source of backups) {
      const filler = this.takeRows(source, damaged.length === 0 && read === 0);
      read += 1;
      this.fromBackups += this.takeMessages(filler);
      takeLeases(this.context, [source]);
      this.takeRest(filler);
      // An older one has nothing more, unless something is still known to be missing.
      if (!this.lacksSomething(newest)) break;
    }
    this.takeDamaged();
    for (const filler of newest) this.takeTraces(filler);
    this.settle();
    const count = (table: string): number =>
      db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0;
    return {
      conversations: count('conversations'),
      messages: count('messages'),
      damaged: count('quarantine'),
      fromBackups: this.fromBackups,
      unreadable: damaged.reduce((sum, { unreadable }) => sum + unreadable, 0),
      backups: read,
    };
  }

  private takeRows(source: Source, isNewest: boolean): Filler {
    const filler = new Filler(this.context, source, { isNewest });
    filler.tombstones();
    filler.conversations();
    return filler;
  }

  /** Returns how many were put in. */
  private takeMessages(filler: Filler): number {
    let added = 0;
    for (const messages of filler.source.messages(true)) {
      this.context.db.write(() => {
        for (const message of messages) {
          const fate = filler.take(message, false);
          if (fate === 'added') added += 1;
          if (fate === 'damaged' && this.damagedMessages.length < MOST_DAMAGED)
            this.damagedMessages.push({ filler, message });
        }
      });
    }
    return added;
  }

  private lacksSomething(newest: readonly Filler[]): boolean {
    const isMissing = ({ message }: { message: ReadMessage }): boolean =>
      !this.has(textOf(message.row['id']));
    return this.damagedMessages.some(isMissing) || newest.some(({ source }) => this.hasTrace(source));
  }

  private hasTrace(source: Source): boolean {
    if (source.unreadable === 0) return false;
    for (const trace of source.traces()) if (!this.has(trace.id) && !source.canRead(trace.n)) return true;
    return false;
  }

  private has(id: string): boolean {
    return this.context.db.get('SELECT 1 FROM messages WHERE id = ?', id) !== undefined;
  }

  private takeDamaged(): void {
    this.context.db.write(() => {
      for (const { filler, message } of this.damagedMessages) filler.take(message, true);
    });
  }

  private takeTraces(filler: Filler): void {
    const { source } = filler;
    if (source.unreadable === 0) return;
    this.context.db.write(() => {
      for (const trace of source.traces()) {
        if (!this.has(trace.id) && !source.canRead(trace.n)) filler.takeTrace(trace);
      }
    });
  }

  private takeRest(filler: Filler): void {
    filler.others();
    filler.drafts();
  }

  private settle(): void {
    const { db } = this.context;
    const { damaged } = this.options;
    const ids = db.all<{ id: string }>('SELECT id FROM conversations ORDER BY n').map(({ id }) => id);
    for (const source of damaged) takeOutbox(this.context, source);
    for (let from = 0; from < ids.length; from += SETTLED_AT_ONCE) {
      db.write(() => {
        for (const id of ids.slice(from, from + SETTLED_AT_ONCE)) settleConversation(this.context, id);
      });
    }
  }
}
