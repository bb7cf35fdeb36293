import type * as z from 'zod';
import type { BaseUrl } from '../../http/baseUrl.ts';
import { parseJson } from '../../http/body.ts';
import { headerOf, type HttpResponse } from '../../http/client.ts';
import { HttpError } from '../../http/error.ts';
import type { HttpHeaders } from '../../http/exchange.ts';
import { sha256 } from '../../model/hash.ts';
import type { Clock } from '../../model/ids.ts';
import { errorSchema } from '../../protocol/api.ts';
import { RemoteError, type Unread } from '../remote.ts';
import type { Call } from './call.ts';
import { refusalError } from './problem.ts';
import type { RemoteHttp } from './watchedHttp.ts';

/** One account on one backend. A change of any of them is another remote. */
export interface CallerOptions {
  readonly http: RemoteHttp;
  readonly base: BaseUrl;
  readonly token?: string | undefined;
  /** Counts on backends in development mode only. */
  readonly orgId?: string | undefined;
  readonly now: Clock;
}

/** Longest silence of an event stream: NAVI's server says a word every 15 s. */
const STREAM_IDLE_MS = 45_000;

/** Sends requests of one account to one backend. Every way in which an answer is none becomes a `RemoteError`. */
export class Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  async json<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    return (await this.unread(call, schema, signal)).read();
  }

  async unread<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<Unread<T>> {
    const response = await this.send(call, signal);
    return { digest: () => sha256(response.body), read: () => checked(response, schema) };
  }

  async send(call: Call, signal: AbortSignal): Promise<HttpResponse> {
    const request = this.#requestFor(call, 'application/json');
    const response = await this.#options.http.send(request, signal).catch(rethrow);
    this.#refuse(call, response.status, response.headers, codeOf(response));
    return response;
  }

  /** The body of an answer that goes on. Throws `RemoteError`, the body too. */
  async *stream(call: Call, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const request = {
      ...this.#requestFor(call, 'text/event-stream'),
      idleMs: STREAM_IDLE_MS,
      isEndless: true as const,
    };
    const { status, headers, body } = await this.#options.http.stream(request, signal).catch(rethrow);
    this.#refuse(call, status, headers);
    if (!headerOf(headers, 'content-type')?.toLowerCase().startsWith('text/event-stream'))
      throw senseless(status);
    try {
      yield* body;
    } catch (error) {
      rethrow(error);
    }
  }

  #requestFor({ path, ...call }: Call, accept: string) {
    const { base, token, orgId } = this.#options;
    const headers = { Accept: accept, ...(orgId === undefined || orgId === '' ? {} : { 'X-Org-Id': orgId }) };
    return { ...call, url: `${base.origin}${base.path}${path}`, token, headers };
  }

  #refuse({ method }: Call, status: number, headers: HttpHeaders, code?: string): void {
    if (status >= 200 && status < 300) return;
    const retryAfter = headerOf(headers, 'retry-after');
    throw refusalError({ method, status, retryAfter, code }, this.#options.now());
  }
}

/** Of an answer that says no. */
function codeOf({ status, body }: HttpResponse): string | undefined {
  if (status < 400 || status >= 500) return undefined;
  try {
    return errorSchema.safeParse(parseJson(body)).data?.error_code;
  } catch {
    // Not every gateway answers in JSON.
    return undefined;
  }
}

function checked<T>(response: HttpResponse, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(jsonOf(response));
  // The schema's own message would repeat what came.
  if (!parsed.success) throw senseless(response.status);
  return parsed.data;
}

function jsonOf(response: HttpResponse): unknown {
  try {
    return parseJson(response.body);
  } catch {
    throw senseless(response.status);
  }
}

export function senseless(status: number): RemoteError {
  return new RemoteError('unknown', `The server's answer makes no sense (status ${status})`, { status });
}

/** Codes of answers that came and cannot be used: the backend is there, and its next answer may be another. */
const UNUSABLE: ReadonlySet<string> = new Set(['TOO_LARGE', 'ENCODING']);

/** A cancelled request may have happened there, unless it is certain that it was not sent. */
function rethrow(error: unknown): never {
  if (!(error instanceof HttpError)) throw error;
  if (UNUSABLE.has(error.code)) {
    const code = error.code === 'TOO_LARGE' ? { code: 'answer_too_large' as const } : {};
    throw new RemoteError('unknown', error.message, { status: 200, cause: error, ...code });
  }
  const { message, needsUser } = error;
  throw new RemoteError(error.sent ? 'unknown' : 'not-sent', message, { needsUser, cause: error });
}
