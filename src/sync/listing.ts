import type { FullConversation } from '../protocol/abilities.ts';
import { PAGE_LIMIT, type ConversationRow } from '../protocol/api.ts';
import type { PullContext } from './reading.ts';
import type { Unread } from './remote.ts';
import type { Told } from './told.ts';

/** A backend that answers full pages for ever must not keep us for ever: 200,000 conversations. */
const MAX_PAGES = 1_000;

type Status = 'deleted' | undefined;

/** At least so many pages there are, as far as is known here: they are asked for two at a time. */
export type Expected = Promise<number>;

/** An answer to what was asked for at this moment, see told.ts. */
export interface Answered<T> {
  readonly answer: T;
  readonly moment: number;
}
/** Page after page, also behind the end of a list: whoever reads them knows where that is. */
export type Answers<T> = AsyncGenerator<Answered<T>, undefined, undefined>;

export interface Page<T> {
  readonly rows: readonly T[];
  /** As in `Answered`. */
  readonly moment: number;
}
export type Pages<T> = AsyncGenerator<Page<T>, undefined, undefined>;

/** Every page of the list, as the plain contract shows it. Throws `RemoteError`. */
export function listed(context: PullContext, status: Status): Pages<ConversationRow> {
  return pagesOf(listAnswers(context, status), (unread) => unread.read());
}

/** The same, not looked into. Throws `RemoteError`. */
export function listAnswers(
  { remote, signal, told }: PullContext,
  status: Status,
  expected?: Expected,
): Answers<Unread<readonly ConversationRow[]>> {
  return answersOf(told, (offset) => remote.list({ ...(status && { status }), offset }, signal), expected);
}

/** The same with counts, clocks and tags, from a backend that announces them. Throws `RemoteError`. */
export function fullyListed(
  { remote, signal, told }: PullContext,
  status: Status,
  expected?: Expected,
): Pages<FullConversation> {
  const fetch = (offset: number) => remote.announced.fullList({ ...(status && { status }), offset }, signal);
  return pagesOf(answersOf(told, fetch, expected), (rows) => rows);
}

/**
 * What changes between two pages that are under way at once can be on neither, as what is deleted between two that are not.
 */
async function* answersOf<T>(
  told: Told,
  fetch: (offset: number) => Promise<T>,
  expected: Expected = Promise.resolve(0),
): Answers<T> {
  const ask = async (page: number): Promise<Answered<T>> => {
    const moment = told.begin();
    return { answer: await fetch(page * PAGE_LIMIT), moment };
  };
  const askAhead = async (page: number) => (page < (await expected) ? await ask(page) : undefined);
  let asked: Promise<Answered<T> | undefined> = ask(0);
  let ahead = heard(askAhead(1));
  try {
    for (let page = 0; page < MAX_PAGES; page += 1) {
      yield (await asked) ?? (await ask(page));
      asked = ahead;
      ahead = heard(askAhead(page + 2));
    }
  } finally {
    // No request outlives the reading that it is a part of.
    await Promise.allSettled([asked, ahead]);
  }
}

/** Ties come in no order, so that pages may overlap: each row is there once. */
export async function* pagesOf<T, Row extends { readonly id: string }>(
  answers: Answers<T>,
  read: (answer: T) => readonly Row[],
): Pages<Row> {
  const seen = new Set<string>();
  for await (const { answer, moment } of answers) {
    const rows = read(answer);
    const fresh = rows.filter((row) => !seen.has(row.id));
    for (const row of fresh) seen.add(row.id);
    if (fresh.length > 0) yield { rows: fresh, moment };
    if (rows.length < PAGE_LIMIT || fresh.length === 0) return;
  }
}

/** Its failure is told to whoever waits for it; until somebody does, nobody is. */
export function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
