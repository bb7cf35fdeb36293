import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../config.ts';
import type { Owner } from '../storage/repository.ts';
import { HttpError } from './errors.ts';

const DEV_USER = 'dev';
/** What nearly every request of this machine names; to take it apart as a URL costs more than all else here. */
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/;
const ORG_ID = /^[\x21-\x7e]{1,255}$/;

/** Whose conversations a request is about. Rejects with `HttpError` 401, 403 or 400. */
export type Identify = (request: FastifyRequest) => Owner | Promise<Owner>;

/** Undefined for a token that this one knows nothing of; rejects with `HttpError` for one that it refuses. */
export type Verify = (token: string) => Promise<Owner | undefined>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read. */
    owner: Owner | undefined;
  }
}

/** Asks who it is before the body is read: a stranger's 20 MB are not worth parsing. */
export function identifyRequests(api: FastifyInstance, identify: Identify): void {
  api.decorateRequest('owner');
  api.addHook('onRequest', async (request) => {
    request.owner = await identify(request);
  });
}

export function ownerOf(request: FastifyRequest): Owner {
  if (request.owner === undefined) throw new Error('Nobody was asked who this is.');
  return request.owner;
}

/**
 * Development: everybody who is let in is one user; the organisation comes from `X-Org-Id`. With a token, it is asked of
 * every request. Without one, only this machine's own programs are let in.
 */
export function identifyBy(token: string | undefined): Identify {
  return (request) => {
    if (token === undefined) refuseWebPages(request);
    else if (!isSame(bearerOf(request), token)) throw unauthorized('The token is not valid.');
    return { userId: DEV_USER, orgId: readOrg(request.headers['x-org-id']) };
  };
}

/** Users by their tokens: the first that knows a token says whose it is. `X-Org-Id` is not believed. */
export function identifyByTokens(verifiers: readonly Verify[]): Identify {
  return async (request) => {
    const token = bearerOf(request);
    for (const verify of verifiers) {
      const owner = await verify(token);
      if (owner !== undefined) return owner;
    }
    throw unauthorized('The token is not valid.');
  };
}

export function unauthorized(detail: string): HttpError {
  return new HttpError(401, detail, { 'www-authenticate': 'Bearer' });
}

function bearerOf(request: FastifyRequest): string {
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined) throw unauthorized('A Bearer token is required.');
  return given;
}

/** Equal lengths, as the comparison in constant time asks for. */
export function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}

/**
 * A page in the user's browser can reach a loopback port too: by a name that it points at 127.0.0.1 (the Host is
 * then not a loopback one), or by a request that needs no preflight (the browser then says so in Origin).
 */
function refuseWebPages(request: FastifyRequest): void {
  if (isForLoopback(request.headers)) return;
  throw new HttpError(
    403,
    'Without a token this server answers only requests to a loopback address that come from this machine. ' +
      'Set NAVI_DEV_TOKEN to use another name.',
  );
}

/** True for what a program of this machine asks of this machine. */
export function isFromThisMachine(address: string, headers: IncomingHttpHeaders): boolean {
  return isLoopback(address.replace(/^::ffff:/, '')) && isForLoopback(headers);
}

function isForLoopback({ host, origin }: IncomingHttpHeaders): boolean {
  return (
    (LOOPBACK_HOST.test(host ?? '') || isLoopbackUrl(`http://${host ?? ''}`)) &&
    (origin === undefined || isLoopbackUrl(origin))
  );
}

function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'));
}

function readOrg(header: string | string[] | undefined): string {
  if (header === undefined || header === '') return '';
  if (typeof header === 'string' && ORG_ID.test(header)) return header;
  throw new HttpError(400, 'X-Org-Id must be 1 to 255 visible ASCII characters.');
}
