import type { OutboxItem, SendOrder } from '../store/outbox.ts';
import { StoreError } from '../store/store.ts';
import { parseMicros } from '../protocol/api.ts';
import {
  deferralFor,
  deferralForAbsent,
  deferralForUnread,
  outcomeOf,
  type RequestOutcome,
} from './failure.ts';
import { pullAll, pullConversation, type PullContext } from './pull.ts';
import { RemoteError } from './remote.ts';
import { stepsFor } from './steps.ts';
import { decodeFields, encodeAppend, encodeChange, encodeCreate } from './wire.ts';

export interface PushContext extends PullContext {
  readonly now: () => number;
  readonly random: () => number;
  /** No request of ours can still take effect this long after it was sent, milliseconds. */
  readonly requestLifeMs: number;
}

/** Moves one due item a step along its transitions. Throws only what is a defect or a broken store. */
export async function pushItem(context: PushContext, item: OutboxItem): Promise<RequestOutcome> {
  try {
    return await (item.state === 'unknown' ? readBack(context, item) : send(context, item));
  } catch (error) {
    if (error instanceof StoreError && error.problem === 'fenced') return { kind: 'fenced' };
    throw error;
  }
}

async function send(context: PushContext, item: OutboxItem): Promise<RequestOutcome> {
  const { store, lease, account, now, random } = context;
  const order = await store.beginSend(lease, account, item.seq, now());
  if (order === undefined) return { kind: 'nothing' };
  try {
    await carryOut(context, item.seq, order);
    return { kind: 'ok' };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    await store.defer(lease, item.seq, deferralFor(error, item, now(), random()));
    // A change of fields that is refused says nothing about messages.
    if (item.kind === 'fields' && error.problem === 'forbidden') return { kind: 'nothing' };
    return outcomeOf(error);
  }
}

async function carryOut(context: PushContext, seq: number, order: SendOrder): Promise<void> {
  const { store, remote, lease, account, signal } = context;
  switch (order.kind) {
    case 'create': {
      const created = await remote.create(encodeCreate(order), signal);
      await store.completeCreate(lease, account, seq, decodeFields(created));
      return;
    }
    case 'append': {
      const sent = await remote.append(order.remoteId, encodeAppend(order.message, order.contents), signal);
      await store.completeAppend(lease, seq, {
        remoteId: sent.id,
        serverOrder: parseMicros(sent.created_at) ?? 0,
      });
      return;
    }
    case 'fields': {
      const { remoteId, change, fields, base = fields } = order;
      if (change.status === 'deleted') {
        // Taken down at once: another field that is refused must neither undo that nor hide it. The others go out by themselves.
        await remote.delete(remoteId, signal);
        await store.completeFields(lease, seq, { ...base, status: 'deleted' });
        return;
      }
      const isWhole = await sendFields(context, order);
      // A title that was left out is tried again alone, and parked with the reason that comes then.
      await store.completeFields(lease, seq, { ...fields, title: isWhole ? fields.title : base.title });
    }
  }
}

/** False when all but the title was taken. Throws `RemoteError`. */
async function sendFields(
  { remote, signal }: PushContext,
  { remoteId, change, base }: Extract<SendOrder, { kind: 'fields' }>,
): Promise<boolean> {
  try {
    await remote.patch(remoteId, encodeChange(change), signal);
    return true;
  } catch (error) {
    if (!(error instanceof RemoteError && error.problem === 'forbidden')) throw error;
    const steps = base === undefined ? [] : stepsFor(change, base);
    if (steps.length === 0) throw error;
    for (const step of steps) if (!(await remote.take(remoteId, step, signal))) throw error;
    return change.title === undefined;
  }
}

/**
 * A request ended without an answer: look on the backend whether it took effect. Merging what is found there adopts
 * our own rows and removes their outbox items.
 */
async function readBack(context: PushContext, item: OutboxItem): Promise<RequestOutcome> {
  const { store, lease, account, now, random, requestLifeMs } = context;
  const startedAt = now();
  try {
    const remoteId = await store.remoteIdOf(account, item.conversationId);
    if (remoteId === undefined) {
      const pulled = await pullAll(context);
      if (pulled.kind !== 'ok') {
        await store.defer(lease, item.seq, deferralForUnread(item, startedAt, random()));
        return pulled;
      }
    } else {
      await pullConversation(context, remoteId);
    }
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const isGone = error.problem === 'not-found' || error.problem === 'refused';
    await store.defer(
      lease,
      item.seq,
      isGone ? { state: 'parked', reason: error.message } : deferralForUnread(item, startedAt, random()),
    );
    return outcomeOf(error);
  }
  if (await store.hasItem(item.seq)) {
    await store.defer(lease, item.seq, deferralForAbsent(item, startedAt, requestLifeMs));
  }
  return { kind: 'ok' };
}
