import { HttpError } from './error.ts';

/** What was under way when it failed. */
export interface Attempt {
  /** Scheme, host and port: all that a message says about the address. */
  readonly origin: string;
  readonly viaProxy: boolean;
  /** True from the moment at which the request was handed to a connected socket. */
  readonly sent: boolean;
}

const NAME_NOT_FOUND = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA']);
const TIMED_OUT = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);
const TLS = /CERT|TLS|SSL|^UNABLE_TO_|^EPROTO$/;

/**
 * Turns a failure of the platform into ours. Only whether the request was handed to a socket decides between
 * `not-sent` and `broken`; error codes decide nothing but the words, because one code can mean both (ECONNRESET).
 */
export function classify(error: unknown, attempt: Attempt): HttpError {
  const code = codeOf(error);
  // A forwarding proxy that asks for credentials (407) did not pass the request on.
  const unauthorized = attempt.viaProxy && code === 'UND_ERR_INVALID_ARG';
  if (!attempt.sent || unauthorized) {
    return new HttpError(
      'not-sent',
      code,
      `Could not connect to ${attempt.origin}: ${whyNotSent(code, attempt)} (${code})`,
    );
  }
  return new HttpError('broken', code, `The connection to ${attempt.origin} broke (${code})`);
}

function whyNotSent(code: string, { viaProxy }: Attempt): string {
  if (code === 'ECONNREFUSED') return `${viaProxy ? 'the proxy' : 'it'} refused the connection`;
  if (NAME_NOT_FOUND.has(code)) return `the name of ${viaProxy ? 'the proxy' : 'the host'} was not found`;
  if (TIMED_OUT.has(code)) return 'no connection in time';
  if (TLS.test(code)) return 'no trusted secure connection';
  if (viaProxy) return 'the proxy did not connect';
  if (code === 'UND_ERR_INVALID_ARG') return 'the request has a header that cannot be sent';
  return 'no connection';
}

/** Errors of the platform carry a `code`; one wrapped by the proxy's client has the telling code inside. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const inner = error.cause instanceof Error ? ownCode(error.cause) : undefined;
  const code = ownCode(error);
  if (inner !== undefined && (code === undefined || code.startsWith('UND_ERR_PRX_'))) return inner;
  return code ?? 'UNKNOWN';
}

function ownCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
