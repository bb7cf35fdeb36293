import { PAGE_LIMIT, type ConversationRow } from '../protocol/api.ts';
import { toListText } from '../store/outbox.ts';
import { keepsClocks } from './announcement.ts';
import type { RequestOutcome } from './failure.ts';
import { pullFeed } from './feed.ts';
import { fullyListed, listed, type Page, type Pages } from './listing.ts';
import { findLost } from './lost.ts';
import { readEach, reaching, type PullContext } from './reading.ts';
import { decodeFields, decodeListed } from './wire.ts';

export interface PullKind {
  /**
   * Of a session: a list is read only as far as it can bring something new, if all that is known here was on it; the rest
   * waits for the next pull.
   */
  readonly isFirst: boolean;
  /** The backend announced nothing when it was last asked: the first pull takes that for granted, the next one asks. */
  readonly isPlain: boolean;
}

/** Brings in what is new or changed there: by the feed of changes where there is one, else by the list. */
export async function pullAll(
  context: PullContext,
  { isFirst, isPlain }: PullKind = { isFirst: false, isPlain: false },
): Promise<RequestOutcome> {
  const asked = await reaching(async () => {
    if (!isFirst || !isPlain) await context.announcement.ask(context.signal);
  });
  if (asked.kind === 'refused') return { kind: 'denied', detail: asked.detail };
  if (asked.kind !== 'ok') return asked;
  const fed = context.announcement.current.abilities.has('changes')
    ? await pullFeed(context, isFirst)
    : 'none';
  return fed === 'none' ? pullList(context, isFirst) : fed;
}

/** Lists everything, then reads what is new or changed. */
async function pullList(context: PullContext, isBrief: boolean): Promise<RequestOutcome> {
  const { store, account, lease } = context;
  const changed: string[] = [];
  const seen = { there: [] as string[], deleted: [] as string[], isAll: false };
  const reached = await reaching(async () => {
    const isEnough = await readList(context, {
      changed,
      ids: seen.there,
      known: isBrief ? store.remoteIds(account) : undefined,
    });
    if (isEnough) return;
    await readList(context, { changed, ids: seen.deleted, status: 'deleted' });
    seen.isAll = true;
  });
  if (reached.kind === 'refused') return { kind: 'denied', detail: reached.detail };
  if (reached.kind !== 'ok') return reached;
  await store.confirmAccount(lease, account);
  const read = await readEach(context, changed);
  return read.kind === 'ok' && seen.isAll ? findLost(context, seen.there, seen.deleted) : read;
}

interface Reading {
  /** What has to be read is added. */
  readonly changed: string[];
  /** What was on the list is added. */
  readonly ids: string[];
  readonly status?: 'deleted';
  /** What is known here of the account, where the list need be read no further than that. */
  readonly known?: Promise<readonly string[]> | undefined;
}

/**
 * Merges page after page, each while the next is on its way, or the next two where so many are expected. True when it was left
 * at a page without news, behind which there can be none: the newest change comes first, and all that is known was on it.
 */
async function readList(context: PullContext, reading: Reading): Promise<boolean> {
  const { status, known } = reading;
  const expected = known?.then((here) => here.length / PAGE_LIMIT);
  const list: Pages<ConversationRow> = keepsClocks(context.announcement)
    ? fullyListed(context, status, expected)
    : listed(context, status, expected);
  try {
    return await mergePages(context, list, reading);
  } finally {
    // What was asked for ahead ends with it.
    await list.return(undefined);
  }
}

async function mergePages(
  context: PullContext,
  list: Pages<ConversationRow>,
  { changed, ids, known }: Reading,
): Promise<boolean> {
  const [first, here] = await both(list.next(), known);
  const unseen = here && new Set(here);
  let coming = first;
  while (coming.done !== true) {
    const { rows } = coming.value;
    for (const { id } of rows) unseen?.delete(id);
    ids.push(...rows.map(({ id }) => id));
    const isLast = unseen?.size === 0;
    // Asked for first: the backend works while this page is made ready.
    const asked = isLast ? undefined : list.next();
    const [news, next] = await both(mergePage(context, coming.value), asked);
    changed.push(...news);
    if (isLast && news.length === 0) return true;
    coming = next ?? (await list.next());
  }
  return false;
}

/** Returns the ids there of what must be read. Only what says something new is merged, and with clocks and tags all of it. */
async function mergePage(context: PullContext, { rows, moment }: Page<ConversationRow>): Promise<string[]> {
  const { store, account, lease, told, announcement } = context;
  const newest = told.newest(rows, moment);
  const ids = keepsClocks(announcement)
    ? newest.map(({ id }) => id)
    : await store.newsIn(account, toListText(newest.map(decodeListed)));
  const isNews = new Set(ids);
  const news = newest.filter(({ id }) => isNews.has(id));
  return news.length === 0 ? [] : await store.mergeList(lease, account, news.map(decodeFields));
}

/** Waits for both, also when one fails: nothing goes on behind the back of whoever waits. */
async function both<A, B>(a: Promise<A>, b: Promise<B> | undefined): Promise<readonly [A, B | undefined]> {
  const [first, second] = await Promise.allSettled([a, b]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  return [first.value, second.value];
}
