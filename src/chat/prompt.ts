import { continued } from '../model/continued.ts';
import type { Message } from '../model/message.ts';
import type { ReplyKind } from '../store/replies.ts';
import type { Prompt } from './responder.ts';

/** Said to a responder in the user's place; what it had said stands before it. */
export const GO_ON =
  'Your last message was cut off. Go on exactly where it ends, as if it had not been cut: repeat nothing, and begin with neither an introduction nor an apology.';

/**
 * What a responder is asked, from the messages above the reply, oldest first. Undefined when there is nothing to reply
 * to.
 */
export function promptFor(
  kind: ReplyKind,
  messages: readonly Message[],
  model: string | undefined,
): Prompt | undefined {
  const history = continued(messages).map((group) => ({
    id: group[0]?.id ?? '',
    role: group[0]?.role ?? 'assistant',
    content: group.map(({ content }) => content).join(''),
  }));
  const chosen = model === undefined ? {} : { model };
  if (kind === 'continue') return { text: GO_ON, history, ...chosen };
  const at = history.findLastIndex(({ role }) => role === 'user');
  const asked = history[at];
  return asked === undefined ? undefined : { text: asked.content, history: history.slice(0, at), ...chosen };
}
