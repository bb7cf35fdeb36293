/** Calls to a memory server as any client makes them: over a socket, with nothing believed that was not checked. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import {
  batchAnswerSchema,
  type BatchResult,
  type ChangesAnswer,
  changesAnswerSchema,
  type FullConversation,
  fullConversationSchema,
  type MessagePageAnswer,
  messagePageSchema,
  type SearchAnswer,
  searchAnswerSchema,
} from '../../src/protocol/abilities.ts';
import {
  appendedMessageSchema,
  type AppendedMessage,
  type ConversationDetail,
  conversationDetailSchema,
  conversationListSchema,
  type ConversationRow,
  conversationRowSchema,
  createdConversationSchema,
  type CreatedConversation,
} from '../../src/protocol/api.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const CONVERSATIONS = '/api/navi-memory/conversations';

export class Client {
  readonly #address: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** Each client is an organisation of its own unless told otherwise, so that tests do not see each other's rows. */
  constructor(address: string, headers: Readonly<Record<string, string>> = { 'x-org-id': randomUUID() }) {
    this.#address = address;
    this.#headers = headers;
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    if (body === undefined) return await this.send(method, path, {});
    return await this.send(method, path, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  }

  /** Bytes and headers as given. */
  async send(
    method: string,
    path: string,
    raw: { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
  ): Promise<Answer> {
    const response = await fetch(`${this.#address}${path}`, {
      method,
      headers: { ...this.#headers, ...raw.headers },
      ...(raw.body === undefined ? {} : { body: raw.body }),
    });
    const text = await response.text();
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, body };
  }

  /** The answer as it is, whatever it is; of a stream that does not end, what came within `patienceMs`. */
  async text(
    method: string,
    path: string,
    body?: unknown,
    patienceMs = 10_000,
  ): Promise<{ status: number; text: string; type: string | null }> {
    const leaving = new AbortController();
    const response = await fetch(`${this.#address}${path}`, {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: leaving.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const type = response.headers.get('content-type');
    const isEndless = type?.startsWith('text/event-stream') === true;
    const timer = setTimeout(() => leaving.abort(), isEndless ? patienceMs : 10_000);
    let text = '';
    try {
      const pieces = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
      for await (const piece of pieces) text += piece;
    } catch (error) {
      if (!leaving.signal.aborted || !isEndless) throw error;
    } finally {
      clearTimeout(timer);
    }
    return { status: response.status, text, type };
  }

  async conversations(method: string, rest = '', body?: unknown): Promise<Answer> {
    return await this.call(method, `${CONVERSATIONS}${rest}`, body);
  }

  async create(body?: unknown): Promise<CreatedConversation> {
    return createdConversationSchema.parse(success(await this.conversations('POST', '', body)));
  }

  async list(query = ''): Promise<ConversationRow[]> {
    return conversationListSchema.parse(success(await this.conversations('GET', query)));
  }

  async read(id: string, query = ''): Promise<ConversationDetail> {
    return conversationDetailSchema.parse(success(await this.conversations('GET', `/${id}${query}`)));
  }

  async patch(id: string, body: unknown): Promise<ConversationRow> {
    return conversationRowSchema.parse(success(await this.conversations('PATCH', `/${id}`, body)));
  }

  async append(id: string, content: string, more: Record<string, unknown> = {}): Promise<AppendedMessage> {
    const body = { role: 'user', content, ...more };
    return appendedMessageSchema.parse(success(await this.conversations('POST', `/${id}/messages`, body)));
  }

  async full(id: string): Promise<FullConversation> {
    return fullConversationSchema.parse(success(await this.conversations('GET', `/${id}?view=full`)));
  }

  async batch(id: string, messages: readonly unknown[]): Promise<readonly BatchResult[]> {
    const answer = await this.conversations('POST', `/${id}/messages/batch`, { messages });
    return batchAnswerSchema.parse(success(answer)).results;
  }

  async page(id: string, query = ''): Promise<MessagePageAnswer> {
    return messagePageSchema.parse(success(await this.conversations('GET', `/${id}/messages${query}`)));
  }

  async changes(since?: string, limit = 200): Promise<ChangesAnswer> {
    const query = `limit=${limit}${since === undefined ? '' : `&since=${since}`}`;
    return changesAnswerSchema.parse(success(await this.call('GET', `/api/navi-memory/changes?${query}`)));
  }

  async search(text: string, query = ''): Promise<SearchAnswer> {
    const path = `/api/navi-memory/search?q=${encodeURIComponent(text)}${query}`;
    return searchAnswerSchema.parse(success(await this.call('GET', path)));
  }

  /** Contents of the newest 200 messages, oldest first. */
  async contents(id: string): Promise<string[]> {
    return (await this.read(id, '?message_limit=200')).messages?.map(({ content }) => content) ?? [];
  }
}

function success({ status, body }: Answer): unknown {
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const complaintsSchema = z.array(
  z.strictObject({ type: z.string(), loc: z.array(z.string()), msg: z.string() }),
);

/** Checks that the answer is a 422 in the documented form; returns the places that it complains about. */
export function complaints(answer: Answer): string[] {
  assert.equal(answer.status, 422, JSON.stringify(answer.body));
  const { detail } = z.strictObject({ detail: complaintsSchema }).parse(answer.body);
  return detail.map(({ loc }) => loc.join('.'));
}

/** The one text of an error answer that is no 422. */
export function detailOf(answer: Answer): string {
  return z.object({ detail: z.string() }).parse(answer.body).detail;
}
