/** Requests that bring messages of one conversation to the backend, and what became of each. */
import { parseMicros } from '../protocol/api.ts';
import type { BatchResult } from '../protocol/abilities.ts';
import type { AppendResult, OutboxItem, SendingAppend, SentMessage } from '../store/outbox.ts';
import { deferralFor, outcomeOf, type RequestOutcome } from './failure.ts';
import { tooLate, type PushContext } from './pushContext.ts';
import { RemoteError, type AppendWithId } from './remote.ts';
import { encodeAppend } from './wire.ts';

/** What a request did: `conflicts` are messages whose client id stands for something else there. */
export interface Carried {
  readonly results: readonly AppendResult[];
  readonly conflicts: readonly OutboxItem[];
  readonly outcome: RequestOutcome;
  /** The backend refused them together, which says nothing of each: the first of them is to go alone. */
  readonly isToSplit?: true;
}

const NOTHING: Carried = { results: [], conflicts: [], outcome: { kind: 'nothing' } };

/** Messages that are entered as under way, in order. */
export interface Begun {
  readonly sending: readonly SendingAppend[];
  /** When they were, milliseconds since the epoch. */
  readonly at: number;
  /** They carry their client ids, see `AppendTerms`. */
  readonly isById: boolean;
  /** As many as may go at once: there may be more behind them. */
  readonly isFull: boolean;
}

const INVALID = 'The server finds this message malformed.';
const NO_PLACE = 'The server did not say where it put this message.';

/** One request at a time. `goesOn` is asked before each that is not the first: what is left then was not sent. */
export async function carry(context: PushContext, begun: Begun, goesOn: () => boolean): Promise<Carried> {
  const { sending, at, isById } = begun;
  const late = tooLate(at, context.now());
  if (late !== undefined) return failed(context, sending, late, isById);
  const isBatch = sending.length > 1 && context.announcement.current.abilities.has('batch');
  return await (isBatch
    ? carryBatch(context, sending, isById)
    : carryInTurn(context, sending, isById, goesOn));
}

async function carryBatch(
  context: PushContext,
  sending: readonly SendingAppend[],
  isById: boolean,
): Promise<Carried> {
  const [first] = sending;
  if (first === undefined) return NOTHING;
  const { remote, signal, announcement } = context;
  const bodies = sending.map((one) => bodyOf(one, isById));
  try {
    const answers = await remote.announced.appendAll(first.order.remoteId, bodies, signal);
    return resultsOf(context, sending, answers, isById);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const isRefused = error.problem === 'refused' || error.problem === 'not-found';
    if (!isRefused || error.code === 'purged') return failed(context, sending, error, isById);
    // No verdict on each of them, or a backend that takes no batches any more: the first alone will tell.
    announcement.doubt();
    // A backend may refuse what it has stored all the same: without client ids only a reading tells.
    if (!isById) return doubted(context, sending, error.message);
    return { results: sending.map(unsent), conflicts: [], outcome: { kind: 'ok' }, isToSplit: true };
  }
}

/** One after the other, until one is not taken or something else has to be done; what is left was not sent. */
async function carryInTurn(
  context: PushContext,
  sending: readonly SendingAppend[],
  isById: boolean,
  goesOn: () => boolean,
): Promise<Carried> {
  const results: AppendResult[] = [];
  let last = NOTHING;
  for (const [index, one] of sending.entries()) {
    last = await carryOne(context, one, isById);
    results.push(...last.results);
    if (last.outcome.kind === 'ok' && last.conflicts.length === 0 && goesOn()) continue;
    results.push(...sending.slice(index + 1).map(unsent));
    break;
  }
  return { ...last, results };
}

async function carryOne(context: PushContext, sending: SendingAppend, isById: boolean): Promise<Carried> {
  const { item, order } = sending;
  try {
    const sent = await context.remote.append(order.remoteId, bodyOf(sending, isById), context.signal);
    return { results: [{ seq: item.seq, sent: placeOf(sent) }], conflicts: [], outcome: { kind: 'ok' } };
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.code === 'client_id_taken') return { results: [], conflicts: [item], outcome: { kind: 'ok' } };
    return failed(context, [sending], error, isById);
  }
}

/** The same each time that a message is sent, so that a backend knows it again. */
function bodyOf({ order: { message, contents, place } }: SendingAppend, isById: boolean): AppendWithId {
  return { ...encodeAppend(message, contents, place), ...(isById && { client_id: message.id }) };
}

function placeOf({ id, created_at }: { readonly id: string; readonly created_at: string }): SentMessage {
  return { remoteId: id, serverOrder: parseMicros(created_at) ?? 0 };
}

/** All of them had the same fate. */
function failed(
  { announcement, now, random }: PushContext,
  sending: readonly SendingAppend[],
  error: RemoteError,
  isById: boolean,
): Carried {
  if (error.problem === 'unknown') announcement.doubt();
  const results = sending.map(({ item }) => ({
    seq: item.seq,
    deferral: deferralFor(error, item, now(), random(), isById),
  }));
  return { results, conflicts: [], outcome: outcomeOf(error) };
}

function doubted({ now }: PushContext, sending: readonly SendingAppend[], reason: string): Carried {
  const results = sending.map(({ item }) => ({
    seq: item.seq,
    deferral: { state: 'unknown', notBefore: now(), reason } as const,
  }));
  return { results, conflicts: [], outcome: { kind: 'doubtful', detail: reason } };
}

function resultsOf(
  { now }: PushContext,
  sending: readonly SendingAppend[],
  answers: readonly BatchResult[],
  isById: boolean,
): Carried {
  const results: AppendResult[] = [];
  const conflicts: OutboxItem[] = [];
  for (const [index, { item, order }] of sending.entries()) {
    const { seq } = item;
    const answer = answers[index];
    const isOurs = !isById || answer?.client_id === order.message.id;
    const parked = (reason: string): AppendResult => ({ seq, deferral: { state: 'parked', reason } });
    if (answer?.status === 'conflict' && isOurs) conflicts.push(item);
    else if (answer?.status === 'invalid') results.push(parked(INVALID));
    else if (isOurs && answer?.id !== undefined && answer.created_at !== undefined)
      results.push({ seq, sent: placeOf({ id: answer.id, created_at: answer.created_at }) });
    else results.push({ seq, deferral: { state: 'unknown', notBefore: now(), reason: NO_PLACE } });
  }
  return { results, conflicts, outcome: { kind: 'ok' } };
}

export function unsent({ item }: SendingAppend): AppendResult {
  return { seq: item.seq, unsent: item.state === 'unknown' ? 'unknown' : 'queued' };
}
