/** What is attached to a message that waits: its contents are in the store already, where the message found them. */
import type { Attachment } from '../model/attachment.ts';
import type { Message } from '../model/message.ts';
import type { WordStore } from './journalMoves.ts';
import type { NewMessage } from './store.ts';

export async function withAttachments(
  store: Pick<WordStore, 'readDraft' | 'readMessage'>,
  shown: Message,
  input: NewMessage | undefined,
): Promise<Message> {
  const { attachmentIds = [], copiedAttachments: copied } = input ?? {};
  const attachments = [
    ...(attachmentIds.length === 0
      ? []
      : those((await store.readDraft(shown.conversationId))?.attachments, attachmentIds)),
    ...(copied === undefined ? [] : those((await store.readMessage(copied.of))?.attachments, copied.ids)),
  ];
  return attachments.length === 0 ? shown : { ...shown, attachments };
}

function those(known: readonly Attachment[] = [], ids: readonly string[]): Attachment[] {
  return known.filter(({ id }) => ids.includes(id));
}
