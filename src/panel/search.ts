import type { ConversationItem, SearchSnapshot } from '../protocol/panel.ts';
import {
  StoreError,
  type ConversationStore,
  type ListedConversation,
  type ListQuery,
  type SearchQuery,
} from '../store/store.ts';

/** What the user looks for. Never kept anywhere: it may be words of a message. */
export interface SearchWish {
  readonly text: string;
  /** All conversations, also archived ones and those in the trash, not only those of the list. */
  readonly isEverywhere: boolean;
  readonly limit: number;
}

/** What is found, or why nothing can be. A search that fails leaves the rest of the panel as it is. */
export async function readSearch(
  store: Pick<ConversationStore, 'search'>,
  wish: SearchWish,
  list: Omit<ListQuery, 'limit'>,
  toItem: (conversation: ListedConversation) => ConversationItem,
): Promise<SearchSnapshot> {
  const { text, isEverywhere } = wish;
  try {
    const { hits, ...rest } = await store.search(queryOf(list, wish));
    return {
      text,
      isEverywhere,
      ...rest,
      hits: hits.map(({ conversation, ...found }) => ({ conversation: toItem(conversation), ...found })),
    };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const nothing = { hits: [], hasMore: false, isComplete: false, isNewestOnly: false };
    return { text, isEverywhere, ...nothing, problem: error.message };
  }
}

function queryOf(
  { status, ...list }: Omit<ListQuery, 'limit'>,
  { text, isEverywhere, limit }: SearchWish,
): SearchQuery {
  if (isEverywhere) return { text, limit, statuses: ['active', 'archived', 'deleted'] };
  return { ...list, text, limit, statuses: [status] };
}
