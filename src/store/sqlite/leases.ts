import type { Lease } from '../outbox.ts';
import { StoreError } from '../store.ts';
import type { Context } from './session.ts';

const NAME = 'sync';

interface LeaseRow {
  holder: string;
  token: number;
  expires_at: number;
  pid: number;
  host: string;
}

/**
 * One window syncs. The lease changes hands when it is free or expired, or at once when its holder's process is gone;
 * each change raises the fencing token, and what the old holder had under way is from then on of unknown outcome.
 */
export function takeLease(context: Context, now: number, ttlMs: number): Lease | undefined {
  const { db, session } = context;
  // Looked at before the write lock is taken: a window that merely waits its turn must not write every few seconds.
  const seen = readLease(context);
  if (seen !== undefined && seen.holder !== session.id && isHeld(context, seen, now)) return undefined;
  if (seen?.holder === session.id && seen.expires_at - now > ttlMs / 2)
    return { holder: session.id, token: seen.token };
  return db.write(() => {
    const row = readLease(context);
    const ours = row?.holder === session.id;
    if (row !== undefined && !ours && isHeld(context, row, now)) return undefined;
    const token = ours ? row.token : (row?.token ?? 0) + 1;
    db.run(
      `INSERT INTO leases (name, holder, token, expires_at, pid, host) VALUES ('${NAME}', ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token,
         expires_at = excluded.expires_at, pid = excluded.pid, host = excluded.host`,
      session.id,
      token,
      now + ttlMs,
      session.pid,
      session.host,
    );
    db.run(
      `UPDATE outbox SET state = 'unknown', not_before = 0 WHERE state = 'sending' AND fence < ?`,
      token,
    );
    return { holder: session.id, token };
  });
}

function isHeld({ session, isAlive }: Context, row: LeaseRow, now: number): boolean {
  if (row.holder === '' || row.expires_at <= now) return false;
  return row.host !== session.host || isAlive(row.pid);
}

/** Which window syncs. */
export function leaderNow(context: Context, now: number): 'this' | 'another' | 'none' {
  const row = readLease(context);
  if (row === undefined || !isHeld(context, row, now)) return 'none';
  return row.holder === context.session.id ? 'this' : 'another';
}

export function releaseLease({ db }: Context, lease: Lease): void {
  db.write(() =>
    db.run(
      `UPDATE leases SET holder = '', expires_at = 0 WHERE name = '${NAME}' AND holder = ? AND token = ?`,
      lease.holder,
      lease.token,
    ),
  );
}

/** Throws `StoreError('fenced')` unless the lease is the current one. Call it inside the transaction that it guards. */
export function checkFence(context: Context, lease: Lease): void {
  const row = readLease(context);
  if (row?.holder !== lease.holder || row.token !== lease.token) {
    throw new StoreError('fenced', 'Another window syncs now; this one changed nothing.');
  }
}

function readLease({ db }: Context): LeaseRow | undefined {
  return db.get<LeaseRow>(`SELECT holder, token, expires_at, pid, host FROM leases WHERE name = '${NAME}'`);
}
