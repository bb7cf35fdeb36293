/** The feed of changes: what happened on the backend since the place that was kept, in the order of its commits. */
import type { Change, ChangesAnswer, FullConversation } from '../protocol/abilities.ts';
import type { AccountKey, FeedPage, FeedPlace, RemoteChange } from '../store/outbox.ts';
import type { RequestOutcome } from './failure.ts';
import { fullyListed } from './listing.ts';
import { isLookDue, lookForLost } from './lost.ts';
import { readEach, reaching, readNow, takeIn, type PullContext } from './reading.ts';
import { RemoteError } from './remote.ts';
import { decodeConversation, decodeMessage } from './wire.ts';

/** A backend that has more for ever must not keep us for ever: the next pull goes on. */
const MAX_PAGES = 10_000;

/** 'none' where the backend, against its word, has no feed. */
export async function pullFeed(context: PullContext, isBrief: boolean): Promise<RequestOutcome | 'none'> {
  const { store, account, lease, announcement, warn } = context;
  const history = { isAnother: false };
  const reached = await reaching(async () => {
    const place = await store.feedPlace(account);
    if ((await readOn(context, place?.cursor)) !== 'gone') return;
    warn('The server has another history than before: all of it is read again, and nothing here is removed.');
    history.isAnother = true;
    await store.setFeedPlace(lease, account, placeOf(context, undefined));
    if ((await readOn(context, undefined)) === 'gone')
      throw new RemoteError('unknown', 'The server has no beginning of its changes', { status: 200 });
  });
  if (reached.kind === 'refused') {
    warn(`The server has no feed of changes: ${reached.detail}`);
    await store.setFeedPlace(lease, account, undefined);
    announcement.doubt();
    // Conversations that it has told of, and whose messages did not come: a list shows them as they are known here.
    const begun = await readEach(context, await store.settleCounts(lease, account));
    return begun.kind === 'ok' ? 'none' : begun;
  }
  if (reached.kind !== 'ok') return reached;
  const read = await readEach(context, await store.settleCounts(lease, account));
  if (read.kind !== 'ok') return read;
  return history.isAnother || (!isBrief && isLookDue(context)) ? lookForLost(context) : read;
}

/** Reads and merges page after page until there is no more. Throws `RemoteError`. */
async function readOn(context: PullContext, from: string | undefined): Promise<'gone' | 'read'> {
  const { store, remote, account, lease, signal, told } = context;
  let ignored: ReadonlySet<string> = new Set();
  let cursor = from;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const moment = told.begin();
    const answer = await remote.announced.changes(cursor, signal);
    if (answer === 'gone') return 'gone';
    // The stream of events is further: it brings what is on this page and moves the place.
    if (told.isStreamedSince(moment)) return 'read';
    if (page === 0) await store.confirmAccount(lease, account);
    // The conversations first, so that none has to be asked for when a message of it comes.
    if (page === 0 && from === undefined) ignored = await bringConversations(context);
    await merge(context, { answer, isNews: from !== undefined, ignored });
    if (!answer.has_more) return 'read';
    cursor = answer.cursor;
  }
  return 'read';
}

interface Answered {
  readonly answer: ChangesAnswer;
  readonly isNews: boolean;
  readonly ignored: ReadonlySet<string>;
}

/** Throws `RemoteError`. */
async function merge(context: PullContext, { answer, isNews, ignored }: Answered): Promise<void> {
  const { store, account, lease } = context;
  const page = pageOf(context, answer, isNews);
  const { unknown } = await store.mergeChanges(lease, account, { ...page, ignored });
  if (unknown.length === 0) return;
  const absent = await bring(context, unknown);
  const again = await store.mergeChanges(lease, account, {
    ...page,
    ignored: new Set([...ignored, ...absent]),
  });
  if (again.unknown.length > 0)
    throw new RemoteError('unknown', 'The server names conversations that it does not show', {
      status: 200,
    });
}

/** What an event or a page of the feed says, with the place behind it. */
export function pageOf(context: PullContext, answer: ChangesAnswer, isNews: boolean): FeedPage {
  const changes = answer.changes.map((change) => decodeChange(context.account, change));
  const isById = context.announcement.current.abilities.has('idempotent');
  return { changes, place: placeOf(context, answer.cursor), isNews, isById, ignored: new Set() };
}

function placeOf({ announcement }: PullContext, cursor: string | undefined): FeedPlace {
  const takesPurges = announcement.current.abilities.has('tombstones');
  return { ...(cursor !== undefined && { cursor }), takesPurges };
}

/** Every conversation without its messages; the ids there of those that are deleted and unknown here. */
async function bringConversations(context: PullContext): Promise<ReadonlySet<string>> {
  const { store, account, lease, announcement, told } = context;
  const deleted = new Set<string>();
  if (!announcement.current.abilities.has('counts')) return deleted;
  for (const status of [undefined, 'deleted'] as const) {
    for await (const { rows, moment } of fullyListed(context, status)) {
      const changes = told.newest(rows, moment).map((row) => conversationChange(account, row));
      await store.mergeChanges(lease, account, { changes, isNews: false, ignored: new Set() });
      if (status === 'deleted') for (const { id } of rows) deleted.add(id);
    }
  }
  return deleted;
}

/** Reads conversations of which only messages came; the ids of those that are not there or deleted. Throws `RemoteError`. */
async function bring(context: PullContext, remoteIds: readonly string[]): Promise<string[]> {
  const absent: string[] = [];
  for (const remoteId of remoteIds) {
    try {
      const { detail, readAt } = await readNow(context, remoteId);
      if (detail.status === 'deleted') absent.push(remoteId);
      else if (!(await takeIn(context, detail, readAt))) absent.push(remoteId);
    } catch (error) {
      // Removed since: its tombstone is yet to come.
      if (!(error instanceof RemoteError && error.problem === 'not-found')) throw error;
      absent.push(remoteId);
    }
  }
  return absent;
}

function decodeChange(account: AccountKey, change: Change): RemoteChange {
  switch (change.type) {
    case 'conversation':
      return conversationChange(account, change.conversation);
    case 'message': {
      const message = decodeMessage(account, change.conversation_id, change.message);
      return { type: 'message', remoteConversationId: change.conversation_id, message };
    }
    case 'tombstone':
      return {
        type: 'tombstone',
        remoteId: change.conversation_id,
        ...(change.client_id !== null && { clientId: change.client_id }),
      };
  }
}

function conversationChange(account: AccountKey, row: FullConversation): RemoteChange {
  const conversation = { ...decodeConversation(account, row), messages: [] };
  return { type: 'conversation', conversation, messageCount: row.message_count };
}
