import type { AccountKey, AppendTerms, Lease, OutboxItem, SendOrder } from '../../src/store/outbox.ts';
import type { Operations } from '../../src/store/sqlite/operations.ts';

/** A message goes alone, without its client id: the plain contract. */
export function oneAtATime(account: AccountKey, now: number): AppendTerms {
  return { account, now, isById: false, messages: 1, bytes: Infinity };
}

/** Begins a request as the engine does: a message by what is next in its conversation, anything else by its own row. */
export function begin(
  store: Pick<Operations, 'beginSend' | 'settleAppends'>,
  lease: Lease,
  account: AccountKey,
  { seq, kind, conversationId }: Pick<OutboxItem, 'seq' | 'kind' | 'conversationId'>,
  now: number,
): SendOrder | undefined {
  if (kind !== 'append') return store.beginSend(lease, account, seq, now);
  const terms = oneAtATime(account, now);
  return store.settleAppends(lease, [], { conversationId, terms })[0]?.order;
}
