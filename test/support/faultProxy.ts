/** An HTTP proxy on loopback that does to a client what networks, proxies and dying servers do. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { BATCH_LIMIT, type Ability, type Capabilities } from '../../src/protocol/abilities.ts';
import { PAGE_LIMIT } from '../../src/protocol/api.ts';

/** What happens to a request that a rule matches. `forward` (default true): the upstream acts on it first. */
export type Fault =
  | { readonly kind: 'pass' }
  /** The connection is reset before the upstream hears of the request. */
  | { readonly kind: 'reset' }
  /** The upstream acts and answers; the client's connection is reset instead of the answer. */
  | { readonly kind: 'commitThenDrop' }
  /** The first `bytes` bytes of the answer's body go out, under its whole length; then the connection ends. */
  | { readonly kind: 'cutAnswer'; readonly bytes: number }
  /** The answer goes out until it has matched, then nothing more; its connection stays open. */
  | { readonly kind: 'stall'; readonly after: RegExp }
  /** Held until the gate opens, before the upstream hears of it or before its answer goes out. */
  | { readonly kind: 'hold'; readonly at: 'request' | 'answer'; readonly gate: Promise<void> }
  /** Never answered, never closed. */
  | { readonly kind: 'blackHole'; readonly forward?: boolean }
  /** Another answer. `contentLength` is what the header claims. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: OutgoingHttpHeaders;
      readonly body?: string;
      readonly contentLength?: number;
      readonly forward?: boolean;
    };

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Status of the upstream's answer: it acted on the request. Absent when it never answered. */
  upstreamStatus?: number;
  /** Status that the client got. Absent when it got none. */
  status?: number;
}

export interface FaultRule {
  /** All requests, when absent. */
  readonly match?: (request: SeenRequest) => boolean;
  readonly fault: Fault;
  /** How many requests it is for; then it is gone. For all, when absent. */
  readonly times?: number;
}

export interface FaultProxy {
  /** Without a trailing slash; stays the same over `refuse` and `accept`. */
  readonly url: string;
  /** Every request that reached the proxy, oldest first. No bodies. */
  readonly log: readonly SeenRequest[];
  /** Puts a rule in front of the earlier ones; the first that matches decides. Returns what removes it. */
  add(rule: FaultRule): () => void;
  /** Removes all rules. */
  clear(): void;
  /** Stops listening and resets what is connected: the next connection is refused. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  close(): Promise<void>;
}

/** Puts a proxy in front of the server at `upstream`, e.g. `http://127.0.0.1:8787`. Passes everything at first. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const proxy = new Proxy(new URL(upstream));
  await proxy.accept();
  return proxy;
}

/** An answer that says `status` with a JSON body, as the backend writes its errors. */
export function errorAnswer(status: number, headers: OutgoingHttpHeaders = {}): Fault {
  return {
    kind: 'answer',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ detail: `fault ${status}` }),
    forward: false,
  };
}

/** Lets the backend behind the proxy announce these abilities alone; none of them: the plain contract. */
export function announceOnly(
  proxy: FaultProxy,
  abilities: readonly Ability[],
  limits: { readonly bodyBytes?: number; readonly batchMessages?: number } = {},
): void {
  const { bodyBytes = 20_000_000, batchMessages = BATCH_LIMIT } = limits;
  const answer: Capabilities = {
    server: 'navi',
    version: '0',
    abilities: [...abilities],
    limits: { body_bytes: bodyBytes, batch_messages: batchMessages, page: PAGE_LIMIT },
  };
  const fault: Fault = {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(answer),
    forward: false,
  };
  proxy.add({
    match: ({ path }) => path.endsWith('/capabilities'),
    fault: abilities.length === 0 ? errorAnswer(404) : fault,
  });
}

/** A proxy's sign-in page, say: success by status, HTML by content. */
export const HTML_ANSWER: Fault = {
  kind: 'answer',
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Sign in</title>',
  forward: false,
};

interface ActiveRule {
  readonly rule: FaultRule;
  left: number;
}

class Proxy implements FaultProxy {
  readonly log: SeenRequest[] = [];
  readonly #upstream: URL;
  readonly #sockets = new Set<Socket>();
  #rules: ActiveRule[] = [];
  #server: Server | undefined;
  #port = 0;
  constructor(upstream: URL) {
    this.#upstream = upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  add(rule: FaultRule): () => void {
    const active = { rule, left: rule.times ?? Infinity };
    this.#rules.unshift(active);
    return () => (this.#rules = this.#rules.filter((other) => other !== active));
  }

  clear(): void {
    this.#rules = [];
  }

  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ requestTimeout: 0 }, (request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
    });
    this.#server = server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
    this.#port = address.port;
  }

  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  async close(): Promise<void> {
    await this.refuse();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
    };
    this.log.push(seen);
    response.on('close', () => {
      if (response.headersSent) seen.status = response.statusCode;
    });
    // Whole, so that the upstream can act on it long after the client has left.
    const body = await readAll(request);
    await this.#apply(this.#faultFor(seen), () => this.#forward(seen, body), request.socket, response);
  }

  #faultFor(seen: SeenRequest): Fault {
    const active = this.#rules.find(({ rule, left }) => left > 0 && (rule.match?.(seen) ?? true));
    if (active === undefined) return { kind: 'pass' };
    active.left -= 1;
    return active.rule.fault;
  }

  async #apply(
    fault: Fault,
    forward: () => Promise<IncomingMessage>,
    socket: Socket,
    response: ServerResponse,
  ): Promise<void> {
    switch (fault.kind) {
      case 'pass':
        pipeAnswer(await forward(), response);
        return;
      case 'reset':
        socket.resetAndDestroy();
        return;
      case 'commitThenDrop':
        await readAll(await forward());
        socket.resetAndDestroy();
        return;
      case 'cutAnswer': {
        const answer = await forward();
        const body = await readAll(answer);
        response.writeHead(answer.statusCode ?? 502, {
          ...headersOf(answer),
          'content-length': body.length,
        });
        // No reset: it could overtake the bytes.
        response.write(body.subarray(0, fault.bytes), () => response.destroy());
        return;
      }
      case 'stall':
        await pipeUntil(fault.after, await forward(), response);
        return;
      case 'hold': {
        if (fault.at === 'request') await fault.gate;
        const answer = await forward();
        if (fault.at === 'answer') await fault.gate;
        pipeAnswer(answer, response);
        return;
      }
      case 'blackHole':
        if (fault.forward !== false) await readAll(await forward());
        return;
      case 'answer': {
        if (fault.forward !== false) await readAll(await forward());
        const body = fault.body ?? '';
        response.writeHead(fault.status, {
          ...fault.headers,
          'content-length': fault.contentLength ?? Buffer.byteLength(body),
        });
        // A claimed length that is not met ends with the connection.
        response.write(body, () => (fault.contentLength === undefined ? response.end() : response.destroy()));
      }
    }
  }

  async #forward(seen: SeenRequest, body: Buffer): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    httpRequest(new URL(seen.path, this.#upstream), {
      method: seen.method,
      headers: { ...seen.headers, host: this.#upstream.host },
      agent: false,
    })
      .on('response', resolve)
      .on('error', reject)
      .end(body);
    const answer = await promise;
    if (answer.statusCode !== undefined) seen.upstreamStatus = answer.statusCode;
    return answer;
  }
}

/** Piece by piece, so that streams stay streams. A client that leaves ends the upstream's answer too. */
function pipeAnswer(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, headersOf(answer));
  response.flushHeaders();
  answer.on('error', () => response.destroy());
  response.on('close', () => answer.destroy());
  answer.pipe(response);
}

/** Resolves when the answer has matched, or has ended without. */
async function pipeUntil(after: RegExp, answer: IncomingMessage, response: ServerResponse): Promise<void> {
  response.writeHead(answer.statusCode ?? 502, headersOf(answer));
  response.flushHeaders();
  response.on('close', () => answer.destroy());
  let [text, sent] = ['', 0];
  for await (const piece of answer.setEncoding('utf8')) {
    text += String(piece);
    const match = after.exec(text);
    const end = match === null ? text.length : match.index + match[0].length;
    response.write(text.slice(sent, end));
    sent = end;
    if (match !== null) return;
  }
  response.end();
}

/** Headers that speak of one connection only are not handed on. */
function headersOf(answer: IncomingMessage): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(answer.headers).filter(
      ([name]) => !['connection', 'keep-alive', 'transfer-encoding'].includes(name),
    ),
  );
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of message) if (Buffer.isBuffer(piece)) pieces.push(piece);
  return Buffer.concat(pieces);
}
