import type { FullConversation } from '../protocol/abilities.ts';
import { PAGE_LIMIT, type ConversationRow } from '../protocol/api.ts';
import type { PullContext } from './reading.ts';
import type { Told } from './told.ts';

/** A backend that answers full pages for ever must not keep us for ever: 200,000 conversations. */
const MAX_PAGES = 1_000;

type Status = 'deleted' | undefined;

/** At least so many pages there are, as far as is known here: they are asked for two at a time. */
export type Expected = Promise<number>;

/** Every page of the list, as the plain contract shows it. Throws `RemoteError`. */
export function listed(
  { remote, signal, told }: PullContext,
  status: Status,
  expected?: Expected,
): Pages<ConversationRow> {
  return pagesOf(told, (offset) => remote.list({ ...(status && { status }), offset }, signal), expected);
}

/** The same with counts, clocks and tags, from a backend that announces them. Throws `RemoteError`. */
export function fullyListed(
  { remote, signal, told }: PullContext,
  status: Status,
  expected?: Expected,
): Pages<FullConversation> {
  const fetch = (offset: number) => remote.announced.fullList({ ...(status && { status }), offset }, signal);
  return pagesOf(told, fetch, expected);
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** When it was asked for; see told.ts. */
  readonly moment: number;
}
export type Pages<T> = AsyncGenerator<Page<T>, undefined, undefined>;

/**
 * Ties come in no order, so that pages may overlap: each row is there once. What changes between two pages that are under way
 * at once can be on neither, as what is deleted between two that are not.
 */
async function* pagesOf<T extends { readonly id: string }>(
  told: Told,
  fetch: (offset: number) => Promise<readonly T[]>,
  expected: Expected = Promise.resolve(0),
): Pages<T> {
  const seen = new Set<string>();
  const ask = async (page: number): Promise<Page<T>> => {
    const moment = told.begin();
    return { rows: await fetch(page * PAGE_LIMIT), moment };
  };
  const askAhead = async (page: number) => (page < (await expected) ? await ask(page) : undefined);
  let asked: Promise<Page<T> | undefined> = ask(0);
  let ahead = heard(askAhead(1));
  try {
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const { rows, moment } = (await asked) ?? (await ask(page));
      const fresh = rows.filter((row) => !seen.has(row.id));
      for (const row of fresh) seen.add(row.id);
      if (fresh.length > 0) yield { rows: fresh, moment };
      if (rows.length < PAGE_LIMIT || fresh.length === 0) return;
      asked = ahead;
      ahead = heard(askAhead(page + 2));
    }
  } finally {
    // No request outlives the reading that it is a part of.
    await Promise.allSettled([asked, ahead]);
  }
}

/** Its failure is told to whoever waits for it; until somebody does, nobody is. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
