import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen, type RunningServer } from '../http/servers.ts';
import type { Identity } from './authority.ts';

export interface ProxyServer extends RunningServer {
  /** `CONNECT host:port` or `GET http://...`, in the order in which they came. */
  readonly requests: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
}

export interface ProxyBehaviour {
  /** The `Proxy-Authorization` that lets a request through; absent: everything goes through. */
  readonly authorization?: string;
  /** Status to answer every CONNECT with instead of a tunnel. */
  readonly connectStatus?: number;
  /** The proxy is spoken to by TLS. */
  readonly identity?: Identity;
}

/** A forwarding and tunnelling proxy that finds every host name on the loopback interface. */
export async function startProxy(behaviour: ProxyBehaviour = {}): Promise<ProxyServer> {
  const requests: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const admits = (request: IncomingMessage): boolean => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const given = request.headers['proxy-authorization'];
    authorizations.push(given);
    return behaviour.authorization === undefined || behaviour.authorization === given;
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (admits(request)) forward(request, response);
    else response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end('who are you?');
  };
  const { identity } = behaviour;
  const server = identity === undefined ? createServer(answer) : createTlsServer(identity, answer);
  server.on('connect', (request: IncomingMessage, client: Duplex) => {
    client.on('error', () => undefined);
    const status = admits(request) ? (behaviour.connectStatus ?? 200) : 407;
    if (status === 200) tunnel(request.url ?? '', client);
    else client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
  });
  const scheme = identity === undefined ? 'http' : 'https';
  return { ...(await listen(server, scheme)), requests, authorizations };
}

function forward(request: IncomingMessage, response: ServerResponse): void {
  const target = new URL(request.url ?? '');
  const headers = { ...request.headers };
  delete headers['proxy-authorization'];
  const onward = httpRequest(
    {
      host: '127.0.0.1',
      port: target.port,
      method: request.method,
      path: target.pathname + target.search,
      headers,
    },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    },
  );
  onward.on('error', () => response.writeHead(502).end());
  request.pipe(onward);
}

function tunnel(authority: string, client: Duplex): void {
  const port = Number(authority.slice(authority.lastIndexOf(':') + 1));
  const onward: Socket = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    onward.pipe(client).pipe(onward);
  });
  onward.on('error', () => client.destroy());
  client.on('close', () => onward.destroy());
}
