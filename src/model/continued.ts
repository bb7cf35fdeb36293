import { linksOf } from './links.ts';
import type { Message } from './message.ts';

/** A reply that broke off and what goes on from it, oldest first, are one group; every other message is its own. */
export function continued<T extends Pick<Message, 'id' | 'metadata'>>(messages: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (const message of messages) {
    const group = groups.at(-1);
    const { continues } = linksOf(message.metadata);
    if (group !== undefined && continues !== undefined && group.at(-1)?.id === continues) group.push(message);
    else groups.push([message]);
  }
  return groups;
}
