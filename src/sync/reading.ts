import { PAGE_LIMIT, type ConversationDetail, type MessageRow } from '../protocol/api.ts';
import type { AccountKey, Lease, MergeReport, SyncStore } from '../store/outbox.ts';
import { keepsClocks, type Announcement } from './announcement.ts';
import { outcomeOf, type RequestOutcome } from './failure.ts';
import { RemoteError, type ReadDetail, type Remote } from './remote.ts';
import type { Told } from './told.ts';
import { decodeConversation, decodeMessage } from './wire.ts';

/** Messages in one transaction of the store, so that a save need not wait for all of them. */
const OLDER_AT_ONCE = PAGE_LIMIT;
const MOST_READINGS = 3;
/** So many conversations in a row that the backend fails to read are no longer a matter of conversations. */
const MAX_UNREADABLE = 20;

export interface PullContext {
  readonly store: SyncStore;
  readonly remote: Remote;
  readonly announcement: Announcement;
  readonly told: Told;
  readonly account: AccountKey;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** For the log: no message text, no token. */
  readonly warn: (text: string) => void;
  readonly info: (text: string) => void;
  readonly now: () => number;
}

/** Reads these conversations, one after the other. One that cannot be read does not hold up the others. */
export async function readEach(context: PullContext, remoteIds: readonly string[]): Promise<RequestOutcome> {
  let unreadable = 0;
  for (const remoteId of remoteIds) {
    const outcome = await reaching(() => pullConversation(context, remoteId));
    const isOne = outcome.kind === 'refused' || outcome.kind === 'doubtful';
    if (isOne) context.warn(`Conversation ${remoteId} cannot be read: ${outcome.detail}`);
    else if (outcome.kind !== 'ok') return outcome;
    unreadable = outcome.kind === 'doubtful' ? unreadable + 1 : 0;
    if (outcome.kind === 'doubtful' && unreadable > MAX_UNREADABLE) return outcome;
  }
  return { kind: 'ok' };
}

/** Reads one conversation and merges it; see `takeIn`. Throws `RemoteError`. */
export async function pullConversation(context: PullContext, remoteId: string): Promise<boolean> {
  const { detail, readAt } = await readNow(context, remoteId);
  return await takeIn(context, detail, readAt);
}

/** Again when something later was told meanwhile, but not for ever where it never rests. Throws `RemoteError`. */
export async function readNow(
  context: PullContext,
  remoteId: string,
): Promise<{ readonly detail: ReadDetail; readonly readAt: number }> {
  for (let reading = 1; ; reading += 1) {
    const readAt = context.now();
    const moment = context.told.begin();
    const detail = await readWhole(context, remoteId);
    if (context.told.newest([detail], moment).length > 0 || reading === MOST_READINGS)
      return { detail, readAt };
  }
}

/** With its clocks and tags, where the backend keeps them. Throws `RemoteError`. */
export function readWhole(
  { remote, announcement, signal }: PullContext,
  remoteId: string,
): Promise<ReadDetail> {
  return remote.read(remoteId, signal, keepsClocks(announcement) ? 'full' : undefined);
}

/** Throws `RemoteError`. */
async function isThere(context: PullContext, remoteId: string): Promise<boolean> {
  try {
    await readWhole(context, remoteId);
    return true;
  } catch (error) {
    if (error instanceof RemoteError && error.problem === 'not-found') return false;
    throw error;
  }
}

/**
 * Merges a conversation that was read when it was `readAt`, and fetches what is missing before it. False when that did not come, so that what is not
 * here may still be there. Throws `RemoteError`.
 */
export async function takeIn(
  context: PullContext,
  detail: ReadDetail,
  readAt: number,
  rivalIs?: 'there' | 'gone',
): Promise<boolean> {
  const { store, account, lease, announcement, warn } = context;
  const report = await store.mergeConversation(lease, account, {
    ...decodeConversation(account, detail),
    readAt,
    ...(rivalIs && { rivalIs }),
  });
  if (report.rival !== undefined) {
    // Looked for, with whatever else may be lost; until then nobody can tell what this one is.
    announcement.lookedAt = undefined;
    if (rivalIs !== undefined) return false;
    const isRivalThere = await isThere(context, report.rival);
    return await takeIn(context, detail, readAt, isRivalThere ? 'there' : 'gone');
  }
  if (report.doubled > 0) {
    warn(
      `The server holds ${report.doubled} message(s) of conversation ${report.conversationId} twice; shown once.`,
    );
  }
  if (report.isDoubted === true) announcement.lookedAt = undefined;
  if (!report.wantsOlder) return true;
  const pull = announcement.current.abilities.has('paging') ? pageOlder : pullOlder;
  try {
    await pull(context, detail, report);
    return true;
  } catch (error) {
    if (!(error instanceof RemoteError && error.problem === 'unknown')) throw error;
    // One history that does not come must not make the backend count as away. It stays wanted, and the next pull asks again.
    warn(`Older messages of conversation ${report.conversationId} did not come: ${error.message}`);
    return false;
  }
}

/** Page by page from the newest to the first, each kept when it came: a way that was broken off goes on where it was. */
async function pageOlder(
  { store, remote, account, lease, signal, now }: PullContext,
  { id: remoteId }: ConversationDetail,
  { conversationId, olderFrom }: MergeReport,
): Promise<void> {
  const readAt = now();
  const read = new Map<string, string>();
  for (let from: string | undefined = olderFrom; ;) {
    const page = await pageFrom(remoteId, from);
    const messages = page.items.map((row) => decodeMessage(account, remoteId, row));
    for (const message of messages) read.set(message.remoteId, message.id);
    await store.mergeOlder(
      lease,
      conversationId,
      messages,
      page.older === null ? 'whole' : { from: page.older },
    );
    if (page.older === null) break;
    from = page.older;
  }
  if (olderFrom !== undefined) return;
  const whole = { ids: [...read.values()], remoteIds: [...read.keys()], readAt };
  await store.noteWhole(lease, conversationId, whole);

  async function pageFrom(id: string, from: string | undefined) {
    try {
      return await remote.announced.page(id, from, signal);
    } catch (error) {
      // A place that the backend does not know any more: from the newest, next time.
      if (from !== undefined && error instanceof RemoteError && error.problem === 'refused')
        await store.mergeOlder(lease, conversationId, [], { from: null });
      throw error;
    }
  }
}

/** What the contract does not show of a long conversation. Throws `RemoteError`. */
async function pullOlder(
  { store, remote, account, lease, signal, warn, now }: PullContext,
  detail: ConversationDetail,
  { conversationId: id }: MergeReport,
): Promise<void> {
  const readAt = now();
  const all = await remote.history(detail.id, signal);
  if (all === undefined || !isSameHistory(all, detail)) {
    warn(`Older messages of conversation ${id} are not available from this server.`);
    await store.mergeOlder(lease, id, [], 'unavailable');
    return;
  }
  const older = all.map((row) => decodeMessage(account, detail.id, row));
  for (let from = 0; from < older.length; from += OLDER_AT_ONCE)
    await store.mergeOlder(lease, id, older.slice(from, from + OLDER_AT_ONCE));
  await store.mergeOlder(lease, id, [], 'whole');
  const ids = older.map((message) => message.id);
  await store.noteWhole(lease, id, { ids, remoteIds: older.map(({ remoteId }) => remoteId), readAt });
}

/** The second door is believed when it shows all that the first one did. */
function isSameHistory(all: readonly MessageRow[], { messages = [] }: ConversationDetail): boolean {
  const ids = new Set(all.map(({ id }) => id));
  return messages.every(({ id }) => ids.has(id));
}

export type Reached = RequestOutcome | { readonly kind: 'refused'; readonly detail: string };

export async function reaching(request: () => Promise<unknown>): Promise<Reached> {
  try {
    await request();
    return { kind: 'ok' };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const isOne = error.problem === 'not-found' || error.problem === 'refused';
    return isOne ? { kind: 'refused', detail: error.message } : outcomeOf(error);
  }
}
