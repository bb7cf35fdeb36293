import type { ConversationItem } from '../../protocol/panel.ts';
import { sizeOf } from '../sizes.ts';
import { strings } from '../strings.ts';

/** On hover: the whole title, how many messages it has and how much they say. */
export function details({ title, messageCount, bytes }: ConversationItem): string {
  return messageCount === 0 ? title : `${title}\n${strings.conversationFacts(messageCount, sizeOf(bytes))}`;
}
