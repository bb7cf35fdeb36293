import type { SQLInputValue } from 'node:sqlite';
import type { SearchTerm } from '../../../model/searchText.ts';
import type { SearchQuery } from '../../store.ts';
import type { Connection } from '../connection.ts';
import { filterOf } from '../listFilter.ts';

/** Messages and titles that are looked at; of what matches more often, the newest. */
const WINDOW = 1_000;
/** Matches that a filter may pass over before the search gives up. */
const MOST_EXAMINED = 20_000;

const SCORE = { wholeTitle: 6, title: 4, wholeMessage: 2, message: 1, mostForCount: 2, newest: 2 };
const HALF_LIFE_MS = 30 * 24 * 60 * 60 * 1000;

/** A conversation that matches. */
export interface Candidate {
  readonly conversationId: string;
  /** Number of the message to show, when one matches. */
  readonly best: number | undefined;
  /** Messages that match. */
  readonly count: number;
}

export interface Candidates {
  /** Best first. */
  readonly items: readonly Candidate[];
  /** More messages match than were looked at. */
  readonly isNewestOnly: boolean;
}

interface Row {
  readonly n: number;
  readonly conversation_id: string;
  readonly updated_at: number;
}

interface Group {
  readonly conversationId: string;
  readonly updatedAt: number;
  title: 'whole' | 'prefix' | undefined;
  /** Newest first. */
  whole: number[];
  prefix: number[];
}

/** `now` in milliseconds since the epoch: what is new counts a little more. */
export function findCandidates(
  db: Connection,
  query: SearchQuery,
  terms: readonly SearchTerm[],
  now: number,
): Candidates {
  const filter = toFilter(query);
  const whole = rowsOf(
    db,
    filter,
    terms.map(({ text }) => ({ text, isPrefix: false })),
  );
  const all = rowsOf(db, filter, terms);
  const groups = [...group(all, whole).values()];
  const scored = groups.map((item) => ({ item, score: scoreOf(item, now) }));
  // Equal scores are those of one instant: an order that stays.
  scored.sort((a, b) => b.score - a.score || (a.item.conversationId < b.item.conversationId ? -1 : 1));
  return {
    items: scored.map(({ item: { conversationId, whole: best, prefix } }) => ({
      conversationId,
      best: best[0] ?? prefix[0],
      count: best.length + prefix.length,
    })),
    isNewestOnly: all.isCut,
  };
}

function group(all: Found, whole: Found): Map<string, Group> {
  const groups = new Map<string, Group>();
  const of = ({ conversation_id: conversationId, updated_at: updatedAt }: Row): Group => {
    const known = groups.get(conversationId);
    if (known !== undefined) return known;
    const fresh: Group = { conversationId, updatedAt, title: undefined, whole: [], prefix: [] };
    groups.set(conversationId, fresh);
    return fresh;
  };
  const wholeNumbers = new Set(whole.messages.map(({ n }) => n));
  for (const row of whole.messages) of(row).whole.push(row.n);
  for (const row of all.messages) if (!wholeNumbers.has(row.n)) of(row).prefix.push(row.n);
  for (const row of all.titles) of(row).title = 'prefix';
  for (const row of whole.titles) of(row).title = 'whole';
  return groups;
}

function scoreOf({ title, whole, prefix, updatedAt }: Group, now: number): number {
  const count = whole.length + prefix.length;
  const ofTitle = title === undefined ? 0 : title === 'whole' ? SCORE.wholeTitle : SCORE.title;
  const ofMessages = whole.length > 0 ? SCORE.wholeMessage : prefix.length > 0 ? SCORE.message : 0;
  const ofCount = count === 0 ? 0 : Math.min(SCORE.mostForCount, Math.log2(count) / 2);
  const ofTime = SCORE.newest * 0.5 ** (Math.max(0, now - updatedAt) / HALF_LIFE_MS);
  return ofTitle + ofMessages + ofCount + ofTime;
}

interface Found {
  /** Newest first. */
  readonly messages: readonly Row[];
  readonly titles: readonly Row[];
  readonly isCut: boolean;
}

function rowsOf(db: Connection, filter: Filter, terms: readonly SearchTerm[]): Found {
  const match = toMatch(terms);
  const messages = db.all<Row>(
    `SELECT s.n, m.conversation_id, c.updated_at
     FROM (SELECT rowid AS n FROM search WHERE search MATCH ? AND rowid > 0 ORDER BY rowid DESC LIMIT ?) s
       CROSS JOIN messages m ON m.n = s.n CROSS JOIN conversations c ON c.id = m.conversation_id
     WHERE ${filter.conversation.where} ${filter.message.where} LIMIT ?`,
    match,
    MOST_EXAMINED,
    ...filter.conversation.params,
    ...filter.message.params,
    WINDOW,
  );
  const titles = filter.isAboutMessages
    ? []
    : db.all<Row>(
        `SELECT s.n, c.id AS conversation_id, c.updated_at
         FROM (SELECT rowid AS n FROM search WHERE search MATCH ? AND rowid < 0 ORDER BY rowid LIMIT ?) s
           CROSS JOIN conversations c ON c.n = -s.n
         WHERE ${filter.conversation.where} LIMIT ?`,
        match,
        MOST_EXAMINED,
        ...filter.conversation.params,
        WINDOW,
      );
  return { messages, titles, isCut: messages.length === WINDOW || examinedTooMany(db, match) };
}

/** True when matches were left out of the window for their number alone. */
function examinedTooMany(db: Connection, match: string): boolean {
  return (
    db.get(
      'SELECT 1 FROM search WHERE search MATCH ? AND rowid > 0 LIMIT 1 OFFSET ?',
      match,
      MOST_EXAMINED,
    ) !== undefined
  );
}

/** Terms hold neither quotes nor operators; quoted all the same, since FTS5 has words of its own. */
function toMatch(terms: readonly SearchTerm[]): string {
  return terms
    .map(({ text, isPrefix }) => `"${text.replaceAll('"', '""')}"${isPrefix ? ' *' : ''}`)
    .join(' AND ');
}

interface Filter {
  /** Conditions on `conversations c`. */
  readonly conversation: Condition;
  /** Conditions on `messages m`, beginning with AND. */
  readonly message: Condition;
  /** Says something of messages that no title has. */
  readonly isAboutMessages: boolean;
}

interface Condition {
  readonly where: string;
  readonly params: readonly SQLInputValue[];
}

function toFilter(query: SearchQuery): Filter {
  const { statuses = ['active', 'archived'], role, writtenFrom, writtenTo } = query;
  const list = filterOf(query);
  return {
    conversation: {
      where: `c.status IN (SELECT value FROM json_each(?)) ${list.where}`,
      params: [JSON.stringify(statuses), ...list.params],
    },
    message: {
      where: `AND (m.trashed_at IS NULL OR ?) AND m.role = coalesce(?, m.role)
        AND m.created_at >= coalesce(?, m.created_at) AND m.created_at < coalesce(?, m.created_at + 1)`,
      params: [Number(statuses.includes('deleted')), role ?? null, writtenFrom ?? null, writtenTo ?? null],
    },
    isAboutMessages: role !== undefined || writtenFrom !== undefined || writtenTo !== undefined,
  };
}
