import type { Activity, CommandPanel } from '../model/activity.ts';
import type { Attachment } from '../model/attachment.ts';
import type { Role } from '../model/message.ts';

export interface PromptAttachment extends Pick<Attachment, 'kind' | 'name' | 'mime' | 'path' | 'language'> {
  /** Text, or a data URL. */
  readonly content: string;
}

export interface Prompt {
  readonly text: string;
  /** Earlier messages, oldest first, without the prompt itself. */
  readonly history: readonly { readonly id: string; readonly role: Role; readonly content: string }[];
  readonly model?: string;
  /** Of the prompt; those of earlier messages are not sent again. */
  readonly attachments?: readonly PromptAttachment[];
}

export type ReplyEvent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'activity'; readonly activity: Activity }
  | { readonly type: 'command'; readonly command: CommandPanel };

export type ResponderProblem = 'unreachable' | 'signed-out' | 'refused' | 'broken-answer' | 'not-configured';

/** Why there is no (whole) reply. `message` is for people and holds no text of the conversation. */
export class ResponderError extends Error {
  override readonly name = 'ResponderError';
  readonly problem: ResponderProblem;
  constructor(problem: ResponderProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/**
 * Writes a reply to a prompt. The iteration ends when the reply is whole and throws `ResponderError` when it is not;
 * aborting the signal ends it with the signal's reason. A responder stores nothing.
 */
export interface Responder {
  respond(prompt: Prompt, signal: AbortSignal): AsyncIterable<ReplyEvent>;
}
