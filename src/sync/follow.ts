import type { ChangesAnswer } from '../protocol/abilities.ts';
import { StoreError } from '../store/store.ts';
import { pageOf } from './feed.ts';
import type { FollowOutcome } from './state.ts';
import type { PushContext } from './pushContext.ts';
import { RemoteError } from './remote.ts';

/** A stream that lasted so long was well: what ended it is no reason to wait longer than the first time. */
const LIVED_MS = 30_000;

/** Merges what the backend tells as it happens, from the place of the feed on, until the stream ends. */
export async function followFeed(context: PushContext): Promise<FollowOutcome> {
  const { store, remote, account, lease, signal, now, told } = context;
  const startedAt = now();
  let isTold = false;
  const broken = (error?: RemoteError): FollowOutcome => ({
    kind: 'broken',
    hasLived: isTold || now() - startedAt >= LIVED_MS,
    ...(error?.retryAfterMs !== undefined && { waitMs: error.retryAfterMs }),
  });
  try {
    const place = await store.feedPlace(account);
    // A feed that cannot be read has no place: one pull after the other would find none either.
    if (place === undefined) return { kind: 'refused' };
    if (place.cursor === undefined) return { kind: 'behind' };
    for await (const event of remote.announced.events(place.cursor, signal)) {
      isTold = true;
      if (event.type === 'gone') return { kind: 'behind' };
      if (event.type !== 'changes') continue;
      told.streamed(idsIn(event.answer));
      const { unknown } = await store.mergeChanges(lease, account, pageOf(context, event.answer, true));
      // Read by a pull, which is one of the two requests that may be under way; its place was not moved.
      if (unknown.length > 0 || (await lacksMessages(context, event.answer))) return { kind: 'behind' };
    }
    return broken();
  } catch (error) {
    if (error instanceof StoreError && error.problem === 'fenced') return { kind: 'fenced' };
    if (!(error instanceof RemoteError)) throw error;
    const isNone = error.problem === 'not-found' || error.problem === 'refused';
    return isNone ? { kind: 'refused' } : broken(error);
  }
}

function idsIn({ changes }: ChangesAnswer): readonly string[] {
  return changes.map((one) => (one.type === 'conversation' ? one.conversation.id : one.conversation_id));
}

/**
 * A conversation that was deleted there when this machine came, and was brought back since, lacks the messages that were told
 * before. While there is more, what comes next may complete it.
 */
async function lacksMessages(
  { store, lease, account }: PushContext,
  { changes, has_more: hasMore }: ChangesAnswer,
): Promise<boolean> {
  const shown = new Set(
    changes.flatMap((one) =>
      one.type === 'conversation' && one.conversation.status !== 'deleted' ? [one.conversation.id] : [],
    ),
  );
  if (hasMore || shown.size === 0) return false;
  return (await store.settleCounts(lease, account)).some((id) => shown.has(id));
}
