import type { Clock } from '../../model/ids.ts';
import { StoreError } from '../store.ts';
import type { Connection } from './connection.ts';
import { refusePurged } from './tombstones.ts';

/** This window's extension host, as it signs leases and open messages. */
export interface Session {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
}

/** What every statement module works with. */
export interface Context {
  readonly db: Connection;
  readonly session: Session;
  readonly now: Clock;
  /**
   * Milliseconds since the epoch since when this window has been running without a pause. After a machine slept, every
   * sign of life is old until its owner has had the time to renew it.
   */
  readonly awakeSince: Clock;
  /** False when no process with this pid runs on this host. */
  readonly isAlive: (pid: number) => boolean;
  /** When a commit was last acknowledged, milliseconds since the epoch. */
  readonly acknowledgedAt?: () => number | undefined;
  /** True for the conversation that this window's user looks at: what arrives in it is read. */
  readonly isViewed?: (conversationId: string) => boolean;
  /** Told of each message that was read and whose words are not those that were saved. */
  readonly onDamaged?: (messageId: string) => void;
}

const HEARTBEAT_LIFE_MS = 60_000;
/** How long a session that owns nothing any more is remembered. */
const SESSION_LIFE_MS = 24 * 60 * 60 * 1_000;

/**
 * Renews the sign of life that keeps other windows from calling our open messages interrupted, and forgets sessions
 * that ended long ago.
 */
export function beat({ db, session, now }: Context): void {
  db.write(() => {
    db.run(
      `DELETE FROM sessions WHERE heartbeat_at < ?
         AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.owner = sessions.id)`,
      now() - SESSION_LIFE_MS,
    );
    db.run(
      `INSERT INTO sessions (id, pid, host, heartbeat_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`,
      session.id,
      session.pid,
      session.host,
      now(),
    );
  });
}

/** Sessions that own open messages and have certainly ended: process gone, or silent for a minute. */
export function deadOwners(context: Context): string[] {
  const { db, session, now, awakeSince, isAlive } = context;
  return db
    .all<{ owner: string; pid: number | null; host: string | null; heartbeat_at: number | null }>(
      `SELECT DISTINCT m.owner, s.pid, s.host, s.heartbeat_at
       FROM messages m LEFT JOIN sessions s ON s.id = m.owner
       WHERE m.owner IS NOT NULL AND m.owner <> ?`,
      session.id,
    )
    .filter(({ pid, host, heartbeat_at: beatAt }) => {
      if (pid === null || host === null || beatAt === null) return true;
      return (
        (host === session.host && !isAlive(pid)) || now() - Math.max(beatAt, awakeSince()) > HEARTBEAT_LIFE_MS
      );
    })
    .map(({ owner }) => owner);
}

/** Throws `StoreError('no-such-conversation')`, or `StoreError('purged')`. */
export function requireConversation(db: Connection, conversationId: string): void {
  refusePurged(db, conversationId);
  if (db.get('SELECT 1 FROM conversations WHERE id = ?', conversationId) === undefined) {
    throw noSuchConversation();
  }
}

export function noSuchConversation(): StoreError {
  return new StoreError('no-such-conversation', 'This conversation is not on this machine.');
}
