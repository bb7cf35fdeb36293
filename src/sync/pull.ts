import { PAGE_LIMIT, type ConversationRow } from '../protocol/api.ts';
import { keepsClocks } from './announcement.ts';
import type { RequestOutcome } from './failure.ts';
import { pullFeed } from './feed.ts';
import { findLost } from './lost.ts';
import { readEach, reaching, type PullContext } from './reading.ts';
import { decodeFields } from './wire.ts';

/** A backend that answers full pages for ever must not keep us for ever: 200,000 conversations. */
const MAX_PAGES = 1_000;

/**
 * Brings in what is new or changed there: by the feed of changes where there is one, else by the list. `isBrief`: a list
 * is read only as far as it can bring something new, if all that is known here was on it; the rest waits for the next pull.
 */
export async function pullAll(context: PullContext, isBrief = false): Promise<RequestOutcome> {
  const asked = await reaching(async () => {
    await context.announcement.ask(context.signal);
  });
  if (asked.kind === 'refused') return { kind: 'denied', detail: asked.detail };
  if (asked.kind !== 'ok') return asked;
  const fed = context.announcement.current.abilities.has('changes')
    ? await pullFeed(context, isBrief)
    : 'none';
  return fed === 'none' ? pullList(context, isBrief) : fed;
}

/** Lists everything, then reads what is new or changed. */
async function pullList(context: PullContext, isBrief: boolean): Promise<RequestOutcome> {
  const { store, account, lease } = context;
  const changed: string[] = [];
  const seen = { there: [] as string[], deleted: [] as string[], isAll: false };
  const unseen = new Set(isBrief ? await store.remoteIds(account) : []);
  const listed = await reaching(async () => {
    for (const status of [undefined, 'deleted'] as const) {
      for await (const page of pages(context, status)) {
        const news = await store.mergeList(lease, account, page.map(decodeFields));
        changed.push(...news);
        for (const { id } of page) unseen.delete(id);
        seen[status ?? 'there'].push(...page.map(({ id }) => id));
        // The newest change comes first: behind a page without news there is none, and nothing is missing.
        if (isBrief && unseen.size === 0 && news.length === 0) return;
      }
    }
    seen.isAll = true;
  });
  if (listed.kind === 'refused') return { kind: 'denied', detail: listed.detail };
  if (listed.kind !== 'ok') return listed;
  await store.confirmAccount(lease, account);
  const read = await readEach(context, changed);
  return read.kind === 'ok' && seen.isAll ? findLost(context, seen.there, seen.deleted) : read;
}

async function* pages({ remote, announcement, signal }: PullContext, status: 'deleted' | undefined) {
  const seen = new Set<string>();
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const at = { ...(status && { status }), offset: page * PAGE_LIMIT };
    const rows: readonly ConversationRow[] = keepsClocks(announcement)
      ? await remote.announced.fullList(at, signal)
      : await remote.list(at, signal);
    const fresh = rows.filter((row) => !seen.has(row.id));
    for (const row of fresh) seen.add(row.id);
    if (fresh.length > 0) yield fresh;
    if (rows.length < PAGE_LIMIT || fresh.length === 0) return;
  }
}
