import { HttpError } from './error.ts';

/** What was under way when it failed. */
export interface Attempt {
  /** Scheme, host and port: all that a message says about the address. */
  readonly origin: string;
  /** The way there: straight, or by a proxy that was given credentials, or none. */
  readonly via: 'direct' | 'proxy' | 'proxyWithCredentials';
  /** True from the moment at which the request was handed to a connected socket. */
  readonly sent: boolean;
  /** This machine has no network at all, as far as it knows. */
  readonly isOffline: boolean;
}

/** The proxy could not be reached (`cause`), or answered a request for a tunnel with this status. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly status: number | undefined;
  constructor(status: number | undefined, cause?: unknown) {
    super('No tunnel through the proxy', { cause });
    this.status = status;
  }
}

const NAME_NOT_FOUND = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA']);
const NO_NETWORK = new Set(['ENETUNREACH', 'ENETDOWN']);
const TIMED_OUT = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);
const TLS = /CERT|TLS|SSL|^UNABLE_TO_|^EPROTO$/;

/**
 * Turns a failure of the platform into ours. Only whether the request was handed to a socket decides between
 * `not-sent` and `broken`; error codes decide nothing but the words, because one code can mean both (ECONNRESET).
 */
export function classify(error: unknown, attempt: Attempt): HttpError {
  const code = codeOf(error);
  // The library's way to say that a forwarding proxy answered 407: it wants credentials and did not pass the request on.
  const isRefusedByProxy = attempt.via !== 'direct' && attempt.sent && code === 'UND_ERR_INVALID_ARG';
  if (isRefusedByProxy || code === 'PROXY_407') return wantsSignIn(attempt);
  if (attempt.sent)
    return new HttpError('broken', code, `The connection to ${attempt.origin} broke (${code})`);
  const isProxys =
    error instanceof ProxyError || (attempt.via !== 'direct' && attempt.origin.startsWith('http:'));
  const untrusted = whyUntrusted(code);
  if (untrusted !== undefined) {
    const whose = isProxys ? 'the proxy' : attempt.origin;
    return new HttpError('not-sent', code, `The certificate of ${whose} ${untrusted}.`, false, true);
  }
  return new HttpError(
    'not-sent',
    code,
    `Could not connect to ${attempt.origin}: ${whyNotSent(code, isProxys, attempt)} (${code})`,
  );
}

function wantsSignIn({ origin, via }: Attempt): HttpError {
  const what =
    via === 'proxyWithCredentials'
      ? 'The proxy does not accept the name and password it was given (PROXY_407)'
      : 'The proxy wants a sign-in (PROXY_407)';
  const next =
    'Put the right ones into the setting http.proxy, as in http://name:password@proxy:8080, or into http.proxyAuthorization';
  return new HttpError(
    'not-sent',
    'PROXY_407',
    `${what}, so ${origin} was not reached. ${next}.`,
    false,
    true,
  );
}

/** What is wrong with a certificate, and what to do about it; undefined when the failure is of another kind. */
function whyUntrusted(code: string): string | undefined {
  const safe = `(${code}), so nothing was sent`;
  if (UNKNOWN_AUTHORITY.has(code)) {
    return (
      `is signed by an authority that this machine does not know ${safe}. If it is an authority of your company, add it ` +
      "to the operating system's trusted ones (and leave http.systemCertificates on), or name its file in " +
      'NODE_EXTRA_CA_CERTS; then restart the editor'
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `is not valid at this time ${safe}. Look at the clock of this machine, or have the certificate renewed`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `is made out to another name ${safe}. Look at the address in the settings`;
  }
  return undefined;
}

function whyNotSent(code: string, isProxys: boolean, { via, isOffline }: Attempt): string {
  const proxy = /^PROXY_(\d+)$/.exec(code)?.[1];
  if (proxy !== undefined) return `the proxy did not open a way there (status ${proxy})`;
  if (isOffline) return 'this machine is offline';
  if (code === 'ECONNREFUSED') return `${isProxys ? 'the proxy' : 'it'} refused the connection`;
  if (NAME_NOT_FOUND.has(code)) {
    return `the name of ${isProxys ? 'the proxy' : 'the host'} was not found; this machine may be offline`;
  }
  if (NO_NETWORK.has(code)) return 'this machine is offline, or has no network that leads there';
  if (TIMED_OUT.has(code)) return 'no connection in time';
  if (TLS.test(code)) return 'no trusted secure connection';
  if (via !== 'direct' && code !== 'UND_ERR_INVALID_ARG') return 'the proxy did not connect';
  if (code === 'UND_ERR_INVALID_ARG') return 'the request has a header that cannot be sent';
  return 'no connection';
}

/** Errors of the platform carry a `code`; one wrapped by the proxy's client has the telling code inside. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  if (error instanceof ProxyError)
    return error.status === undefined ? codeOf(error.cause) : `PROXY_${error.status}`;
  const inner = error.cause instanceof Error ? ownCode(error.cause) : undefined;
  const code = ownCode(error);
  if (inner !== undefined && (code === undefined || code.startsWith('UND_ERR_PRX_'))) return inner;
  return code ?? 'UNKNOWN';
}

function ownCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
