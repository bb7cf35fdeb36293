import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../config.ts';
import type { Owner } from '../storage/repository.ts';
import { HttpError } from './errors.ts';

const DEV_USER = 'dev';
const ORG_ID = /^[\x21-\x7e]{1,255}$/;

/**
 * Whose conversations a request is about. Every request that is let in is the one user of this server; the
 * organisation comes from `X-Org-Id`. Throws `HttpError` 401 or 403.
 */
export type Identify = (request: FastifyRequest) => Owner;

/** With a token, it is asked of every request. Without one, only this machine's own programs are let in. */
export function identifyBy(token: string | undefined): Identify {
  return (request) => {
    if (token === undefined) refuseWebPages(request);
    else checkToken(request.headers.authorization, token);
    return { userId: DEV_USER, orgId: readOrg(request.headers['x-org-id']) };
  };
}

function checkToken(header: string | undefined, token: string): void {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  throw new HttpError(401, given === undefined ? 'A Bearer token is required.' : 'The token is not valid.', {
    'www-authenticate': 'Bearer',
  });
}

/** Equal lengths, as the comparison in constant time asks for. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/**
 * A page in the user's browser can reach a loopback port too: by a name that it points at 127.0.0.1 (the Host is
 * then not a loopback one), or by a request that needs no preflight (the browser then says so in Origin).
 */
function refuseWebPages(request: FastifyRequest): void {
  const { host, origin } = request.headers;
  if (isLoopbackUrl(`http://${host ?? ''}`) && (origin === undefined || isLoopbackUrl(origin))) return;
  throw new HttpError(
    403,
    'Without a token this server answers only requests to a loopback address that come from this machine. ' +
      'Set NAVI_DEV_TOKEN to use another name.',
  );
}

function isLoopbackUrl(text: string): boolean {
  return URL.canParse(text) && isLoopback(new URL(text).hostname.replace(/^\[(.*)\]$/, '$1'));
}

function readOrg(header: string | string[] | undefined): string {
  if (header === undefined || header === '') return '';
  if (typeof header === 'string' && ORG_ID.test(header)) return header;
  throw new HttpError(400, 'X-Org-Id must be 1 to 255 visible ASCII characters.');
}
