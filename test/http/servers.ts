import { once } from 'node:events';
import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https';
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach } from 'mocha';
import { HttpClient, type HttpLimits, type HttpSurroundings } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS, type ProxySettings } from '../../src/http/proxy.ts';
import { CERTIFICATE, KEY } from './certificate.ts';

export interface RunningServer {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  /** Sockets that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  stop(): Promise<void>;
}

export interface RawServer extends RunningServer {
  /** Each whole request as it came over the wire, head and body. */
  readonly requests: readonly string[];
}

type OnRequest = (request: string, socket: Socket) => void;

const stops: (() => Promise<void>)[] = [];

/** Registers what ends every server and client of a test, whatever became of it. */
export function stopAllAfterEach(): void {
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });
}

/** Runs `stop` when the test is over. */
function stopAfterwards(stop: () => Promise<void>): void {
  stops.push(stop);
}

/** A server that sees bytes; `onRequest` is called for each whole request and answers as it likes. */
export async function startRaw(
  onRequest: OnRequest,
  onConnect?: (socket: Socket) => void,
): Promise<RawServer> {
  const requests: string[] = [];
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined);
    onConnect?.(socket);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
      for (let length = requestLength(text); length !== undefined; length = requestLength(text)) {
        const request = text.slice(0, length);
        text = text.slice(length);
        requests.push(request);
        onRequest(request, socket);
      }
    });
  });
  return { ...(await listen(server, 'http')), requests };
}

export async function startHttp(listener: RequestListener): Promise<RunningServer> {
  return listen(createServer(listener), 'http');
}

export async function startHttps(listener: RequestListener): Promise<RunningServer> {
  return listen(createTlsServer({ key: KEY, cert: CERTIFICATE }, listener), 'https');
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = await startRaw(() => undefined);
  await server.stop();
  return server.port;
}

export function startClient(
  limits: Partial<HttpLimits> = {},
  settings: Partial<ProxySettings> = {},
  surroundings?: Partial<HttpSurroundings>,
): HttpClient {
  const client = new HttpClient({ ...NO_PROXY_SETTINGS, ...settings }, limits, surroundings);
  stopAfterwards(() => client.close());
  return client;
}

export async function listen(
  server: Server | HttpServer | HttpsServer,
  scheme: 'http' | 'https',
): Promise<RunningServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  stopAfterwards(stop);
  const { port } = portOf(server.address());
  return { port, origin: `${scheme}://127.0.0.1:${port}`, sockets, stop };
}

function portOf(address: string | AddressInfo | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address;
}

function requestLength(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const declared = /^content-length: *(\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? '0';
  const length = headEnd + 4 + Number(declared);
  return text.length < length ? undefined : length;
}

/** A whole answer with a body of ASCII. */
export function answer(status: number, body: string, ...headers: string[]): string {
  const lines = [`HTTP/1.1 ${status} X`, `content-length: ${body.length}`, ...headers];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
