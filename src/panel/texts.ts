import type { TextMessage } from '../protocol/panel.ts';
import type { TextIntent } from '../protocol/texts.ts';
import type { ConversationStore } from '../store/store.ts';

/** Answers with the piece that was asked for, or says that there is none; throws what kept the store from reading it. */
export async function sendText(
  store: Pick<ConversationStore, 'readText'>,
  { type: _, ...place }: TextIntent,
  send: (message: TextMessage) => void,
): Promise<void> {
  const { messageId, part, partId, from } = place;
  const missing: TextMessage = { ...place, type: 'text', text: '', isEnd: true, isMissing: true };
  try {
    const of = { part, ...(partId !== undefined && { id: partId }) };
    const piece = await store.readText(messageId, of, from);
    send(piece === undefined ? missing : { ...place, type: 'text', ...piece });
  } catch (error) {
    send(missing);
    throw error;
  }
}
