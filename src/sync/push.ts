import type { FullConversation } from '../protocol/abilities.ts';
import type { CreateOrder, FieldsOrder, NextAppends, OutboxItem } from '../store/outbox.ts';
import { StoreError } from '../store/store.ts';
import { keepsClocks } from './announcement.ts';
import { beginBy, sendAppends, sendBegun } from './append.ts';
import type { Begun } from './carry.ts';
import { deferralFor, outcomeOf, type RequestOutcome } from './failure.ts';
import { tooLate, type PushContext } from './pushContext.ts';
import { pullAll } from './pull.ts';
import { readBack } from './readBack.ts';
import { pullConversation, reaching } from './reading.ts';
import { RemoteError, type ConversationStep, type Remote } from './remote.ts';
import { stepsFor } from './steps.ts';
import { mayResend } from './terms.ts';
import { decodeFields, encodeChange, encodeCreate, encodeWithClocks } from './wire.ts';

const UNPROCESSABLE = 422;

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
    const late = isById ? undefined : tooLate(begunAt, now());
    if (late !== undefined) throw late;
    if (order.kind === 'create') begun = await create(context, item.seq, order, isById);
    else await changeFields(context, item.seq, order);
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

/** Throws `RemoteError`. */
async function changeFields(context: PushContext, seq: number, order: FieldsOrder): Promise<void> {
  const { store, announcement, told, lease } = context;
  const { change, fields, base = fields } = order;
  if (keepsClocks(announcement) && !isUndated(order)) {
    const answer = await changeThere(context, order);
    told.happened([order.remoteId]);
    if (answer === undefined) await store.completeFields(lease, seq, { ...base, status: 'deleted' });
    else await store.completeWithClocks(lease, seq, order, decodeFields(answer));
    return;
  }
  if (change.status === 'deleted') {
    // Taken down at once: another field that is refused must neither undo that nor hide it. The others go out by themselves.
    await takeDown(context, order);
    told.happened([order.remoteId]);
    await store.completeFields(lease, seq, { ...base, status: 'deleted' });
    return;
  }
  const isWhole = await sendFields(context, order);
  told.happened([order.remoteId]);
  // A title that was left out is tried again alone, and parked with the reason that comes then.
  await store.completeFields(lease, seq, { ...fields, title: isWhole ? fields.title : base.title });
}

/** For good where the user wants that and the backend can, else into its trash. Throws `RemoteError`. */
async function takeDown(
  { remote, announcement, signal }: PushContext,
  { remoteId, isPurge }: FieldsOrder,
): Promise<void> {
  const isForGood = isPurge === true && announcement.current.abilities.has('tombstones');
  try {
    await (isForGood ? remote.announced.purge(remoteId, signal) : remote.delete(remoteId, signal));
  } catch (error) {
    if (
      !(error instanceof RemoteError) ||
      (error.code !== 'purged' && !(isForGood && error.problem === 'not-found'))
    )
      throw error;
  }
}

/** A deletion for good, or from before clocks were kept: it holds as of now. */
function isUndated({ change, clocks }: FieldsOrder): boolean {
  return change.status === 'deleted' && clocks.status === undefined;
}

/** Undefined when what it deletes was deleted for good. Throws `RemoteError`. */
async function changeThere(
  { remote, signal }: PushContext,
  order: FieldsOrder,
): Promise<FullConversation | undefined> {
  const { clocks, ...undated } = encodeWithClocks(order);
  try {
    return await remote.announced.change(order.remoteId, { ...undated, clocks }, signal);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.code === 'purged' && order.change.status === 'deleted') return undefined;
    if (error.status !== UNPROCESSABLE) throw error;
    // The clock of this machine is more than a day ahead: then the change holds as of now, by the server's clock.
    return await remote.announced.change(order.remoteId, undated, signal);
  }
}

/** False when all but the title was taken. Throws `RemoteError`. */
async function sendFields(
  { remote, signal }: PushContext,
  { remoteId, change, base }: FieldsOrder,
): Promise<boolean> {
  // Only tags differ, for which this backend has no place.
  if (Object.keys(change).length === 0) return true;
  try {
    await remote.patch(remoteId, encodeChange(change), signal);
    return true;
  } catch (error) {
    if (!(error instanceof RemoteError && error.problem === 'forbidden')) throw error;
    const steps = base === undefined ? [] : stepsFor(change, base);
    if (steps.length === 0) throw error;
    for (const step of steps) if (!(await takeStep(remote, remoteId, step, signal))) throw error;
    return change.title === undefined;
  }
}

/** Another machine may have brought it back first: then that step is refused, and is done. Throws `RemoteError`. */
async function takeStep(
  remote: Remote,
  remoteId: string,
  step: ConversationStep,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await remote.take(remoteId, step, signal);
  } catch (error) {
    const isBack = step === 'restore' || step === 'unarchive';
    if (isBack && error instanceof RemoteError && error.problem === 'not-found') return true;
    throw error;
  }
}
