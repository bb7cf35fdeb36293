import type { AccountKey, Lease, OutboxKind, OutboxState } from '../outbox.ts';
import {
  addTallies,
  type Held,
  type ParkedItem,
  type StoredSyncFacts,
  type SyncAnswer,
  type SyncAsked,
  type SyncTally,
} from '../watching.ts';
import { unsentFields, type ConversationRow } from './conversations.ts';
import { checkFence, leaderNow } from './leases.ts';
import { readMeta, writeMeta } from './meta.ts';
import { readLinkStatus } from './link.ts';
import { DAMAGED_REASON } from './quarantine.ts';
import { readLosses } from './resend.ts';
import type { Context } from './session.ts';
import { NOT_PURGED, PURGED_THERE, restsForGood } from './tombstones.ts';

const MOST_PARKED = 100;
/** SQL: what the account has, or nobody yet; without an account (the first parameter) everything. */
const OURS = `(?1 IS NULL OR c.account IS NULL OR c.account = ?1)`;
const TALLY_KEY = 'sync.tally';
const CONFIRMED_KEY = 'sync.confirmed';

/** Counts without reading a message: those on the server are all of a conversation that is there but what still waits. */
export function syncFacts(context: Context, account: AccountKey | undefined, now: number): StoredSyncFacts {
  const { db } = context;
  const confirmed = readMeta<{ at: number; count: number }>(db, CONFIRMED_KEY);
  const tally = readTally(context, account);
  const lost = lostThere(context, account);
  return {
    queue: db.all<{ kind: OutboxKind; state: OutboxState; count: number }>(
      `SELECT o.kind, o.state, count(*) AS count FROM outbox o JOIN conversations c ON c.id = o.conversation_id
       WHERE ${OURS} GROUP BY o.kind, o.state ORDER BY o.kind, o.state`,
      account ?? null,
    ),
    parked: parkedItems(context, account),
    ...held(context, account),
    link: readLinkStatus(context),
    leader: leaderNow(context, now),
    ...(confirmed && { confirmed }),
    ...(tally && { tally }),
    ...(lost && { lost }),
  };
}

function lostThere(context: Context, account: AccountKey | undefined): StoredSyncFacts['lost'] {
  const note = readLosses(context, account);
  if (note === undefined) return undefined;
  const { conversations, messages, at } = note;
  const waiting = context.db.get<{ count: number }>(
    `SELECT count(*) AS count FROM outbox o JOIN conversations c ON c.id = o.conversation_id
     WHERE ${OURS} AND o.held_until > 0`,
    account ?? null,
  );
  return { conversations, messages, at, waiting: waiting?.count ?? 0 };
}

interface ParkedRow extends Pick<
  ConversationRow,
  'title' | 'status' | 'is_pinned' | 'is_starred' | 'base' | 'tags'
> {
  kind: OutboxKind;
  conversation_id: string;
  message_id: string | null;
  reason: string | null;
}

function parkedItems({ db }: Context, account: AccountKey | undefined): ParkedItem[] {
  return db
    .all<ParkedRow>(
      `SELECT o.kind, o.conversation_id, o.message_id, o.reason, c.base, c.tags, c.title, c.status, c.is_pinned, c.is_starred
       FROM outbox o JOIN conversations c ON c.id = o.conversation_id
       WHERE o.state = 'parked' AND ${OURS} ORDER BY o.conversation_id, o.seq LIMIT ?2`,
      account ?? null,
      MOST_PARKED,
    )
    .map((row) => ({
      kind: row.kind,
      conversationId: row.conversation_id,
      ...(row.message_id === null ? {} : { messageId: row.message_id }),
      reason: row.reason ?? '',
      ...(row.kind === 'fields' && { fields: unsentFields(row) }),
    }));
}

function held(
  { db }: Context,
  account: AccountKey | undefined,
): { conversations: Held; messages: Held; ofOtherAccounts: number } {
  const row = db.get<{ here: number; there: number; messages: number; sent: number; others: number }>(
    `SELECT count(*) FILTER (WHERE ${OURS}) AS here,
       count(*) FILTER (WHERE ${OURS} AND c.remote_id IS NOT NULL) AS there,
       coalesce(sum(c.message_count) FILTER (WHERE ${OURS}), 0) AS messages,
       coalesce(sum(c.message_count) FILTER (WHERE ${OURS} AND c.remote_id IS NOT NULL), 0) AS sent,
       count(*) FILTER (WHERE NOT ${OURS}) AS others
     FROM conversations c WHERE c.message_count > 0 AND ${NOT_PURGED}`,
    account ?? null,
  );
  const waiting = db.get<{ count: number }>(
    `SELECT count(*) AS count FROM outbox o JOIN conversations c ON c.id = o.conversation_id
       JOIN messages m ON m.n = o.seq
     WHERE o.kind = 'append' AND c.remote_id IS NOT NULL AND ${OURS} AND m.trashed_at IS NULL AND ${NOT_PURGED}`,
    account ?? null,
  );
  return {
    conversations: { here: row?.here ?? 0, onServer: row?.there ?? 0 },
    messages: { here: row?.messages ?? 0, onServer: (row?.sent ?? 0) - (waiting?.count ?? 0) },
    ofOtherAccounts: row?.others ?? 0,
  };
}

/** In the transaction of the merge that saw them there: once for a burst of messages. */
export function noteConfirmed({ db, now }: Context, count: number): void {
  if (count > 0) writeMeta(db, CONFIRMED_KEY, { at: now(), count });
}

/** What the last window counted, beside all that was counted before it: written again, it counts once. */
interface StoredTally {
  readonly holder: string;
  readonly last: SyncTally;
  readonly earlier?: SyncTally;
}

export function writeTally(context: Context, lease: Lease, tally: SyncTally): void {
  const { db } = context;
  const { holder } = lease;
  db.write(() => {
    checkFence(context, lease);
    const known = readMeta<StoredTally>(db, TALLY_KEY);
    const isSame =
      known?.holder === holder && known.last.account === tally.account && known.last.since === tally.since;
    const before = isSame ? known.earlier : known && addTallies(known.earlier, known.last);
    const earlier = before?.account === tally.account ? before : undefined;
    writeMeta(db, TALLY_KEY, { holder, last: tally, ...(earlier && { earlier }) });
  });
}

function readTally({ db }: Context, account: AccountKey | undefined): SyncTally | undefined {
  const stored = readMeta<StoredTally>(db, TALLY_KEY);
  if (stored === undefined || stored.last.account !== account) return undefined;
  return addTallies(stored.earlier, stored.last);
}

export function retryUnsent(
  { db }: Context,
  of: { readonly conversationId: string } | { readonly account: AccountKey | undefined },
): number {
  const [where, param] =
    'conversationId' in of
      ? ['conversation_id = ?1', of.conversationId]
      : [`conversation_id IN (SELECT c.id FROM conversations c WHERE ${OURS})`, of.account ?? null];
  return db.write(() =>
    db.run(
      `UPDATE outbox SET state = 'queued', attempts = 0, not_before = 0, reason = NULL
       WHERE state = 'parked' AND reason IS NOT ?2 AND ${where} AND NOT ${restsForGood('?3')}`,
      param,
      DAMAGED_REASON,
      PURGED_THERE,
    ),
  );
}

const ASKED_KEY = 'sync.asked';
const ANSWER_KEY = 'sync.answer';

export function askSync({ db }: Context, askedAt: number): void {
  db.write(() => writeMeta(db, ASKED_KEY, { at: askedAt }));
}

export function readAsked({ db }: Context): SyncAsked {
  const asked = readMeta<{ at: number }>(db, ASKED_KEY);
  const answer = readMeta<SyncAnswer>(db, ANSWER_KEY);
  return { ...(asked && { askedAt: asked.at }), ...(answer && { answer }) };
}

export function answerSync(context: Context, lease: Lease, answer: SyncAnswer): void {
  const { db } = context;
  db.write(() => {
    checkFence(context, lease);
    writeMeta(db, ANSWER_KEY, answer);
  });
}
