import type { AppendResult, AppendTerms, NextAppends, SendingAppend } from '../store/outbox.ts';
import { carry, unsent, type Begun } from './carry.ts';
import type { RequestOutcome } from './failure.ts';
import { isWithin, type PushContext } from './pushContext.ts';
import { readBack } from './readBack.ts';
import { termsFor } from './terms.ts';

/** So long one conversation goes on by itself while others wait. */
const TURN_MS = 500;

const TAKEN = 'The server holds another message under the id of this one.';

/**
 * Sends the messages of a conversation that are due, in order, one request at a time. While some are on their way, one
 * transaction enters what became of those before them and begins those behind them, so that no request waits for the store.
 * `takesHeld` as in `AppendTerms`. Throws `StoreError`.
 */
export async function sendAppends(
  context: PushContext,
  conversationId: string,
  takesHeld = false,
): Promise<RequestOutcome> {
  const first = await settle(context, [], { conversationId, before: 0, takesHeld });
  return await sendBegun(context, conversationId, first, takesHeld);
}

/** Those that are entered as under way, and what follows them. As `sendAppends`. */
export async function sendBegun(
  context: PushContext,
  conversationId: string,
  first: Begun,
  takesHeld = false,
): Promise<RequestOutcome> {
  const { now } = context;
  const from = now();
  const goesOn = () => isWithin(TURN_MS, from, now()) && !context.signal.aborted && context.mayGoOn();
  const next = (before: number) => ({ conversationId, before, takesHeld });
  let outcome: RequestOutcome = { kind: 'nothing' };
  let begun = first;
  /** What became of those before, where nobody has entered it yet. */
  let left: readonly AppendResult[] = [];
  while (begun.sending.length > 0) {
    const count = begun.sending.length;
    const ahead = begun.isFull && goesOn() ? caught(settle(context, left, next(count), begun)) : undefined;
    const carried = await carry(context, begun, goesOn);
    outcome = carried.outcome;
    const entered = await ahead;
    left = entered !== undefined && 'begun' in entered ? carried.results : [...left, ...carried.results];
    if (entered !== undefined && 'error' in entered) {
      await settle(context, left);
      throw entered.error;
    }
    const results = [...left, ...(entered?.begun.sending.map(unsent) ?? [])];
    if (carried.isToSplit === true) {
      // Begun anew: another window may have taken over while the backend thought about it.
      begun = await settle(context, results, { ...next(0), isAlone: true });
      left = [];
      continue;
    }
    const isTaken = outcome.kind === 'ok' && carried.conflicts.length === 0;
    if (isTaken && goesOn() && entered !== undefined && entered.begun.sending.length > 0) {
      begun = entered.begun;
      continue;
    }
    // The next conversation need not wait until this one is entered.
    if (isTaken) context.answered(conversationId);
    await settle(context, results);
    for (const item of carried.conflicts) await readBack(context, item, TAKEN);
    break;
  }
  return outcome;
}

interface Next {
  readonly conversationId: string;
  /** How many went at once before them. */
  readonly before: number;
  readonly takesHeld: boolean;
  /** The first of them only. */
  readonly isAlone?: true;
}

/** Enters results and begins the next in one transaction: those that wait, or those behind others that are under way. */
async function settle(
  context: PushContext,
  results: readonly AppendResult[],
  next?: Next,
  behind?: Begun,
): Promise<Begun> {
  const { store, lease } = context;
  if (next !== undefined)
    return await beginBy(context, next, (order) => store.settleAppends(lease, results, order), behind);
  await store.settleAppends(lease, results);
  return { sending: [], at: context.now(), isById: false, isFull: false };
}

/** Begins the next ones of a conversation by the call that is given, which may do something else in its transaction. */
export async function beginBy(
  { account, announcement, now }: PushContext,
  { conversationId, before, takesHeld, isAlone }: Next,
  enter: (next: NextAppends) => Promise<readonly SendingAppend[]>,
  behind?: Begun,
): Promise<Begun> {
  const at = now();
  const known = termsFor(announcement.current, account, at, before);
  const terms: AppendTerms = { ...known, takesHeld, ...(isAlone === true && { messages: 1 }) };
  const after = behind?.sending.at(-1)?.item.seq;
  const sending = await enter({ conversationId, terms, ...(after !== undefined && { after }) });
  return { sending, at, isById: terms.isById, isFull: sending.length >= terms.messages };
}

/** Others go on meanwhile: whoever waits for it hears then how it ended. */
async function caught(
  begun: Promise<Begun>,
): Promise<{ readonly begun: Begun } | { readonly error: unknown }> {
  try {
    return { begun: await begun };
  } catch (error) {
    return { error };
  }
}
