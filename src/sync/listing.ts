import type { FullConversation } from '../protocol/abilities.ts';
import { PAGE_LIMIT, type ConversationRow } from '../protocol/api.ts';
import type { PullContext } from './reading.ts';
import type { Told } from './told.ts';

/** A backend that answers full pages for ever must not keep us for ever: 200,000 conversations. */
const MAX_PAGES = 1_000;

type Status = 'deleted' | undefined;

/** Every page of the list, as the plain contract shows it. Throws `RemoteError`. */
export function listed({ remote, signal, told }: PullContext, status: Status): Pages<ConversationRow> {
  return pagesOf(told, (offset) => remote.list({ ...(status && { status }), offset }, signal));
}

/** The same with counts, clocks and tags, from a backend that announces them. Throws `RemoteError`. */
export function fullyListed({ remote, signal, told }: PullContext, status: Status): Pages<FullConversation> {
  return pagesOf(told, (offset) => remote.announced.fullList({ ...(status && { status }), offset }, signal));
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** When it was asked for; see told.ts. */
  readonly moment: number;
}
export type Pages<T> = AsyncGenerator<Page<T>, undefined, undefined>;

/** Ties come in no order, so that pages may overlap: each row is there once. */
async function* pagesOf<T extends { readonly id: string }>(
  told: Told,
  fetch: (offset: number) => Promise<readonly T[]>,
): Pages<T> {
  const seen = new Set<string>();
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const moment = told.begin();
    const rows = await fetch(page * PAGE_LIMIT);
    const fresh = rows.filter((row) => !seen.has(row.id));
    for (const row of fresh) seen.add(row.id);
    if (fresh.length > 0) yield { rows: fresh, moment };
    if (rows.length < PAGE_LIMIT || fresh.length === 0) return;
  }
}
