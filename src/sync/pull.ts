import { PAGE_LIMIT, type ConversationRow } from '../protocol/api.ts';
import { toListText, type RememberedList } from '../store/outbox.ts';
import { keepsClocks } from './announcement.ts';
import type { RequestOutcome } from './failure.ts';
import { pullFeed } from './feed.ts';
import { fullyListed, heard, listAnswers, pagesOf, type Page, type Pages } from './listing.ts';
import { findLost } from './lost.ts';
import { readEach, reaching, type PullContext } from './reading.ts';
import { following, isAsRemembered, ListNote } from './remembered.ts';
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
  if (!isFirst || !isPlain) {
    const asked = await reaching(async () => {
      await context.announcement.ask(context.signal);
    });
    if (asked.kind === 'refused') return { kind: 'denied', detail: asked.detail };
    if (asked.kind !== 'ok') return asked;
  }
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
  const note = new ListNote();
  const reached = await reaching(async () => {
    const known = isBrief ? knownOf(context) : undefined;
    const isEnough = await readList(context, { changed, ids: seen.there, note, known });
    if (isEnough) return;
    await readList(context, { changed, ids: seen.deleted, status: 'deleted' });
    seen.isAll = true;
  });
  if (reached.kind === 'refused') return { kind: 'denied', detail: reached.detail };
  if (reached.kind !== 'ok') return reached;
  await store.confirmAccount(lease, account);
  const said = note.list();
  if (said !== undefined) await store.rememberList(lease, account, said);
  const read = await readEach(context, changed);
  return read.kind === 'ok' && seen.isAll ? findLost(context, seen.there, seen.deleted) : read;
}

interface Reading {
  /** What has to be read is added. */
  readonly changed: string[];
  /** What was on the list is added. */
  readonly ids: string[];
  readonly status?: 'deleted';
  /** What it says is added. */
  readonly note?: ListNote;
  /** What is known here of the account, where the list need be read no further than that. */
  readonly known?: Known | undefined;
}

interface Known {
  /** The list that said something when it was last read, and whether that is still what is known here. */
  readonly list: Promise<RememberedList | undefined>;
  readonly mark: Promise<string> | undefined;
  /** Asked for where it is not, or where the list says something else. */
  readonly ids: () => Promise<readonly string[]>;
}

function knownOf({ store, account, announcement }: PullContext): Known {
  let ids: Promise<readonly string[]> | undefined;
  const idsOf = () => (ids ??= heard(store.remoteIds(account)));
  if (keepsClocks(announcement)) return { list: Promise.resolve(undefined), mark: undefined, ids: idsOf };
  return {
    list: heard(store.rememberedList(account)),
    mark: heard(store.listMark(account)),
    ids: idsOf,
  };
}

async function expectedPages({ list, ids }: Known): Promise<number> {
  return (await list)?.pages.length ?? (await ids()).length / PAGE_LIMIT;
}

/**
 * Merges page after page, each while the next is on its way, or the next two where so many are expected. True when it was left
 * at a page without news, behind which there can be none: the newest change comes first, and all that is known was on it.
 */
async function readList(context: PullContext, reading: Reading): Promise<boolean> {
  const { status, known, note } = reading;
  const expected = known && heard(expectedPages(known));
  if (keepsClocks(context.announcement))
    return await mergePages(context, fullyListed(context, status, expected), reading);
  const answers = listAnswers(context, status, expected);
  try {
    const [first, list] = await both(answers.next(), known?.list);
    const asked = first.done === true ? [] : [first.value];
    if (
      list !== undefined &&
      (await isAsRemembered(answers, list.pages, asked)) &&
      list.mark === (await known?.mark)
    )
      return true;
    return await mergePages(
      context,
      pagesOf(following(asked, answers), note?.read ?? ((unread) => unread.read())),
      reading,
    );
  } finally {
    await answers.return(undefined);
  }
}

async function mergePages(
  context: PullContext,
  list: Pages<ConversationRow>,
  { changed, ids, known }: Reading,
): Promise<boolean> {
  try {
    const [first, here] = await both(list.next(), known?.ids());
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
  } finally {
    // What was asked for ahead ends with it.
    await list.return(undefined);
  }
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
