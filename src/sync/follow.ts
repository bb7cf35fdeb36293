import { StoreError } from '../store/store.ts';
import { pageOf } from './feed.ts';
import type { FollowOutcome } from './state.ts';
import type { PushContext } from './pushContext.ts';
import { RemoteError } from './remote.ts';

/** A stream that lasted so long was well: what ended it is no reason to wait longer than the first time. */
const LIVED_MS = 30_000;

/** Merges what the backend tells as it happens, from the place of the feed on, until the stream ends. */
export async function followFeed(context: PushContext): Promise<FollowOutcome> {
  const { store, remote, account, lease, signal, now } = context;
  const startedAt = now();
  let isTold = false;
  const broken = (error?: RemoteError): FollowOutcome => ({
    kind: 'broken',
    hasLived: isTold || now() - startedAt >= LIVED_MS,
    ...(error?.retryAfterMs !== undefined && { waitMs: error.retryAfterMs }),
  });
  try {
    const place = await store.feedPlace(account);
    if (place?.cursor === undefined) return { kind: 'behind' };
    for await (const event of remote.announced.events(place.cursor, signal)) {
      isTold = true;
      if (event.type === 'gone') return { kind: 'behind' };
      if (event.type !== 'changes') continue;
      const { unknown } = await store.mergeChanges(lease, account, pageOf(context, event.answer, true));
      // Read by a pull, which is one of the two requests that may be under way; its place was not moved.
      if (unknown.length > 0) return { kind: 'behind' };
    }
    return broken();
  } catch (error) {
    if (error instanceof StoreError && error.problem === 'fenced') return { kind: 'fenced' };
    if (!(error instanceof RemoteError)) throw error;
    const isNone = error.problem === 'not-found' || error.problem === 'refused';
    return isNone ? { kind: 'refused' } : broken(error);
  }
}
