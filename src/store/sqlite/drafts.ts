import { derivedId } from '../../model/hash.ts';
import type { Draft } from '../store.ts';
import { draftAttachments } from './attachments.ts';
import { requireConversation, type Context } from './session.ts';

/** SQL, of `drafts d`: there is something in it to lose. */
export const SAYS_SOMETHING = `(d.text <> ''
  OR EXISTS (SELECT 1 FROM draft_attachments a WHERE a.conversation_id = d.conversation_id))`;

export function readDraft({ db }: Context, conversationId: string): Draft | undefined {
  const row = db.get<{ message_id: string; text: string }>(
    'SELECT message_id, text FROM drafts WHERE conversation_id = ?',
    conversationId,
  );
  if (row === undefined) return undefined;
  const attachments = draftAttachments(db, conversationId);
  return {
    messageId: row.message_id,
    text: row.text,
    ...(attachments.length > 0 && { attachments }),
  };
}

/**
 * Saves the draft, unless its message has been sent in the meantime: a save that was under way when the message was
 * appended must not bring its text back into the composer.
 */
export function saveDraft({ db, now }: Context, conversationId: string, draft: Draft): void {
  db.write(() => {
    requireConversation(db, conversationId);
    if (db.get('SELECT 1 FROM messages WHERE id = ?', draft.messageId) !== undefined) return;
    db.run(
      `INSERT INTO drafts (conversation_id, message_id, text, updated_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (conversation_id) DO UPDATE SET
         message_id = excluded.message_id, text = excluded.text, updated_at = excluded.updated_at`,
      conversationId,
      draft.messageId,
      draft.text.toWellFormed(),
      now(),
    );
  });
}

/** The message was stored. What another window attached meanwhile stays, under an id of its own. */
export function removeDraft({ db }: Context, conversationId: string, messageId: string): void {
  if (draftAttachments(db, conversationId).length === 0)
    db.run('DELETE FROM drafts WHERE conversation_id = ? AND message_id = ?', conversationId, messageId);
  else
    db.run(
      `UPDATE drafts SET text = '', message_id = ? WHERE conversation_id = ? AND message_id = ?`,
      derivedId('message', messageId, 'next draft'),
      conversationId,
      messageId,
    );
  db.run('DELETE FROM edits WHERE conversation_id = ? AND message_id = ?', conversationId, messageId);
}
