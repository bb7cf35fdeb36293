/** What a backend has lost is found and sent again: it went back to an old backup, or its database is empty. */
import type { FullConversation } from '../protocol/abilities.ts';
import type { ConversationRow } from '../protocol/api.ts';
import { keepsClocks } from './announcement.ts';
import type { RequestOutcome } from './failure.ts';
import { fullyListed, listed } from './listing.ts';
import { lossInWords } from './lossInWords.ts';
import { pullConversation, reaching, readEach, type PullContext } from './reading.ts';
import { RemoteError } from './remote.ts';
import { decodeFields } from './wire.ts';

/** A feed of changes does not tell what is no more: so often all of it is looked for by its list. */
const LOOK_EVERY_MS = 15 * 60_000;
/**
 * Also when whoever answers may be another: a server that was ended and begun again may have gone back to a backup of its file, and
 * its feed goes on as if nothing had been.
 */
export function isLookDue({ announcement: { lookedAt }, now }: PullContext): boolean {
  return lookedAt === undefined || lookedAt > now() || now() - lookedAt >= LOOK_EVERY_MS;
}

/** Lists all that there is, with how many messages where that is told, and compares it with what is known to be there. */
export async function lookForLost(context: PullContext): Promise<RequestOutcome> {
  const { store, account, lease, told } = context;
  const there: string[] = [];
  const deleted: string[] = [];
  const toRead: string[] = [];
  const isCounted = context.announcement.current.abilities.has('counts');
  const list = isCounted ? fullyListed : listed;
  const reached = await reaching(async () => {
    for (const status of [undefined, 'deleted'] as const)
      for await (const { rows, moment } of list(context, status)) {
        // Fields that went back are told by no feed either.
        toRead.push(
          ...(await store.mergeList(
            lease,
            account,
            told.newest<(typeof rows)[number]>(rows, moment).map((row) => fieldsOf(context, row)),
          )),
        );
        const counts = rows.flatMap(countOf);
        if (status === undefined) toRead.push(...(await store.shorter(lease, account, counts)));
        (status === undefined ? there : deleted).push(...rows.map(({ id }) => id));
      }
  });
  if (reached.kind === 'refused') return { kind: 'denied', detail: reached.detail };
  if (reached.kind !== 'ok') return reached;
  const read = await readEach(context, [...new Set(toRead)]);
  return read.kind === 'ok' ? findLost(context, there, deleted) : read;
}

/** As it is read by itself: without the clocks that a backend does not say to keep. */
function fieldsOf(
  { announcement }: PullContext,
  row: ConversationRow | FullConversation,
): ReturnType<typeof decodeFields> {
  const { clocks, tags, ...plain } = decodeFields(row);
  return keepsClocks(announcement) ? { ...plain, ...(clocks && { clocks }), ...(tags && { tags }) } : plain;
}

function countOf(row: ConversationRow | FullConversation): { remoteId: string; count: number }[] {
  return 'message_count' in row ? [{ remoteId: row.id, count: row.message_count }] : [];
}

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
