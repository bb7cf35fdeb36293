import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import connect from 'undici/lib/api/api-connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
import { ProxyError } from './classify.ts';
import type { ProxySettings, Route } from './proxy.ts';

/** All in milliseconds. */
export interface DispatcherTimes {
  readonly connectMs: number;
  readonly headersMs: number;
  /** How long an unused connection is kept. */
  readonly idleConnectionMs: number;
}

/**
 * Makes the owner of the sockets for one way to a server. It never follows a redirect and never sends anything
 * twice: no retry or redirect handler is composed in, one request at a time is on a socket (no pipelining), and
 * HTTP/2, where the library re-queues requests that a server refused, is off.
 */
export function openDispatcher(
  route: Exclude<Route, { kind: 'unusable' }>,
  settings: Pick<ProxySettings, 'strictSSL' | 'authorization'>,
  trust: SecureContext | undefined,
  times: DispatcherTimes,
): Dispatcher {
  const tls = {
    rejectUnauthorized: settings.strictSSL,
    ...(trust === undefined ? {} : { secureContext: trust }),
  };
  const pool = {
    allowH2: false,
    pipelining: 1,
    headersTimeout: times.headersMs,
    // Time between two pieces of an answer is watched by the exchange, which knows what it waits for.
    bodyTimeout: 0,
    // Servers close idle connections after 5 s and more; whoever closes first cannot be surprised. A server's
    // shorter hint wins, a longer one does not.
    keepAliveTimeout: times.idleConnectionMs,
    keepAliveMaxTimeout: times.idleConnectionMs,
  };
  const dialing = { allowH2: false, timeout: times.connectMs, ...tls };
  if (route.kind === 'direct') return new Agent({ ...pool, connect: dialing });
  return new ProxyAgent({
    ...pool,
    uri: route.uri,
    requestTls: dialing,
    proxyTls: dialing,
    ...(settings.authorization === undefined ? {} : { token: settings.authorization }),
    factory: (origin, options) => new Pool(origin, Object.assign({}, pool, options)),
    clientFactory: (origin, options) =>
      Object.assign(new Pool(origin, Object.assign({}, pool, options)), { connect: openTunnel }),
  });
}

/**
 * The proxy's client is asked for its `connect`, a convenience that only the package's index mixes in. What goes wrong
 * here is the proxy's doing, and its status says what; the library would hand on words alone. Throws `ProxyError`.
 */
async function openTunnel(
  this: Dispatcher,
  options: Dispatcher.ConnectOptions,
): Promise<Dispatcher.ConnectData> {
  const answer = await connect.call(this, options).catch((error: unknown) => {
    throw new ProxyError(undefined, error);
  });
  if (answer.statusCode === 200) return answer;
  answer.socket.on('error', () => undefined).destroy();
  throw new ProxyError(answer.statusCode);
}
