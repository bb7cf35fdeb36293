import { statSync } from 'node:fs';
import type { Clock } from '../../model/ids.ts';
import type { Connection } from './connection.ts';

/** About a thousand pages of log: a log that starts over from its beginning is several times cheaper than one that grows. */
const COMMITS = 100;
/** A few huge messages are as much as many small ones. UTF-16 units and bytes. */
const GROWTH = 2 * 1024 * 1024;
/** A log that a long reader let grow is given back to the disk from here on. */
const TRUNCATE_BYTES = 16 * 1024 * 1024;
const IDLE_MS = 1_000;

/**
 * Moves commits from the write-ahead log into the file between answers, so that no message waits for it. Never waits for
 * another window: what a reader holds back is moved later.
 */
export class Checkpoints {
  private readonly db: Connection;
  private readonly now: Clock;
  private commits = 0;
  private dataThen = 0;
  private wroteAt = 0;

  constructor(db: Connection, now: Clock) {
    this.db = db;
    this.now = now;
  }

  /**
   * After each write has been answered. Throws node:sqlite's error; nothing committed is at risk then. Does not ask for
   * the log's size: a file whose times were asked for gets exact ones with its next write, and syncing those is slower.
   */
  afterWrite(): void {
    this.wroteAt = this.now();
    this.commits += 1;
    if (this.commits < COMMITS && this.db.dataWritten - this.dataThen < GROWTH) return;
    this.commits = 0;
    this.dataThen = this.db.dataWritten;
    this.db.checkpoint('PASSIVE');
  }

  /** Every now and then. */
  whenIdle(): void {
    if (this.now() - this.wroteAt < IDLE_MS || this.logBytes() <= TRUNCATE_BYTES) return;
    this.db.checkpoint('TRUNCATE');
  }

  /** 0 where there is no log. */
  private logBytes(): number {
    return statSync(`${this.db.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}
