/** What the check counts. Each statement is a read transaction of its own, so that the log is not held for long. */
import { hostname } from 'node:os';
import type { ContentFacts, DriftFacts, OpenMessages, Orphans, QueueFacts } from '../../check/facts.ts';
import { isAlive } from '../../processes.ts';
import { sqliteCode, type Connection } from '../connection.ts';
import { readLinkStatus } from '../link.ts';

/** The index's own tables are looked at through the index. */
const SHADOWS = /^search(?:_titles)?_(?:data|idx|docsize|config|content)$/;

export function tablesOf(db: Connection): string[] {
  return db
    .all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .map(({ name }) => name)
    .filter((name) => !SHADOWS.test(name) && !name.startsWith('sqlite_'));
}

export function countOf(db: Connection, table: string): number {
  return db.get<{ n: number }>(`SELECT count(*) AS n FROM ${quoted(table)}`)?.n ?? 0;
}

export function conversationsByStatus(db: Connection): ContentFacts['conversations'] {
  const rows = db.all<{ status: string; n: number }>(
    'SELECT status, count(*) AS n FROM conversations GROUP BY status ORDER BY status',
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

export function openMessages(db: Connection): OpenMessages[] {
  return db
    .all<{ owner: string; n: number; pid: number | null; host: string | null; beat: number | null }>(
      `SELECT m.owner, count(*) AS n, s.pid, s.host, s.heartbeat_at AS beat
       FROM messages m LEFT JOIN sessions s ON s.id = m.owner WHERE m.owner IS NOT NULL GROUP BY m.owner`,
    )
    .map(({ owner, n, pid, host, beat }) => ({
      owner: short(owner),
      count: n,
      // Of another machine only its sign of life is known.
      isAlive: pid !== null && (host !== hostname() || isAlive(pid)),
      ...(beat === null ? {} : { beatAt: beat }),
    }));
}

/** What `integrity_check` says of a table and its indexes; of the search index, whether its entries hold together. */
export function structureOf(db: Connection, table: string): string[] {
  try {
    return db
      .all<{ integrity_check: string }>(`PRAGMA integrity_check(${quoted(table)})`)
      .map(({ integrity_check: words }) => words)
      .filter((words) => words !== 'ok');
  } catch (error) {
    if (sqliteCode(error) === undefined) throw error;
    // Some damage ends the check itself.
    return ['it cannot be walked through to its end'];
  }
}

export function orphansOf(db: Connection, table: string): Orphans[] {
  return db
    .all<Orphans>(
      `SELECT "table", parent, count(*) AS count FROM pragma_foreign_key_check(?) GROUP BY "table", parent`,
      table,
    )
    .map(({ parent, count }) => ({ table, parent, count }));
}

const REAL_COUNT = `(SELECT count(*) FROM messages m WHERE m.conversation_id = c.id)
  - (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id AND m.trashed_at IS NOT NULL)`;
const REAL_CLOCK = '(SELECT max(m.hlc) FROM messages m WHERE m.conversation_id = c.id)';

export function driftOf(db: Connection): DriftFacts {
  const count = (sql: string): number => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${sql}`)?.n ?? 0;
  return {
    counts: count(`conversations c WHERE c.message_count <> ${REAL_COUNT}`),
    clocks: count(`conversations c WHERE c.last_hlc < ${REAL_CLOCK}`),
    outbox: count(
      `outbox o LEFT JOIN messages m ON m.id = o.message_id WHERE o.kind = 'append'
         AND (m.id IS NULL OR o.seq <> m.n OR o.conversation_id <> m.conversation_id)`,
    ),
  };
}

/** Puts derived numbers right. Returns how many conversations it changed. */
export function repairDrift(db: Connection): number {
  return db.write(
    () =>
      db.run(
        `UPDATE conversations AS c SET message_count = ${REAL_COUNT} WHERE c.message_count <> ${REAL_COUNT}`,
      ) + db.run(`UPDATE conversations AS c SET last_hlc = ${REAL_CLOCK} WHERE c.last_hlc < ${REAL_CLOCK}`),
  );
}

export function queueOf(db: Connection): QueueFacts {
  const rows = db.all<QueueFacts['rows'][number]>(
    `SELECT o.kind, o.state, count(*) AS count, min(coalesce(m.created_at, c.updated_at)) AS oldestAt
     FROM outbox o JOIN conversations c ON c.id = o.conversation_id LEFT JOIN messages m ON m.id = o.message_id
     GROUP BY o.kind, o.state ORDER BY o.kind, o.state`,
  );
  const reasons = db.all<{ reason: string; count: number }>(
    `SELECT coalesce(reason, '') AS reason, count(*) AS count FROM outbox WHERE state = 'parked'
     GROUP BY reason ORDER BY count(*) DESC LIMIT 10`,
  );
  const { link, detail } = readLinkStatus({ db });
  const lease = leaseOf(db);
  return {
    rows,
    parkedReasons: reasons.map(({ reason, count }) => ({ reason: withoutAddresses(reason), count })),
    accounts: countOf(db, 'accounts'),
    ...(lease === undefined ? {} : { lease }),
    link: { link, detail: withoutAddresses(detail) },
  };
}

function leaseOf(db: Connection): QueueFacts['lease'] {
  const row = db.get<{ holder: string; token: number; expires_at: number; pid: number; host: string }>(
    "SELECT holder, token, expires_at, pid, host FROM leases WHERE name = 'sync'",
  );
  if (row === undefined) return undefined;
  const isHere = row.host === hostname();
  return {
    holder: short(row.holder),
    token: row.token,
    pid: row.pid,
    isHere,
    isAlive: row.holder !== '' && (!isHere || isAlive(row.pid)),
    expiresAt: row.expires_at,
  };
}

/** A report is copied to where the address of a server is nobody's business. */
function withoutAddresses(words: string): string {
  return words.replaceAll(/\b[a-z][a-z+]*:\/\/[^\s,;)]+?(?=[:,;.)]*(?:\s|$))/gi, 'the server');
}

function short(id: string): string {
  return id.slice(0, 8);
}

function quoted(table: string): string {
  return `"${table.replaceAll('"', '""')}"`;
}
