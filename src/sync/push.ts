import type { CreateOrder, NextAppends, OutboxItem } from '../store/outbox.ts';
import { StoreError } from '../store/store.ts';
import { keepsClocks } from './announcement.ts';
import { beginBy, sendAppends, sendBegun } from './append.ts';
import type { Begun } from './carry.ts';
import { changeFields } from './changeFields.ts';
import { deferralFor, outcomeOf, type RequestOutcome } from './failure.ts';
import { pullAll } from './pull.ts';
import { tooLate, type PushContext } from './pushContext.ts';
import { readBack } from './readBack.ts';
import { pullConversation, reaching } from './reading.ts';
import { RemoteError } from './remote.ts';
import { mayResend } from './terms.ts';
import { decodeFields, encodeCreate } from './wire.ts';

/** Moves a due item a step along its transitions, and what follows it. Throws only what is a defect or a broken store. */
export async function pushItem(context: PushContext, item: OutboxItem): Promise<RequestOutcome> {
  try {
    if (item.state === 'unknown' && !(await canResend(context, item))) return await readBack(context, item);
    const wasHeld = item.wasHeld === true;
    if (wasHeld) {
      const looked = await lookBefore(context, item);
      if (looked !== undefined) return looked;
    }
    return await (item.kind === 'append'
      ? sendAppends(context, item.conversationId, wasHeld)
      : send(context, item));
  } catch (error) {
    if (error instanceof StoreError && error.problem === 'fenced') return { kind: 'fenced' };
    // What is announced could not be asked: nothing was done.
    if (error instanceof RemoteError) return outcomeOf(error);
    throw error;
  }
}

/** Asked anew after a request without an answer: whoever answers now may be another. Throws `RemoteError`. */
async function canResend({ announcement, signal }: PushContext, item: OutboxItem): Promise<boolean> {
  if (item.isSentById !== true) return false;
  try {
    return mayResend(item, await announcement.ask(signal));
  } catch (error) {
    const isNoAnswer =
      error instanceof RemoteError && (error.problem === 'not-found' || error.problem === 'refused');
    if (!isNoAnswer) throw error;
    return false;
  }
}

/**
 * What was left to another machine may be there by now: then its row is gone after this. Undefined: it may be sent. Throws
 * `RemoteError`.
 */
async function lookBefore(
  context: PushContext,
  { kind, conversationId }: OutboxItem,
): Promise<RequestOutcome | undefined> {
  if (kind === 'create') {
    const pulled = await pullAll(context);
    return pulled.kind === 'ok' ? undefined : pulled;
  }
  const remoteId = await context.store.remoteIdOf(context.account, conversationId);
  const read = await reaching(async () => remoteId !== undefined && pullConversation(context, remoteId));
  // Where this one cannot be read, its answer to the message says more.
  const isOne = read.kind === 'refused' || read.kind === 'doubtful';
  return read.kind === 'ok' || isOne ? undefined : read;
}

async function send(context: PushContext, item: OutboxItem): Promise<RequestOutcome> {
  const { store, lease, account, announcement, now, random } = context;
  const isById = item.kind === 'create' && announcement.current.abilities.has('idempotent');
  const begunAt = now();
  const order = await store.beginSend(lease, account, item.seq, begunAt, isById);
  if (order === undefined) return { kind: 'nothing' };
  let begun: Begun | undefined;
  try {
    const late = tooLate(begunAt, now());
    if (late !== undefined) throw late;
    if (order.kind === 'create') begun = await create(context, item.seq, order, isById);
    else await changeFields(context, item.seq, order, begunAt);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.problem === 'unknown') announcement.doubt();
    if (error.code === 'client_id_taken') return await readBack(context, item, error.message);
    await store.defer(lease, item.seq, deferralFor(error, item, now(), random(), isById));
    // A change of fields that is refused says nothing about messages.
    if (item.kind === 'fields' && error.problem === 'forbidden') return { kind: 'nothing' };
    return outcomeOf(error);
  }
  const outcome = begun && (await sendBegun(context, item.conversationId, begun));
  return outcome === undefined || outcome.kind === 'nothing' ? { kind: 'ok' } : outcome;
}

/** The messages of a conversation follow its creation at once: the first of them are begun as it is entered. */
async function create(
  context: PushContext,
  seq: number,
  order: CreateOrder,
  isById: boolean,
): Promise<Begun | undefined> {
  const { store, remote, announcement, lease, account, signal } = context;
  const { conversationId } = order;
  const id = isById ? { client_id: conversationId } : {};
  const created = await remote.create({ ...encodeCreate(order), ...id }, signal);
  // Of one that was created just now; where it was not, no change is taken before its clocks are known.
  const clocked = keepsClocks(announcement) ? { tags: [], clocks: {} } : {};
  const fields = { ...decodeFields(created), ...clocked };
  const complete = (next?: NextAppends) => store.completeCreate(lease, account, seq, fields, next);
  if (!signal.aborted && context.mayGoOn())
    return await beginBy(context, { conversationId, before: 0, takesHeld: false }, complete);
  await complete();
  return undefined;
}
