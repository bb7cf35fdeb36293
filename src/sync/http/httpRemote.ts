import type * as z from 'zod';
import type { BaseUrl } from '../../http/baseUrl.ts';
import { parseJson } from '../../http/body.ts';
import { headerOf, type HttpClient, type HttpResponse } from '../../http/client.ts';
import { HttpError } from '../../http/error.ts';
import type { Clock } from '../../model/ids.ts';
import {
  appendedMessageSchema,
  conversationDetailSchema,
  conversationListSchema,
  conversationRowSchema,
  createdConversationSchema,
  deletedSchema,
  PAGE_LIMIT,
  type AppendedMessage,
  type AppendMessage,
  type ConversationDetail,
  type ConversationRow,
  type CreateConversation,
  type CreatedConversation,
  type MessageRow,
  type PatchConversation,
} from '../../protocol/api.ts';
import { RemoteError, type ConversationStep, type Remote } from '../remote.ts';
import type { Call } from './call.ts';
import { refusalError } from './problem.ts';
import { SecondDoor } from './secondDoor.ts';

/** One account on one backend. A change of any of them is another remote. */
export interface HttpRemoteOptions {
  readonly http: HttpClient;
  readonly base: BaseUrl;
  readonly token?: string | undefined;
  /** Counts on backends in development mode only. */
  readonly orgId?: string | undefined;
  readonly now: Clock;
}

const CONVERSATIONS = '/api/navi-memory/conversations';

/** The memory backend over HTTP: each call is one request, each answer is checked against the contract. */
export class HttpRemote implements Remote {
  readonly #options: HttpRemoteOptions;
  readonly #door = new SecondDoor((call, schema, signal) => this.#json(call, schema, signal));

  constructor(options: HttpRemoteOptions) {
    this.#options = options;
  }

  /** One page of at most 200, newest `updated_at` first; ties come in no order, so pages may overlap. */
  list(page: { status?: 'deleted'; offset: number }, signal: AbortSignal): Promise<ConversationRow[]> {
    const query = new URLSearchParams({ limit: String(PAGE_LIMIT), offset: String(page.offset) });
    if (page.status !== undefined) query.set('status', page.status);
    return this.#json(
      { method: 'GET', path: `${CONVERSATIONS}?${query.toString()}` },
      conversationListSchema,
      signal,
    );
  }

  /** With the newest 200 messages, oldest first. */
  async read(remoteId: string, signal: AbortSignal): Promise<ConversationDetail> {
    const path = `${pathOf(remoteId)}?include_messages=true&message_limit=${PAGE_LIMIT}`;
    return sameId(remoteId, await this.#json({ method: 'GET', path }, conversationDetailSchema, signal));
  }

  create(body: CreateConversation, signal: AbortSignal): Promise<CreatedConversation> {
    const call: Call = { method: 'POST', path: CONVERSATIONS, json: body };
    return this.#json(call, createdConversationSchema, signal);
  }

  append(remoteId: string, body: AppendMessage, signal: AbortSignal): Promise<AppendedMessage> {
    const call: Call = { method: 'POST', path: `${pathOf(remoteId)}/messages`, json: body };
    return this.#json(call, appendedMessageSchema, signal);
  }

  async patch(remoteId: string, body: PatchConversation, signal: AbortSignal): Promise<ConversationRow> {
    const call: Call = { method: 'PATCH', path: pathOf(remoteId), json: body };
    return sameId(remoteId, await this.#json(call, conversationRowSchema, signal));
  }

  async delete(remoteId: string, signal: AbortSignal): Promise<void> {
    await this.#json({ method: 'DELETE', path: pathOf(remoteId) }, deletedSchema, signal);
  }

  history(remoteId: string, signal: AbortSignal): Promise<MessageRow[] | undefined> {
    return this.#door.history(remoteId, signal);
  }

  take(remoteId: string, step: ConversationStep, signal: AbortSignal): Promise<boolean> {
    return this.#door.take(remoteId, step, signal);
  }

  /** Resolves when the backend is alive and is a backend; the token is not checked there. */
  async health(signal: AbortSignal): Promise<void> {
    const response = await this.#send({ method: 'GET', path: '/health' }, signal);
    // The page of a hotel's network answers 200 to everything.
    if (headerOf(response.headers, 'content-type')?.toLowerCase().includes('html'))
      throw senseless(response.status);
  }

  async #json<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    const response = await this.#send(call, signal);
    const parsed = schema.safeParse(jsonOf(response));
    // The schema's own message would repeat what came.
    if (!parsed.success) throw senseless(response.status);
    return parsed.data;
  }

  async #send({ path, ...call }: Call, signal: AbortSignal): Promise<HttpResponse> {
    const { http, base, token, orgId, now } = this.#options;
    const headers = {
      Accept: 'application/json',
      ...(orgId === undefined || orgId === '' ? {} : { 'X-Org-Id': orgId }),
    };
    const url = `${base.origin}${base.path}${path}`;
    const response = await http.send({ ...call, url, token, headers }, signal).catch(rethrow);
    const { status } = response;
    if (status >= 200 && status < 300) return response;
    const retryAfter = headerOf(response.headers, 'retry-after');
    throw refusalError({ method: call.method, status, retryAfter }, now());
  }
}

function pathOf(remoteId: string): string {
  return `${CONVERSATIONS}/${encodeURIComponent(remoteId)}`;
}

/** A cache or gateway that mixes answers up must not bring one conversation's words into another. */
function sameId<T extends { readonly id: string }>(remoteId: string, row: T): T {
  if (row.id !== remoteId) throw new RemoteError('unknown', 'The backend answered with another conversation');
  return row;
}

function jsonOf(response: HttpResponse): unknown {
  try {
    return parseJson(response.body);
  } catch {
    throw senseless(response.status);
  }
}

function senseless(status: number): RemoteError {
  return new RemoteError('unknown', `The backend's answer makes no sense (status ${status})`, { status });
}

/** Codes of answers that came and cannot be used: the backend is there, and its next answer may be another. */
const UNUSABLE: ReadonlySet<string> = new Set(['TOO_LARGE', 'ENCODING']);

/** A cancelled request may have happened there, unless it is certain that it was not sent. */
function rethrow(error: unknown): never {
  if (!(error instanceof HttpError)) throw error;
  if (UNUSABLE.has(error.code))
    throw new RemoteError('unknown', error.message, { status: 200, cause: error });
  throw new RemoteError(error.sent ? 'unknown' : 'not-sent', error.message, { cause: error });
}
