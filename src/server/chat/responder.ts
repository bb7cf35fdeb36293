import type { ChatEvent, ChatRequest } from '../../protocol/api.ts';

/** One `data:` object of the stream. The last one of a whole reply is `{done: true, summary}`. */
export type StreamEvent = ChatEvent & { readonly summary?: string };

/** Writes the reply to a prompt. Stores nothing: the client owns the conversation. */
export interface ChatResponder {
  /**
   * Resolves once the reply begins; rejects with `HttpError` when there will be none. The iteration throws
   * `ReplyError` when the reply is cut short; aborting the signal ends it with the signal's reason.
   */
  respond(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<StreamEvent>>;
}

/** A reply that began and could not be finished. `message` goes to the user; holds no text of a conversation. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}
