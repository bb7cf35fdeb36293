/** What the sync benchmark sends: the engine and the bare loop send the same. */
import { v7 as uuidv7 } from 'uuid';
import { contentHash } from '../../src/model/hash.ts';
import type { Message } from '../../src/model/message.ts';
import type { AppendMessage, CreateConversation } from '../../src/protocol/api.ts';
import { encodeAppend, encodeCreate } from '../../src/sync/wire.ts';

export const CONVERSATIONS = 20;
/** In all of them together. */
export const MESSAGES = 1_000;

export const textOf = (n: number): string => `${n}: ${'words of a message that waits '.repeat(6)}`;

export interface Queue {
  readonly create: CreateConversation;
  readonly appends: readonly AppendMessage[];
}

/** One queue a conversation, in the form in which it goes over the wire. */
export function wireQueues(): Queue[] {
  return Array.from({ length: CONVERSATIONS }, (_, index) => {
    const conversationId = uuidv7();
    return {
      create: encodeCreate({
        kind: 'create',
        conversationId,
        createdAt: Date.now(),
        title: textOf(0).slice(0, 50),
      }),
      appends: Array.from({ length: MESSAGES / CONVERSATIONS }, (_, n) =>
        encodeAppend(message(conversationId, textOf(index * CONVERSATIONS + n))),
      ),
    };
  });
}

function message(conversationId: string, content: string): Message {
  const said = {
    role: 'user',
    content,
    status: 'complete',
    activities: [],
    commands: [],
    metadata: {},
  } as const;
  const createdAt = Date.now();
  return {
    ...said,
    id: uuidv7(),
    conversationId,
    createdAt,
    hlc: createdAt * 1000,
    hash: contentHash(said),
    delivery: 'sending',
  };
}
