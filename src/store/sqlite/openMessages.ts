/** Messages that are still written: they grow until they are settled, or their host has died. */
import { interruptRunning, type Activity, type CommandPanel } from '../../model/activity.ts';
import { contentHash } from '../../model/hash.ts';
import { hasContent, isSettled, type Message, type MessageStatus } from '../../model/message.ts';
import { sizeOfMessage } from '../../model/size.ts';
import { StoreError, type Extension } from '../store.ts';
import { applyBranches } from './branches.ts';
import { mustReadMessage } from './messageRows.ts';
import { IS_OF_MESSAGE } from './outboxRows.ts';
import { addPiece, removeParts, writeActivities, writeCommands } from './parts.ts';
import { deadOwners, type Context } from './session.ts';
import { markUnread } from './unread.ts';

export function extendMessage(context: Context, messageId: string, extension: Extension): void {
  const { db } = context;
  db.write(() => {
    const status = requireOpen(context, messageId);
    if (extension.text !== undefined && extension.text !== '')
      addPiece(db, messageId, extension.text.toWellFormed());
    writeActivities(db, messageId, extension.activities ?? []);
    writeCommands(db, messageId, extension.commands ?? []);
    // Reading a growing reply for each of its pieces would cost the square of its length.
    if (status === 'streaming') return;
    // A message whose text was whole ends with the last step that ran in it.
    const message = mustReadMessage(context, messageId);
    if (isSettled(message)) finish(context, message, context.now());
  });
}

function requireOpen({ db }: Context, messageId: string): MessageStatus {
  const row = db.get<{ owner: string | null; status: MessageStatus }>(
    'SELECT owner, status FROM messages WHERE id = ?',
    messageId,
  );
  if (row === undefined) throw new StoreError('no-such-message', 'This message is not on this machine.');
  if (row.owner === null)
    throw new StoreError('already-settled', 'This message is complete; nothing can be added.');
  return row.status;
}

export function settleMessage(
  context: Context,
  messageId: string,
  status: Exclude<MessageStatus, 'streaming'>,
  endedAt: number = context.now(),
): Message | undefined {
  return context.db.write(() => {
    const open = mustReadMessage(context, messageId);
    if (open.hash !== undefined) return open;
    if (!hasContent(open)) {
      removeEmpty(context, open);
      return undefined;
    }
    const activities: Activity[] = interruptRunning(open.activities);
    const commands: CommandPanel[] = interruptRunning(open.commands);
    // Only what changes: the others may be large.
    writeActivities(context.db, messageId, activities.filter(isInterrupted(open.activities)));
    writeCommands(context.db, messageId, commands.filter(isInterrupted(open.commands)));
    finish(context, { ...open, status, activities, commands }, endedAt);
    return mustReadMessage(context, messageId);
  });
}

function isInterrupted<T>(before: readonly T[]): (item: T, index: number) => boolean {
  return (item, index) => item !== before[index];
}

/** Folds the pieces into the message, fixes its hash and lets the outbox send it. */
function finish(context: Context, message: Message, endedAt: number): void {
  const { db } = context;
  db.run(
    'UPDATE messages SET content = ?, status = ?, hash = ?, ended_at = ?, owner = NULL, bytes = ? WHERE id = ?',
    message.content,
    message.status,
    contentHash(message),
    endedAt,
    sizeOfMessage(message),
    message.id,
  );
  // A purge cannot overwrite later what is no longer in any row.
  db.overwriting(() => db.run('DELETE FROM message_pieces WHERE message_id = ?', message.id));
  markUnread(context, message.conversationId);
  db.run(`UPDATE outbox SET is_ready = 1 WHERE ${IS_OF_MESSAGE}`, message.id);
}

/** A reply of which nothing ever arrived was never shown as words: no message, nothing to keep or send. */
function removeEmpty(context: Context, message: Message): void {
  const { db } = context;
  removeParts(db, message.id);
  // One that is hidden, because its prompt was replaced meanwhile, is not counted any more.
  db.run(
    `UPDATE conversations SET message_count = message_count - 1
     WHERE id = ? AND (SELECT trashed_at FROM messages WHERE id = ?) IS NULL`,
    message.conversationId,
    message.id,
  );
  db.run('DELETE FROM messages WHERE id = ?', message.id);
  // A second attempt of which nothing came gives its place back to the first; what stood in the place of this one, to all.
  applyBranches(context, message.conversationId);
}

export function noteReplyProblem({ db }: Context, messageId: string, reason: string | undefined): void {
  db.write(() => db.run('UPDATE messages SET reply_problem = ? WHERE id = ?', reason ?? null, messageId));
}

/** Ends the open messages of hosts that have died, keeping what had arrived. Returns how many. */
export function interruptOrphans(context: Context): number {
  const owners = deadOwners(context);
  if (owners.length === 0) return 0;
  return context.db.write(() => {
    const open = owners.flatMap((owner) =>
      context.db.all<{ id: string; ended_at: number }>(
        // The last sign of life: nobody was there to look at the clock.
        `SELECT m.id, max(m.created_at, coalesce(s.heartbeat_at, 0)) AS ended_at
         FROM messages m LEFT JOIN sessions s ON s.id = m.owner WHERE m.owner = ?`,
        owner,
      ),
    );
    for (const { id, ended_at: endedAt } of open) {
      const message = mustReadMessage(context, id);
      const ended = message.status === 'streaming' ? 'interrupted' : message.status;
      if (settleMessage(context, id, ended, endedAt) === undefined)
        noteLostReply(context, message.conversationId);
    }
    return open.length;
  });
}

/** The prompt stands last now; say why nothing follows it. */
function noteLostReply({ db }: Context, conversationId: string): void {
  db.run(
    `UPDATE messages SET reply_problem = 'The window closed before a reply arrived.' WHERE role = 'user' AND id =
       (SELECT id FROM messages WHERE conversation_id = ? AND trashed_at IS NULL
       ORDER BY server_order DESC, hlc DESC, id DESC LIMIT 1)`,
    conversationId,
  );
}
