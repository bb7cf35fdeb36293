import type { OutboxItem } from '../store/outbox.ts';
import { deferralForAbsent, deferralForUnread, outcomeOf, type RequestOutcome } from './failure.ts';
import { pullAll } from './pull.ts';
import type { PushContext } from './pushContext.ts';
import { pullConversation } from './reading.ts';
import { RemoteError } from './remote.ts';

/**
 * A request ended without an answer: look on the backend whether it took effect. Merging what is found there adopts
 * our own rows and removes their outbox items. `otherwise`: the backend said that it holds something else in their place;
 * what is not found is parked with this reason.
 */
export async function readBack(
  context: PushContext,
  item: OutboxItem,
  otherwise?: string,
): Promise<RequestOutcome> {
  const { store, lease, now, random, requestLifeMs } = context;
  const startedAt = now();
  const failed = await lookFor(context, item);
  if (failed !== undefined) {
    const { outcome, reason } = failed;
    const deferral =
      reason === undefined
        ? deferralForUnread(item, startedAt, random())
        : ({ state: 'parked', reason } as const);
    await store.defer(lease, item.seq, deferral);
    return outcome;
  }
  const left = await store.unanswered(item.conversationId);
  const results = left
    .filter((one) => otherwise === undefined || one.seq === item.seq)
    .map((one) => ({
      seq: one.seq,
      deferral:
        otherwise === undefined
          ? deferralForAbsent(one, startedAt, requestLifeMs)
          : ({ state: 'parked', reason: otherwise } as const),
    }));
  await store.settleAppends(lease, results);
  return { kind: 'ok' };
}

/** `reason`: it can never be found there. */
async function lookFor(
  context: PushContext,
  { conversationId }: OutboxItem,
): Promise<{ readonly outcome: RequestOutcome; readonly reason?: string } | undefined> {
  const { store, account } = context;
  const remoteId = await store.remoteIdOf(account, conversationId);
  try {
    if (remoteId !== undefined) {
      // What did not come may hold what is looked for.
      return (await pullConversation(context, remoteId)) ? undefined : { outcome: { kind: 'nothing' } };
    }
    const pulled = await pullAll(context);
    return pulled.kind === 'ok' ? undefined : { outcome: pulled };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const isGone = error.problem === 'not-found' || error.problem === 'refused';
    return { outcome: outcomeOf(error), ...(isGone && { reason: error.message }) };
  }
}
