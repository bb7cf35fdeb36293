import { sql } from 'kysely';
import { queryTerms, SEARCHED_LENGTH, type SearchTerm } from '../../../model/searchText.ts';
import { findMatches, snippetOf, type SnippetPiece } from '../../../model/snippet.ts';
import { newest } from '../changes.ts';
import type { Owner, SearchHit, SearchPage, SearchQuery } from '../repository.ts';
import { toConversation } from '../rows.ts';
import type { Storage } from '../storage.ts';
import type { SearchIndexer } from './indexer.ts';
import type { FoundText } from './table.ts';

/** How long a search waits for the index to take up what is new. */
const PATIENCE_MS = 1_500;
const SNIPPET_LENGTH = 160;

export async function searchTexts(
  storage: Storage,
  indexer: SearchIndexer,
  owner: Owner,
  { text, status, before, limit }: SearchQuery,
): Promise<SearchPage | 'gone'> {
  const user = await newest(storage.db, owner);
  if (before !== undefined && before.epoch !== user?.epoch) return 'gone';
  const terms = queryTerms(text);
  if (terms.length === 0 || user === undefined) return { hits: [], cursor: undefined, isComplete: true };
  const isComplete = await indexer.catchUp(owner, PATIENCE_MS);
  const query = { terms, status, before: before?.seq, limit: limit + 1 };
  const found = await storage.search.find(storage.db, owner, query);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    hits: await load(storage, owner, page, terms),
    cursor: found.length > limit && last !== undefined ? { epoch: user.epoch, seq: last.seq } : undefined,
    isComplete,
  };
}

/** What was purged since it was found is left out. */
async function load(
  { db }: Storage,
  { userId, orgId }: Owner,
  found: readonly FoundText[],
  terms: readonly SearchTerm[],
): Promise<SearchHit[]> {
  if (found.length === 0) return [];
  const conversationRows = await db
    .selectFrom('navi_conversations')
    .selectAll()
    .where('user_id', '=', userId)
    .where('org_id', '=', orgId)
    .where('id', 'in', [...new Set(found.map((row) => row.conversation_id))])
    .execute();
  const numbers = found.flatMap((row) => (row.message_at === 0 ? [] : [row.seq]));
  const messageRows =
    numbers.length === 0
      ? []
      : await db
          .selectFrom('navi_messages')
          .select([
            'id',
            'role',
            'created_at',
            'seq',
            sql<string>`substr(content, 1, ${SEARCHED_LENGTH})`.as('content'),
          ])
          .where('user_id', '=', userId)
          .where('org_id', '=', orgId)
          .where('seq', 'in', numbers)
          .execute();
  const conversations = new Map(conversationRows.map((row) => [row.id, toConversation(row)]));
  const messages = new Map(messageRows.map((row) => [row.seq, row]));
  return found.flatMap((row): SearchHit[] => {
    const conversation = conversations.get(row.conversation_id);
    if (conversation === undefined) return [];
    if (row.message_at === 0)
      return [{ conversation, message: undefined, snippet: snippet(conversation.title ?? '', terms) }];
    const message = messages.get(row.seq);
    if (message === undefined) return [];
    const { id, role, created_at: createdAt, content } = message;
    return [{ conversation, message: { id, role, createdAt }, snippet: snippet(content, terms) }];
  });
}

function snippet(text: string, terms: readonly SearchTerm[]): readonly SnippetPiece[] {
  return snippetOf(text, findMatches(text, terms), SNIPPET_LENGTH);
}
