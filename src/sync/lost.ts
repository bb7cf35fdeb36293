/** What a backend has lost is found and sent again: it went back to an old backup, or its database is empty. */
import type { RequestOutcome } from './failure.ts';
import { lossInWords } from './lossInWords.ts';
import { pullConversation, reaching, type PullContext } from './reading.ts';
import { RemoteError } from './remote.ts';

/**
 * Compares what the backend has, by its whole list, with what is known to be there. A conversation that is missing counts only
 * by a 404 of its own, while the list and another conversation are answered well; and only when a second reading agrees.
 * `listed`: ids there, the newest change first.
 */
export async function findLost(
  context: PullContext,
  listed: readonly string[],
  listedDeleted: readonly string[],
): Promise<RequestOutcome> {
  const { store, account, lease, announcement, now } = context;
  const { absent, ask, agreesAfterMs, isSure } = await store.unlisted(
    account,
    [...listed, ...listedDeleted],
    now(),
  );
  // As long as anything is in doubt, the next pull looks again.
  announcement.lookedAt = isSure ? now() : undefined;
  if (isSure) return { kind: 'ok' };
  const gone: string[] = [];
  const askedAt = now();
  const asked = await reaching(async () => {
    for (const remoteId of ask) if (await isGone(context, remoteId)) gone.push(remoteId);
    const [other] = listed;
    // Where nothing can be read, a 404 says nothing of a conversation.
    if (gone.length > 0 && other !== undefined && (await isGone(context, other))) gone.length = 0;
  });
  if (asked.kind === 'refused') return { kind: 'denied', detail: asked.detail };
  if (asked.kind !== 'ok') return asked;
  await store.noteAsked(lease, account, { absent, gone, agreesAfterMs, askedAt });
  await sendAgain(context);
  return { kind: 'ok' };
}

/** True for a 404 of its own; what is there after all is taken in. Throws `RemoteError`. */
async function isGone(context: PullContext, remoteId: string): Promise<boolean> {
  try {
    await pullConversation(context, remoteId);
    return false;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.problem === 'not-found') return error.code === undefined;
    // Not allowed, too large, not readable just now: no word on whether it is there. Anything else is no matter of this one.
    const isOne = error.problem === 'unknown' && error.status !== undefined;
    if (isOne || error.problem === 'forbidden' || error.problem === 'refused') return false;
    throw error;
  }
}

async function sendAgain({ store, account, lease, announcement, info, now }: PullContext): Promise<void> {
  const isById = announcement.current.abilities.has('idempotent');
  let conversations = 0;
  let messages = 0;
  for (;;) {
    const losses = await store.resendLost(lease, account, now(), isById);
    if (losses === undefined) break;
    conversations += losses.conversations;
    messages += losses.messages;
  }
  if (conversations + messages > 0) info(lossInWords({ conversations, messages }));
}
