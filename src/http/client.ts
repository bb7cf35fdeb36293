import { readSystemAuthorities, type ReadSystemAuthorities } from './authorities.ts';
import { readBody } from './body.ts';
import { Connections } from './connections.ts';
import type { DispatcherTimes } from './dispatcher.ts';
import { HttpError } from './error.ts';
import { Exchange, type Head, type HttpHeaders, type Limits } from './exchange.ts';
import { networkNow } from './network.ts';
import { isOwnMachine, type ProxySettings } from './proxy.ts';
import { startTimer, type StartTimer } from './timer.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Absolute. */
  readonly url: string;
  /** Sent as `Authorization: Bearer <token>`. */
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as the JSON body. */
  readonly json?: unknown;
  /** Told how many bytes the body has, before it goes out. */
  readonly onBody?: (bytes: number) => void;
  /** For the whole exchange of `send`, up to the answer's head for `stream`; milliseconds. */
  readonly deadlineMs?: number;
}

export interface HttpStreamRequest extends HttpRequest {
  /** Longest silence between two pieces of the answer, milliseconds. */
  readonly idleMs: number;
  /** An answer that never ends by itself: it is ended when other settings count, and asked for again by the new way. */
  readonly isEndless?: true;
}

export interface HttpResponse {
  /** Any status, redirects (3xx) too: they are never followed. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HttpHeaders;
  readonly body: Uint8Array;
}

export interface HttpStream {
  readonly status: number;
  readonly headers: HttpHeaders;
  /** Ends when the answer is whole; throws `HttpError` when it is not. Leaving it early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface HttpLimits extends DispatcherTimes {
  readonly deadlineMs: number;
  /** Largest answer. */
  readonly maxBytes: number;
}

/** What the client is given of the machine it runs on. */
export interface HttpSurroundings {
  readonly startTimer: StartTimer;
  /** Milliseconds since the epoch; goes on while the machine sleeps. */
  readonly now: () => number;
  readonly readSystemAuthorities: ReadSystemAuthorities;
  /** False when there is no network at all. */
  readonly hasNetwork: () => boolean;
}

const SURROUNDINGS: HttpSurroundings = {
  startTimer,
  now: Date.now,
  readSystemAuthorities,
  hasNetwork: () => networkNow() !== '',
};

export const DEFAULT_LIMITS: HttpLimits = {
  connectMs: 10_000,
  headersMs: 30_000,
  deadlineMs: 30_000,
  idleConnectionMs: 2_000,
  maxBytes: 32 * 1024 * 1024,
};

/**
 * Sends each request once, or not at all: no retries, no redirects. Every failure is an `HttpError`; every answer
 * that came whole is returned, whatever its status.
 */
export class HttpClient {
  readonly #limits: HttpLimits;
  readonly #surroundings: HttpSurroundings;
  #connections: Connections;
  readonly #closing = new AbortController();

  constructor(
    settings: ProxySettings,
    limits: Partial<HttpLimits> = {},
    surroundings: Partial<HttpSurroundings> = {},
  ) {
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#surroundings = { ...SURROUNDINGS, ...surroundings };
    this.#connections = new Connections(settings, this.#limits, this.#surroundings);
  }

  /**
   * New requests go by the new settings; those under way finish by the old ones, whose connections then end. False when
   * nothing is new.
   */
  configure(settings: ProxySettings): boolean {
    if (this.#connections.isFor(settings)) return false;
    const old = this.#connections;
    this.#connections = new Connections(settings, this.#limits, this.#surroundings);
    old.replace();
    return true;
  }

  /** Ends every exchange under way and refuses new ones. */
  async close(): Promise<void> {
    // Not left to the dispatchers: one that is closing already forgets its connections.
    this.#closing.abort();
    await this.#connections.destroy();
  }

  /** One exchange with an answer of bounded size, held in memory. */
  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { deadlineMs, headersMs, maxBytes } = this.#limits;
    const limits = { deadlineMs: request.deadlineMs ?? deadlineMs, maxBytes };
    const { status, headers, body } = await this.#exchange(request, limits, headersMs, signal);
    return { status, headers, body: await readBody(body, encodingOf(headers), maxBytes) };
  }

  /** One exchange whose answer is read as it comes. */
  async stream(request: HttpStreamRequest, signal: AbortSignal): Promise<HttpStream> {
    const { deadlineMs, maxBytes } = this.#limits;
    const limits = { deadlineMs: request.deadlineMs ?? deadlineMs, idleMs: request.idleMs, maxBytes };
    const head = await this.#exchange(request, limits, 0, signal, request.isEndless);
    if (encodingOf(head.headers) === '') return head;
    head.body.destroy();
    throw new HttpError(
      'broken',
      'ENCODING',
      'The answer is compressed although plain was asked for (ENCODING)',
    );
  }

  async #exchange(
    request: HttpRequest,
    limits: Limits,
    headersTimeout: number,
    signal: AbortSignal,
    isEndless = false,
  ): Promise<Head> {
    const url = new URL(request.url);
    const headers = headersOf(request);
    const body = request.json === undefined ? null : JSON.stringify(request.json);
    if (body !== null) request.onBody?.(Buffer.byteLength(body));
    let connections = this.#connections;
    await connections.prepare(url);
    // Settings may have changed meanwhile.
    while (connections !== this.#connections) await (connections = this.#connections).prepare(url);
    // No await between here and the hand-over: `configure` would retire the dispatcher under us.
    const signals = [signal, this.#closing.signal, ...(isEndless ? [connections.replaced] : [])];
    if (signals.some(({ aborted }) => aborted))
      throw new HttpError('aborted', 'ABORTED', 'The request was cancelled', false);
    const { dispatcher, via } = connections.open(url);
    return new Exchange({
      origin: url.origin,
      via,
      limits,
      signals,
      startTimer: this.#surroundings.startTimer,
      hasNetwork: () => isOwnMachine(url) || this.#surroundings.hasNetwork(),
    }).run(dispatcher, {
      origin: url.origin,
      path: url.pathname + url.search,
      method: request.method,
      headers,
      headersTimeout,
      body,
    });
  }
}

/** Header names go out as they stand here: the backend wants `Authorization: Bearer` in exactly this case. */
function headersOf({ token, headers, json }: HttpRequest): Record<string, string> {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new HttpError(
      'not-sent',
      'BAD_TOKEN',
      'The token has characters that no header may hold (BAD_TOKEN)',
    );
  }
  return {
    'User-Agent': 'navi',
    'Accept-Encoding': 'identity',
    ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...headers,
  };
}

/** Content-Encoding in lower case, '' for none. */
function encodingOf(headers: HttpHeaders): string {
  const text = headerOf(headers, 'content-encoding')?.trim().toLowerCase() ?? '';
  return text === 'identity' ? '' : text;
}

/** The value of a header by its name in lower case; the first one when it came several times. */
export function headerOf(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value[0] : value;
}
