/** Changes of fields on their way to the backend, and what it made of them. */
import type { FullConversation } from '../protocol/abilities.ts';
import type { FieldsOrder } from '../store/outbox.ts';
import { keepsClocks } from './announcement.ts';
import { heard } from './listing.ts';
import { isWithin, LATEST_MS, tooLate, type PushContext } from './pushContext.ts';
import { readNow, takeIn } from './reading.ts';
import { RemoteError, type ConversationStep, type Remote } from './remote.ts';
import { stepsFor } from './steps.ts';
import { decodeFields, encodeChange, encodeWithClocks } from './wire.ts';

const UNPROCESSABLE = 422;

/** `begunAt`: when it was entered as under way, milliseconds since the epoch. Throws `RemoteError` and `StoreError`. */
export async function changeFields(
  context: PushContext,
  seq: number,
  order: FieldsOrder,
  begunAt: number,
): Promise<void> {
  const { store, announcement, told, lease } = context;
  const { change, fields, base = fields } = order;
  if (keepsClocks(announcement) && !isUndated(order)) {
    const answer = await changeThere(context, order, begunAt);
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
  const moment = told.begin();
  const isWhole = await sendFields(context, order, begunAt);
  // A title that was left out is tried again alone, and parked with the reason that comes then.
  const taken = { ...fields, title: isWhole ? fields.title : base.title };
  const isPassed = told.isLater(order.remoteId, moment);
  told.happened([order.remoteId]);
  if (!isPassed) {
    await store.completeFields(lease, seq, taken);
    return;
  }
  // The stream has told of it meanwhile, of what came before our change or after it: only a reading says.
  const { detail, readAt } = await readNow(context, order.remoteId);
  const completed = heard(store.completeFields(lease, seq, taken));
  await takeIn(context, detail, readAt);
  await completed;
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
  context: PushContext,
  order: FieldsOrder,
  begunAt: number,
): Promise<FullConversation | undefined> {
  const { remote, signal } = context;
  const { clocks, ...undated } = encodeWithClocks(order);
  try {
    return await remote.announced.change(order.remoteId, { ...undated, clocks }, signal);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.code === 'purged' && order.change.status === 'deleted') return undefined;
    if (error.status !== UNPROCESSABLE) throw error;
    // The clock of this machine is more than a day ahead: then the change holds as of now, by the server's clock.
    await checkLease(context, begunAt);
    return await remote.announced.change(order.remoteId, undated, signal);
  }
}

/** False when all but the title was taken. Throws `RemoteError`. */
async function sendFields(
  context: PushContext,
  { remoteId, change, base }: FieldsOrder,
  begunAt: number,
): Promise<boolean> {
  const { remote, signal } = context;
  // Only tags differ, for which this backend has no place.
  if (Object.keys(change).length === 0) return true;
  try {
    await remote.patch(remoteId, encodeChange(change), signal);
    return true;
  } catch (error) {
    if (!(error instanceof RemoteError && error.problem === 'forbidden')) throw error;
    const steps = base === undefined ? [] : stepsFor(change, base);
    if (steps.length === 0) throw error;
    for (const step of steps) {
      await checkLease(context, begunAt);
      if (!(await takeStep(remote, remoteId, step, signal))) throw error;
    }
    return change.title === undefined;
  }
}

/**
 * Before one more request for what was noted some time ago: another window may have taken over while the backend thought about
 * the last. Throws `StoreError('fenced')`, or `RemoteError` where that took too long as well.
 */
async function checkLease({ store, lease, now }: PushContext, begunAt: number): Promise<void> {
  const at = now();
  if (isWithin(LATEST_MS, begunAt, at)) return;
  await store.settleAppends(lease, []);
  const late = tooLate(at, now());
  if (late !== undefined) throw late;
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
