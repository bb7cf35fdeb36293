/**
 * A proxy that speaks bytes to the client: what it does to an answer, it does to the socket. It sits between a client and a
 * real HTTP server on loopback; requests are read whole, so that the server can act on one long after its client has left.
 */
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface WireRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** When its head came, by the clock of the proxy. */
  readonly at: number;
  /** Its connection had served another request before. */
  readonly isReused: boolean;
  /** Whole; empty when the connection ended before. */
  body: string;
  /** The upstream acted on it and answered so. */
  upstreamStatus?: number;
  /** The client got a whole answer with this status. */
  status?: number;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One request in the hands of a fault. */
export interface WireExchange {
  readonly request: WireRequest;
  readonly socket: Socket;
  /** Resolves when the whole request has come. */
  whole(): Promise<void>;
  /** The upstream acts on it, once. */
  forward(): Promise<WireAnswer>;
  /** Sends an answer whole; the connection stays open. */
  answer(answer: WireAnswer): void;
  /** Passes on an answer that does not end, piece by piece; `change` says what becomes of a piece: undefined, nothing. */
  stream(change?: (piece: Buffer) => Buffer | undefined): Promise<void>;
  /** Ends the connection with a reset. */
  reset(): void;
  /** Nothing more comes: whoever waits for an answer can only give up. */
  stall(): void;
}

export type WireFault = (exchange: WireExchange) => Promise<void> | void;

export interface WireProxyOptions {
  readonly now: () => number;
  /** Decides about each request when its head has come; undefined passes it on. */
  readonly choose: (request: WireRequest) => WireFault | undefined;
  readonly onStall: () => void;
}

export class WireProxy {
  /** Every request that came, oldest first. */
  readonly log: WireRequest[] = [];
  readonly #upstream: URL;
  readonly #options: WireProxyOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #forwarding = new Set<Promise<unknown>>();
  #server: Server | undefined;
  #port = 0;

  constructor(upstream: string, options: WireProxyOptions) {
    this.#upstream = new URL(upstream);
    this.#options = options;
  }

  /** Stays the same over `refuse` and `accept`. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Stops listening and resets what is connected: the next connection is refused. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await closed;
  }

  /** Resolves when the upstream has acted on everything that was passed on. */
  async whenServed(): Promise<void> {
    while (this.#forwarding.size > 0) await Promise.all(this.#forwarding);
  }

  async close(): Promise<void> {
    await this.refuse();
    await this.whenServed();
    this.#agent.destroy();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
    // Faults write head and body apart, and both are to leave at once.
    socket.setNoDelay(true);
    let bytes = Buffer.alloc(0);
    let served = 0;
    let current: { readonly length: number; readonly take: (body: string) => void } | undefined;
    socket.on('data', (piece) => {
      bytes = Buffer.concat([bytes, piece]);
      for (;;) {
        if (current === undefined) {
          const end = bytes.indexOf('\r\n\r\n');
          if (end === -1) return;
          const head = bytes.toString('latin1', 0, end);
          bytes = bytes.subarray(end + 4);
          current = this.#begin(socket, head, served > 0);
          served += 1;
        }
        if (bytes.length < current.length) return;
        const { length, take } = current;
        current = undefined;
        take(bytes.toString('utf8', 0, length));
        bytes = bytes.subarray(length);
        if (bytes.length === 0) return;
      }
    });
  }

  #begin(
    socket: Socket,
    head: string,
    isReused: boolean,
  ): { readonly length: number; readonly take: (body: string) => void } {
    const [first = '', ...lines] = head.split('\r\n');
    const [method = '', path = ''] = first.split(' ');
    const headers = new Map(
      lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
      }),
    );
    const request: WireRequest = { method, path, headers, at: this.#options.now(), isReused, body: '' };
    this.log.push(request);
    const whole = Promise.withResolvers<undefined>();
    const exchange = new Exchange(request, socket, whole.promise, {
      forward: () => {
        const answer = this.#forward(request);
        const ended = answer.then(
          () => undefined,
          () => undefined,
        );
        this.#forwarding.add(ended);
        void ended.then(() => this.#forwarding.delete(ended));
        return answer;
      },
      ask: () => this.#ask(request),
      stall: this.#options.onStall,
    });
    const fault = this.#options.choose(request) ?? pass;
    void this.#carryOut(fault, exchange);
    return {
      length: Number(headers.get('content-length') ?? 0),
      take: (body) => {
        request.body = body;
        whole.resolve(undefined);
      },
    };
  }

  async #carryOut(fault: WireFault, exchange: WireExchange): Promise<void> {
    try {
      await fault(exchange);
    } catch {
      // The upstream is gone: so is the answer.
      exchange.reset();
    }
  }

  async #forward(request: WireRequest): Promise<WireAnswer> {
    const message = await this.#ask(request);
    const pieces: Buffer[] = [];
    for await (const piece of message) if (Buffer.isBuffer(piece)) pieces.push(piece);
    const { statusCode: status = 0 } = message;
    request.upstreamStatus = status;
    return { status, headers: plainHeaders(message), body: Buffer.concat(pieces) };
  }

  async #ask(request: WireRequest): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    httpRequest(new URL(request.path, this.#upstream), {
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), host: this.#upstream.host },
      agent: this.#agent,
    })
      .on('response', resolve)
      .on('error', reject)
      .end(request.body);
    return await promise;
  }
}

const pass: WireFault = async (exchange) => exchange.answer(await exchange.forward());

class Exchange implements WireExchange {
  readonly request: WireRequest;
  readonly socket: Socket;
  readonly stall: () => void;
  readonly #whole: Promise<void>;
  readonly #send: () => Promise<WireAnswer>;
  readonly #ask: () => Promise<IncomingMessage>;
  #forwarded: Promise<WireAnswer> | undefined;

  constructor(
    request: WireRequest,
    socket: Socket,
    whole: Promise<void>,
    actions: {
      readonly forward: () => Promise<WireAnswer>;
      readonly ask: () => Promise<IncomingMessage>;
      readonly stall: () => void;
    },
  ) {
    this.request = request;
    this.socket = socket;
    this.stall = actions.stall;
    this.#whole = whole;
    this.#send = actions.forward;
    this.#ask = actions.ask;
  }

  whole(): Promise<void> {
    return this.#whole;
  }

  forward(): Promise<WireAnswer> {
    return (this.#forwarded ??= this.#whole.then(this.#send));
  }

  answer(answer: WireAnswer): void {
    if (this.socket.writable) this.request.status = answer.status;
    this.socket.write(Buffer.concat([headOf(answer), answer.body]));
  }

  async stream(change: (piece: Buffer) => Buffer | undefined = (piece) => piece): Promise<void> {
    await this.#whole;
    const message = await this.#ask();
    const lines = Object.entries({ ...plainHeaders(message), connection: 'close' });
    this.socket.write(linesOf(message.statusCode ?? 0, lines));
    this.socket.on('close', () => message.destroy());
    message.on('error', () => this.socket.destroy());
    message.on('data', (piece: Buffer) => {
      const changed = change(piece);
      if (changed !== undefined && this.socket.writable) this.socket.write(changed);
    });
    message.on('end', () => this.socket.end());
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** The head of an answer with the length that it claims; that of its body, unless it is to lie. */
export function headOf({ status, headers, body }: WireAnswer, length = body.length): Buffer {
  return linesOf(status, Object.entries({ ...headers, 'content-length': String(length) }));
}

function linesOf(status: number, headers: readonly (readonly [string, string])[]): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`HTTP/1.1 ${status} Said`, ...lines, '', ''].join('\r\n'), 'latin1');
}

/** Those that speak of the answer, not of one connection. */
function plainHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      ['connection', 'keep-alive', 'transfer-encoding', 'content-length'].includes(name) ||
      value === undefined
        ? []
        : [[name, String(value)] as const],
    ),
  );
}
