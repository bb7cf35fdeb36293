import type { SQLInputValue } from 'node:sqlite';
import type { SearchTerm } from '../../../model/searchText.ts';
import type { SearchQuery } from '../../store.ts';
import type { Connection } from '../connection.ts';
import { filterOf } from '../listFilter.ts';

/** Matches that are looked at; of what matches more often, the newest. */
const WINDOW = 1_000;
/** The same where a filter leaves less than half of the window. */
const WIDE_WINDOW = 20_000;

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
  const wholeTerms = terms.map(({ text }) => ({ text, isPrefix: false }));
  const isBegun = terms.some(({ isPrefix }) => isPrefix);
  const whole = findMessages(db, filter, wholeTerms);
  // Collecting all words that begin so is the dear part; where whole words fill the window those come after them anyway.
  const all = isBegun && !whole.isCut ? findMessages(db, filter, terms) : whole;
  const wholeTitles = findTitles(db, filter, wholeTerms);
  const titles = isBegun && wholeTitles.length < WINDOW ? findTitles(db, filter, terms) : wholeTitles;
  const groups = [...group(all.rows, whole.rows, titles, wholeTitles).values()];
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

function group(
  all: readonly Row[],
  whole: readonly Row[],
  titles: readonly Row[],
  wholeTitles: readonly Row[],
): Map<string, Group> {
  const groups = new Map<string, Group>();
  const of = ({ conversation_id: conversationId, updated_at: updatedAt }: Row): Group => {
    const known = groups.get(conversationId);
    if (known !== undefined) return known;
    const fresh: Group = { conversationId, updatedAt, title: undefined, whole: [], prefix: [] };
    groups.set(conversationId, fresh);
    return fresh;
  };
  const wholeNumbers = new Set(whole.map(({ n }) => n));
  for (const row of whole) of(row).whole.push(row.n);
  for (const row of all) if (!wholeNumbers.has(row.n)) of(row).prefix.push(row.n);
  for (const row of titles) of(row).title = 'prefix';
  for (const row of wholeTitles) of(row).title = 'whole';
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
  readonly rows: readonly Row[];
  /** More match than were looked at. */
  readonly isCut: boolean;
}

function findMessages(db: Connection, filter: Filter, terms: readonly SearchTerm[]): Found {
  const near = findNewest(db, filter, terms, WINDOW);
  return near.isCut && near.rows.length < WINDOW / 2 ? findNewest(db, filter, terms, WIDE_WINDOW) : near;
}

/** Of the newest `window` matches those that the filter lets through. */
function findNewest(db: Connection, filter: Filter, terms: readonly SearchTerm[], window: number): Found {
  const matches = db.get<{ numbers: string; count: number }>(
    `SELECT json_group_array(n) AS numbers, count(*) AS count
     FROM (SELECT rowid AS n FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT ?)`,
    toMatch(terms),
    window,
  );
  const rows = db.all<Row>(
    `SELECT p.n, c.id AS conversation_id, c.updated_at
     FROM json_each(?) s CROSS JOIN search_places p ON p.n = s.value
       CROSS JOIN conversations c ON c.n = p.conversation
     WHERE ${filter.conversation.where} ${filter.message.where} LIMIT ?`,
    matches?.numbers ?? '[]',
    ...filter.conversation.params,
    ...filter.message.params,
    WINDOW,
  );
  return { rows, isCut: matches?.count === window };
}

function findTitles(db: Connection, filter: Filter, terms: readonly SearchTerm[]): readonly Row[] {
  if (filter.isAboutMessages) return [];
  return db.all<Row>(
    `SELECT -c.n AS n, c.id AS conversation_id, c.updated_at
     FROM (SELECT rowid AS n FROM search_titles WHERE search_titles MATCH ? ORDER BY rowid DESC LIMIT ?) s
       CROSS JOIN conversations c ON c.n = s.n
     WHERE ${filter.conversation.where} LIMIT ?`,
    toMatch(terms),
    WIDE_WINDOW,
    ...filter.conversation.params,
    WINDOW,
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
  /** Conditions on the message `p` of it, beginning with AND. */
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
  const isAboutMessages = role !== undefined || writtenFrom !== undefined || writtenTo !== undefined;
  return {
    conversation: {
      where: `c.status IN (${statuses.map(() => '?').join(', ')}) ${list.where}`,
      params: [...statuses, ...list.params],
    },
    message: {
      where: `${statuses.includes('deleted') ? '' : NOT_TRASHED} ${isAboutMessages ? OF_MESSAGES : ''}`,
      params: isAboutMessages ? [role ?? null, writtenFrom ?? null, writtenTo ?? null] : [],
    },
    isAboutMessages,
  };
}

/** The plus keeps to the index of the few messages that are in the trash: no message is read. */
const NOT_TRASHED = `AND NOT EXISTS (SELECT 1 FROM messages t
  WHERE t.conversation_id = c.id AND t.trashed_at IS NOT NULL AND +t.n = p.n)`;

const OF_MESSAGES = `AND EXISTS (SELECT 1 FROM messages m WHERE m.n = p.n AND m.role = coalesce(?, m.role)
  AND m.created_at >= coalesce(?, m.created_at) AND m.created_at < coalesce(?, m.created_at + 1))`;
