/**
 * What a memory backend promises to the sync engine. Each call is one HTTP request, never retried inside.
 * A call that did not give a valid answer throws `RemoteError`.
 */
import type {
  AppendMessage,
  AppendedMessage,
  ConversationDetail,
  ConversationRow,
  CreateConversation,
  CreatedConversation,
  MessageRow,
  PatchConversation,
} from '../protocol/api.ts';

export type RemoteProblem =
  /** The request never reached the backend: nothing happened there. */
  | 'not-sent'
  /** It may or may not have happened there: cut, timed out, 5xx, an answer that makes no sense. */
  | 'unknown'
  /** 401. */
  | 'signed-out'
  /** 403: this user may not do this here. */
  | 'forbidden'
  /** 404. */
  | 'not-found'
  /** 429 or 503 with a wait. */
  | 'slow-down'
  /** Any other 4xx: the same request will never succeed. */
  | 'refused';

/** `message` is for people and logs: no token, no text of a conversation. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly problem: RemoteProblem;
  /** HTTP status, when there was one. */
  readonly status: number | undefined;
  /** Milliseconds to wait, from `Retry-After`. */
  readonly retryAfterMs: number | undefined;
  constructor(
    problem: RemoteProblem,
    message: string,
    details: { status?: number; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.problem = problem;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** What the second door can do to a conversation, see http/secondDoor.ts. */
export type ConversationStep = 'star' | 'unstar' | 'pin' | 'unpin' | 'archive' | 'unarchive' | 'restore';

export interface Remote {
  list(page: { status?: 'deleted'; offset: number }, signal: AbortSignal): Promise<ConversationRow[]>;
  read(remoteId: string, signal: AbortSignal): Promise<ConversationDetail>;
  create(body: CreateConversation, signal: AbortSignal): Promise<CreatedConversation>;
  append(remoteId: string, body: AppendMessage, signal: AbortSignal): Promise<AppendedMessage>;
  patch(remoteId: string, body: PatchConversation, signal: AbortSignal): Promise<ConversationRow>;
  delete(remoteId: string, signal: AbortSignal): Promise<void>;
  /** Every message, oldest first, by the second door; undefined where that does not show this conversation. */
  history(remoteId: string, signal: AbortSignal): Promise<MessageRow[] | undefined>;
  /** By the second door; false, and nothing done, where that does not show this conversation. */
  take(remoteId: string, step: ConversationStep, signal: AbortSignal): Promise<boolean>;
}
