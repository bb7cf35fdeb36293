import { headerOf } from '../../http/client.ts';
import {
  appendedMessageSchema,
  conversationListSchema,
  conversationRowSchema,
  createdConversationSchema,
  deletedSchema,
  PAGE_LIMIT,
  type AppendedMessage,
  type ConversationRow,
  type CreatedConversation,
  type MessageRow,
} from '../../protocol/api.ts';
import {
  RemoteError,
  type AnnouncedRemote,
  type AppendWithId,
  type ConversationStep,
  type CreateWithId,
  type PatchWithClocks,
  type ReadDetail,
  type Remote,
  type Unread,
} from '../remote.ts';
import { fullDetailSchema } from '../../protocol/abilities.ts';
import { Announced } from './announced.ts';
import type { Call } from './call.ts';
import { Caller, senseless, type CallerOptions } from './caller.ts';
import { Fitting } from './fitting.ts';
import { SecondDoor } from './secondDoor.ts';

const CONVERSATIONS = '/api/navi-memory/conversations';

/** The memory backend over HTTP: each call is one request, each answer is checked against the contract. */
export class HttpRemote implements Remote {
  readonly announced: AnnouncedRemote;
  readonly #caller: Caller;
  readonly #door: SecondDoor;
  readonly #fitting = new Fitting();

  constructor(options: CallerOptions) {
    const caller = new Caller(options);
    this.#caller = caller;
    this.#door = new SecondDoor((call, schema, signal) => caller.json(call, schema, signal));
    this.announced = new Announced(caller);
  }

  /** One page of at most 200, newest `updated_at` first; ties come in no order, so pages may overlap. */
  list(
    page: { status?: 'deleted'; offset: number },
    signal: AbortSignal,
  ): Promise<Unread<ConversationRow[]>> {
    const query = new URLSearchParams({ limit: String(PAGE_LIMIT), offset: String(page.offset) });
    if (page.status !== undefined) query.set('status', page.status);
    return this.#caller.unread(
      { method: 'GET', path: `${CONVERSATIONS}?${query.toString()}` },
      conversationListSchema,
      signal,
    );
  }

  /** With the newest 200 messages, oldest first; fewer where they are large. */
  async read(remoteId: string, signal: AbortSignal, view?: 'full'): Promise<ReadDetail> {
    const full = view === undefined ? '' : `&view=${view}`;
    const { answer, limit } = await this.#fitting.ask(remoteId, (most) => {
      const path = `${pathOf(remoteId)}?include_messages=true&message_limit=${most}${full}`;
      return this.#caller.json({ method: 'GET', path }, fullDetailSchema, signal);
    });
    const isCut = limit < PAGE_LIMIT && (answer.messages?.length ?? 0) >= limit;
    return { ...sameId(remoteId, answer), ...(isCut && { isCut }) };
  }

  create(body: CreateWithId, signal: AbortSignal): Promise<CreatedConversation> {
    const call: Call = { method: 'POST', path: CONVERSATIONS, json: body };
    return this.#caller.json(call, createdConversationSchema, signal);
  }

  append(remoteId: string, body: AppendWithId, signal: AbortSignal): Promise<AppendedMessage> {
    const call: Call = { method: 'POST', path: `${pathOf(remoteId)}/messages`, json: body };
    return this.#caller.json(call, appendedMessageSchema, signal);
  }

  async patch(remoteId: string, body: PatchWithClocks, signal: AbortSignal): Promise<ConversationRow> {
    const call: Call = { method: 'PATCH', path: pathOf(remoteId), json: body };
    return sameId(remoteId, await this.#caller.json(call, conversationRowSchema, signal));
  }

  async delete(remoteId: string, signal: AbortSignal): Promise<void> {
    await this.#caller.json({ method: 'DELETE', path: pathOf(remoteId) }, deletedSchema, signal);
  }

  history(remoteId: string, signal: AbortSignal): Promise<MessageRow[] | undefined> {
    return this.#door.history(remoteId, signal);
  }

  take(remoteId: string, step: ConversationStep, signal: AbortSignal): Promise<boolean> {
    return this.#door.take(remoteId, step, signal);
  }

  /** Resolves when the backend lets this account in. */
  async admits(signal: AbortSignal): Promise<void> {
    const call: Call = { method: 'GET', path: `${CONVERSATIONS}?limit=1` };
    await this.#caller.json(call, conversationListSchema, signal);
  }

  /** Resolves when the backend is alive and is a backend; the token is not checked there. */
  async health(signal: AbortSignal): Promise<void> {
    const response = await this.#caller.send({ method: 'GET', path: '/health' }, signal);
    // The page of a hotel's network answers 200 to everything.
    if (headerOf(response.headers, 'content-type')?.toLowerCase().includes('html'))
      throw senseless(response.status);
  }
}

function pathOf(remoteId: string): string {
  return `${CONVERSATIONS}/${encodeURIComponent(remoteId)}`;
}

/** A cache or gateway that mixes answers up must not bring one conversation's words into another. */
function sameId<T extends { readonly id: string }>(remoteId: string, row: T): T {
  if (row.id !== remoteId) throw new RemoteError('unknown', 'The server answered with another conversation');
  return row;
}
