/**
 * What a memory backend promises to the sync engine. Each call is one HTTP request, never retried inside; what reads messages asks
 * for fewer while an answer is too large.
 * A call that did not give a valid answer throws `RemoteError`.
 */
import type {
  Ability,
  appendWithIdSchema,
  BatchResult,
  ChangesAnswer,
  createWithIdSchema,
  FullConversation,
  FullDetail,
  MessagePageAnswer,
  patchWithClocksSchema,
} from '../protocol/abilities.ts';
import type * as z from 'zod';
import type { AppendedMessage, ConversationRow, CreatedConversation, MessageRow } from '../protocol/api.ts';

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

/** What a backend that keeps client ids and tombstones says beside its status. */
export type RefusalCode =
  /** Something else was stored under this client id. */
  | 'client_id_taken'
  /** The conversation was deleted for good. */
  | 'purged'
  /** Fewer messages may fit; of this machine too, where what came was too large. */
  | 'answer_too_large';

/** `message` is for people and logs: no token, no text of a conversation. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly problem: RemoteProblem;
  /** HTTP status, when there was one. */
  readonly status: number | undefined;
  /** Milliseconds to wait, from `Retry-After`. */
  readonly retryAfterMs: number | undefined;
  readonly code: RefusalCode | undefined;
  /** With `not-sent`: the user has to change something on this machine, and `message` says what. */
  readonly needsUser: boolean;
  constructor(
    problem: RemoteProblem,
    message: string,
    details: {
      status?: number;
      retryAfterMs?: number;
      code?: RefusalCode;
      needsUser?: boolean;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.problem = problem;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
    this.code = details.code;
    this.needsUser = details.needsUser ?? false;
  }
}

/** What the second door can do to a conversation, see http/secondDoor.ts. */
export type ConversationStep = 'star' | 'unstar' | 'pin' | 'unpin' | 'archive' | 'unarchive' | 'restore';

/** What a backend announces beyond the plain contract. */
export interface RemoteAbilities {
  readonly abilities: ReadonlySet<Ability>;
  /** Most messages in one `appendAll`. */
  readonly batchMessages: number;
  /** Largest body of a request, bytes. */
  readonly bodyBytes: number;
}

/** A backend that announces nothing. */
export const PLAIN: RemoteAbilities = { abilities: new Set(), batchMessages: 1, bodyBytes: Infinity };

/** A place in the feed of changes. Opaque: only handed back. */
export type ChangeCursor = string;

/** What an event stream tells: `changes` as the feed gives them, `gone` as the last word of a cursor of another history. */
export type RemoteEvent =
  | { readonly type: 'hello'; readonly cursor: ChangeCursor }
  | { readonly type: 'changes'; readonly answer: ChangesAnswer }
  | { readonly type: 'gone' };

/** What a backend can do that announces it. Each call needs the ability that it names. */
export interface AnnouncedRemote {
  /** One request; `PLAIN` where the backend knows no such address. Throws `RemoteError` when it cannot be asked now. */
  abilities(signal: AbortSignal): Promise<RemoteAbilities>;
  /** `batch`. The outcomes are in the order of the bodies, one for each. */
  appendAll(
    remoteId: string,
    bodies: readonly AppendWithId[],
    signal: AbortSignal,
  ): Promise<readonly BatchResult[]>;
  /** `paging`. At most 200, oldest first, before the cursor; without one the newest. */
  page(remoteId: string, before: string | undefined, signal: AbortSignal): Promise<MessagePageAnswer>;
  /** `changes`. At most 200 changes after the cursor; 'gone' when it belongs to another history of the backend. */
  changes(since: ChangeCursor | undefined, signal: AbortSignal): Promise<ChangesAnswer | 'gone'>;
  /** `counts`, `clocks`. A page of the list with what the plain one does not have. */
  fullList(
    page: { status?: 'deleted'; offset: number },
    signal: AbortSignal,
  ): Promise<readonly FullConversation[]>;
  /** `clocks`. What the conversation is like afterwards tells which fields were taken. */
  change(remoteId: string, body: PatchWithClocks, signal: AbortSignal): Promise<FullConversation>;
  /** `events`. Ends when the backend ends it; throws `RemoteError` when it breaks or `signal` ends it. */
  events(since: ChangeCursor | undefined, signal: AbortSignal): AsyncIterable<RemoteEvent>;
  /** `tombstones`. Removes the conversation for good. */
  purge(remoteId: string, signal: AbortSignal): Promise<void>;
}

/** `client_id` counts where `idempotent` is announced: the same one again changes nothing, with another body it is refused. */
export type CreateWithId = z.infer<typeof createWithIdSchema>;
export type AppendWithId = z.infer<typeof appendWithIdSchema>;
/** `tags` and `clocks` count where `clocks` is announced. */
export type PatchWithClocks = z.infer<typeof patchWithClocksSchema>;

export interface ReadDetail extends FullDetail {
  /** Fewer messages than a page has were asked for, because of their size: there may be more before them. */
  readonly isCut?: true;
}

/** An answer that came, and was not looked into. */
export interface Unread<T> {
  /** Of its bytes: equal for equal answers. */
  digest(): string;
  /** Throws `RemoteError` when it makes no sense. */
  read(): T;
}

export interface Remote {
  readonly announced: AnnouncedRemote;
  list(
    page: { status?: 'deleted'; offset: number },
    signal: AbortSignal,
  ): Promise<Unread<readonly ConversationRow[]>>;
  /** `full`: with what the plain contract does not have, where `clocks` is announced. */
  read(remoteId: string, signal: AbortSignal, view?: 'full'): Promise<ReadDetail>;
  create(body: CreateWithId, signal: AbortSignal): Promise<CreatedConversation>;
  append(remoteId: string, body: AppendWithId, signal: AbortSignal): Promise<AppendedMessage>;
  patch(remoteId: string, body: PatchWithClocks, signal: AbortSignal): Promise<ConversationRow>;
  delete(remoteId: string, signal: AbortSignal): Promise<void>;
  /** Every message, oldest first, by the second door; undefined where that does not show this conversation. */
  history(remoteId: string, signal: AbortSignal): Promise<MessageRow[] | undefined>;
  /** By the second door; false, and nothing done, where that does not show this conversation. */
  take(remoteId: string, step: ConversationStep, signal: AbortSignal): Promise<boolean>;
}
