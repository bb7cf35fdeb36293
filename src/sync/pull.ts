import { PAGE_LIMIT, type ConversationDetail, type MessageRow } from '../protocol/api.ts';
import type { AccountKey, Lease, SyncStore } from '../store/outbox.ts';
import type { Announcement } from './announcement.ts';
import { outcomeOf, type RequestOutcome } from './failure.ts';
import { RemoteError, type Remote } from './remote.ts';
import { decodeConversation, decodeFields, decodeMessage } from './wire.ts';

/** Messages in one transaction of the store, so that a save need not wait for all of them. */
const OLDER_AT_ONCE = PAGE_LIMIT;
/** A backend that answers full pages for ever must not keep us for ever: 200,000 conversations. */
const MAX_PAGES = 1_000;
/** So many conversations in a row that the backend fails to read are no longer a matter of conversations. */
const MAX_UNREADABLE = 20;

export interface PullContext {
  readonly store: SyncStore;
  readonly remote: Remote;
  readonly announcement: Announcement;
  readonly account: AccountKey;
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** Warnings for the log: no message text, no token. */
  readonly warn: (text: string) => void;
}

/** Lists everything, then reads what is new or changed. One unreadable conversation does not hold up the others. */
export async function pullAll(context: PullContext): Promise<RequestOutcome> {
  const { store, account, lease, announcement, signal } = context;
  const changed: string[] = [];
  const listed = await reaching(async () => {
    await announcement.ask(signal);
    for (const status of [undefined, 'deleted'] as const) {
      for await (const page of pages(context, status)) {
        changed.push(...(await store.mergeList(lease, account, page.map(decodeFields))));
      }
    }
  });
  if (listed.kind === 'refused') return { kind: 'denied', detail: listed.detail };
  if (listed.kind !== 'ok') return listed;
  await store.confirmAccount(lease, account);
  let unreadable = 0;
  for (const remoteId of changed) {
    const outcome = await reaching(() => pullConversation(context, remoteId));
    const isOne = outcome.kind === 'refused' || outcome.kind === 'doubtful';
    if (isOne) context.warn(`Conversation ${remoteId} cannot be read: ${outcome.detail}`);
    else if (outcome.kind !== 'ok') return outcome;
    unreadable = outcome.kind === 'doubtful' ? unreadable + 1 : 0;
    if (outcome.kind === 'doubtful' && unreadable > MAX_UNREADABLE) return outcome;
  }
  return { kind: 'ok' };
}

async function* pages({ remote, signal }: PullContext, status: 'deleted' | undefined) {
  const seen = new Set<string>();
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const rows = await remote.list({ ...(status && { status }), offset: page * PAGE_LIMIT }, signal);
    const fresh = rows.filter((row) => !seen.has(row.id));
    for (const row of fresh) seen.add(row.id);
    if (fresh.length > 0) yield fresh;
    if (rows.length < PAGE_LIMIT || fresh.length === 0) return;
  }
}

/** Reads one conversation and merges it. Throws `RemoteError`. */
export async function pullConversation(context: PullContext, remoteId: string): Promise<void> {
  const { store, remote, account, lease, signal, warn } = context;
  const detail = await remote.read(remoteId, signal);
  const report = await store.mergeConversation(lease, account, decodeConversation(account, detail));
  if (report.doubled > 0) {
    warn(
      `The server holds ${report.doubled} message(s) of conversation ${report.conversationId} twice; shown once.`,
    );
  }
  if (report.wantsOlder) await pullOlder(context, detail, report.conversationId);
}

/** What the contract does not show of a long conversation. Throws `RemoteError`. */
async function pullOlder(context: PullContext, detail: ConversationDetail, id: string): Promise<void> {
  const { store, remote, account, lease, signal, warn } = context;
  let all: MessageRow[] | undefined;
  try {
    all = await remote.history(detail.id, signal);
  } catch (error) {
    if (!(error instanceof RemoteError && error.problem === 'unknown')) throw error;
    // One history that does not come must not make the backend count as away. It stays wanted, and the next pull asks again.
    warn(`Older messages of conversation ${id} did not come: ${error.message}`);
    return;
  }
  if (all === undefined || !isSameHistory(all, detail)) {
    warn(`Older messages of conversation ${id} are not available from this server.`);
    await store.mergeOlder(lease, id, [], 'unavailable');
    return;
  }
  const older = all.map((row) => decodeMessage(account, detail.id, row));
  for (let from = 0; from < older.length; from += OLDER_AT_ONCE)
    await store.mergeOlder(lease, id, older.slice(from, from + OLDER_AT_ONCE));
  await store.mergeOlder(lease, id, [], 'whole');
}

/** The second door is believed when it shows all that the first one did. */
function isSameHistory(all: readonly MessageRow[], { messages = [] }: ConversationDetail): boolean {
  const ids = new Set(all.map(({ id }) => id));
  return messages.every(({ id }) => ids.has(id));
}

type Reached = RequestOutcome | { readonly kind: 'refused'; readonly detail: string };

async function reaching(request: () => Promise<void>): Promise<Reached> {
  try {
    await request();
    return { kind: 'ok' };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const isOne = error.problem === 'not-found' || error.problem === 'refused';
    return isOne ? { kind: 'refused', detail: error.message } : outcomeOf(error);
  }
}
