import { queryTerms, type SearchTerm } from '../../../model/searchText.ts';
import { findMatches, snippetOf, type Match } from '../../../model/snippet.ts';
import {
  StoreError,
  type SearchHit,
  type SearchMatch,
  type SearchPage,
  type SearchQuery,
} from '../../store.ts';
import { sqliteCode, type Connection } from '../connection.ts';
import { readConversation } from '../conversations.ts';
import { readParts } from '../parts.ts';
import type { Context } from '../session.ts';
import { findCandidates, type Candidate } from './candidates.ts';
import { activityText, beforeSearch, commandText, indexSome } from './indexer.ts';
import { hasIndex, startIndex } from './table.ts';

const MAX_HITS = 200;
const SNIPPET_LENGTH = 160;
const CORRUPT = 11;

/** Throws `StoreError('unavailable')` when this SQLite has no full-text search. */
export function searchConversations(context: Context, query: SearchQuery): SearchPage {
  const { db } = context;
  const terms = queryTerms(query.text);
  if (terms.length === 0) return { hits: [], hasMore: false, isComplete: true, isNewestOnly: false };
  const isIndexed = catchUp(context);
  try {
    return find(context, query, terms, isIndexed);
  } catch (error) {
    if (sqliteCode(error) !== CORRUPT) throw error;
    // The index is derived: what is damaged in it is lost without harm, and made anew while the worker is idle.
    db.write(() => startIndex(db));
    return find(context, query, terms, catchUp(context));
  }
}

/** True when all of the history is in the index. A file that cannot be written now is searched as it is. */
function catchUp({ db, now }: Context): boolean {
  try {
    return !indexSome(db, beforeSearch(now));
  } catch (error) {
    if (error instanceof StoreError && hasIndex(db)) return false;
    throw error;
  }
}

function find(
  context: Context,
  query: SearchQuery,
  terms: readonly SearchTerm[],
  isIndexed: boolean,
): SearchPage {
  const { db, now } = context;
  const limit = Math.min(Math.max(1, query.limit), MAX_HITS);
  return db.snapshot(() => {
    const { items, isNewestOnly } = findCandidates(db, query, terms, now());
    return {
      hits: items.slice(0, limit).flatMap((candidate) => toHit(context, candidate, terms) ?? []),
      hasMore: items.length > limit,
      isComplete: isIndexed,
      isNewestOnly,
    };
  });
}

function toHit(context: Context, candidate: Candidate, terms: readonly SearchTerm[]): SearchHit | undefined {
  const conversation = readConversation(context, candidate.conversationId);
  if (conversation === undefined) return undefined;
  const { title } = conversation;
  const match = readMatch(context.db, candidate, terms);
  return {
    conversation,
    title: snippetOf(title, findMatches(title, terms), title.length),
    ...(match === undefined ? {} : { match }),
    furtherCount: Math.max(0, candidate.count - 1),
  };
}

interface Found {
  readonly where: SearchMatch['where'];
  readonly text: string;
  readonly matches: readonly Match[];
}

/** Undefined as well for a number that is another message's by now, which the index has not heard of. */
function readMatch(
  db: Connection,
  { best, conversationId }: Candidate,
  terms: readonly SearchTerm[],
): SearchMatch | undefined {
  if (best === undefined) return undefined;
  const row = db.get<{ id: string; role: SearchMatch['role']; content: string; created_at: number }>(
    'SELECT id, role, content, created_at FROM messages WHERE n = ? AND conversation_id = ?',
    best,
    conversationId,
  );
  if (row === undefined) return undefined;
  const { where, text, matches } = bestText(db, row.id, row.content, terms);
  return {
    messageId: row.id,
    role: row.role,
    createdAt: row.created_at,
    where,
    snippet: snippetOf(text, matches, SNIPPET_LENGTH),
  };
}

/** The part of the message with most of the terms; among equals its own words first. */
function bestText(db: Connection, id: string, content: string, terms: readonly SearchTerm[]): Found {
  let best: Found = { where: 'message', text: content, matches: findMatches(content, terms) };
  if (termsIn(best) === terms.length) return best;
  const parts = readParts(db, [id], 'ends');
  const others = [
    ...parts.commands(id).map((command) => ({ where: 'command', text: commandText(command) }) as const),
    ...parts.activities(id).map((activity) => ({ where: 'activity', text: activityText(activity) }) as const),
  ];
  for (const other of others) {
    const found = { ...other, matches: findMatches(other.text, terms) };
    if (termsIn(found) > termsIn(best)) best = found;
  }
  return best;
}

function termsIn({ matches }: Found): number {
  return new Set(matches.map(({ term }) => term)).size;
}
