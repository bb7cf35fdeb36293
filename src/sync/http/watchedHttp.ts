import { HttpError } from '../../http/error.ts';
import type {
  HttpClient,
  HttpRequest,
  HttpResponse,
  HttpStream,
  HttpStreamRequest,
} from '../../http/client.ts';
import type { Exchange, RequestFacts, Traffic } from '../traffic.ts';
import { refusalError } from './problem.ts';

/** The part of the HTTP client that a remote uses. */
export type RemoteHttp = Pick<HttpClient, 'send' | 'stream'>;

/** Counts what goes through it, and changes nothing of it. `ticks`: a clock for spans, in milliseconds. */
export class WatchedHttp implements RemoteHttp {
  readonly #http: RemoteHttp;
  readonly #traffic: Traffic;
  readonly #ticks: () => number;

  constructor(http: RemoteHttp, traffic: Traffic, ticks: () => number) {
    this.#http = http;
    this.#traffic = traffic;
    this.#ticks = ticks;
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const course = this.#begin(request);
    try {
      const response = await this.#http.send(course.request, signal);
      course.end(response.status, response.body.byteLength);
      return response;
    } catch (error) {
      course.fail(error);
      throw error;
    }
  }

  /** A stream is a request that ends with the head of its answer; what comes then is only counted. */
  async stream(request: HttpStreamRequest, signal: AbortSignal): Promise<HttpStream> {
    const course = this.#begin(request);
    try {
      const head = await this.#http.stream(course.request, signal);
      course.end(head.status, 0);
      return { ...head, body: counted(head.body, (bytes) => this.#traffic.received(bytes)) };
    } catch (error) {
      course.fail(error);
      throw error;
    }
  }

  #begin<R extends HttpRequest>(request: R) {
    const startedAt = this.#ticks();
    let sentBytes = 0;
    this.#traffic.begin();
    const end = (rest: Omit<Exchange, keyof RequestFacts | 'ms' | 'sentBytes'>): void =>
      this.#traffic.end({ ...factsOf(request), ms: this.#ticks() - startedAt, sentBytes, ...rest });
    return {
      request: { ...request, onBody: (bytes: number) => (sentBytes = bytes) },
      end: (status: number, receivedBytes: number) =>
        end({ status, receivedBytes, ...refusal(request, status) }),
      fail: (error: unknown) =>
        end({
          receivedBytes: 0,
          problem: error instanceof HttpError ? error.message : 'The request could not be made.',
          ...(error instanceof HttpError && error.kind === 'aborted' && { isCancelled: true }),
        }),
    };
  }
}

function refusal({ method }: HttpRequest, status: number): { problem?: string } {
  return status >= 200 && status < 300 ? {} : { problem: refusalError({ method, status }, 0).message };
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  onPiece: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    onPiece(piece.byteLength);
    yield piece;
  }
}

/** What a path of the contract, or of the second door, asks for. `:` stands for an id. */
const KINDS: Readonly<Record<string, string>> = {
  'GET /api/navi-memory/conversations': 'list',
  'POST /api/navi-memory/conversations': 'create',
  'GET /api/navi-memory/conversations/:': 'read',
  'PATCH /api/navi-memory/conversations/:': 'change',
  'DELETE /api/navi-memory/conversations/:': 'delete',
  'GET /api/navi-memory/conversations/:/messages': 'page',
  'POST /api/navi-memory/conversations/:/messages': 'append',
  'POST /api/navi-memory/conversations/:/messages/batch': 'append all',
  'GET /api/navi-memory/capabilities': 'abilities',
  'GET /api/navi-memory/changes': 'changes',
  'GET /api/navi-memory/events': 'events',
  'GET /api/chat/sessions': 'second door: list',
  'GET /api/chat/sessions/:/messages': 'second door: history',
  'GET /health': 'health',
};

/** Parameters that hold ids and numbers and nothing else; what others say is not written down. */
const PLAIN = new Set(['offset', 'limit', 'status', 'after', 'before', 'cursor', 'view', 'include_messages']);
const HARMLESS = /^[\w.:-]{1,64}$/;

/** What a request is about, from its address alone. */
export function factsOf({ method, url }: Pick<HttpRequest, 'method' | 'url'>): RequestFacts {
  const { pathname, searchParams } = new URL(url);
  // The backend may lie below a path of its own.
  const path = /\/(?:api|health)(?:\/|$).*$/.exec(pathname)?.[0] ?? '';
  const ids: string[] = [];
  const pattern = path.replace(/\/(conversations|sessions)\/([^/]+)/g, (_, what: string, id: string) => {
    ids.push(HARMLESS.test(id) ? id : '?');
    return `/${what}/:`;
  });
  const query = [...searchParams].flatMap(([name, value]) =>
    PLAIN.has(name) && HARMLESS.test(value) ? [`${name}=${value}`] : [],
  );
  const kind = KINDS[`${method} ${pattern}`] ?? stepOf(method, pattern);
  return { method, kind, about: [...ids, ...query].join(' ') };
}

/** The second door has an address for each step: star, pin and so on. */
function stepOf(method: string, pattern: string): string {
  const step = /^\/api\/chat\/sessions\/:\/([a-z]+)$/.exec(pattern)?.[1];
  return method === 'POST' && step !== undefined ? `second door: ${step}` : 'other';
}
