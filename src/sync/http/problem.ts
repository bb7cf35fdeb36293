import { parseRetryAfter } from '../../http/retryAfter.ts';
import { RemoteError, type RefusalCode, type RemoteProblem } from '../remote.ts';

/** An answer that is not the one hoped for, as far as it matters. */
export interface Refusal {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly status: number;
  /** The header's value. */
  readonly retryAfter?: string | undefined;
  /** `error_code` of its body. */
  readonly code?: string | undefined;
}

/**
 * What a status means for the request that met it. Total: every status has a meaning, and only a status that proves
 * that nothing happened there gives a problem after which the same POST may be sent again without looking.
 */
export function problemOf({ method, status }: Pick<Refusal, 'method' | 'status'>): RemoteProblem {
  switch (status) {
    case 401:
      return 'signed-out';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 429:
      // The limiter stands before everything else: nothing happened there.
      return 'slow-down';
    case 503:
      // A gateway answers 503 (with or without Retry-After) also when it lost a backend that had taken the request,
      // and `X-Circuit: open` is set around the handler: it may have stored the row before its next step failed. So
      // a POST, which stores twice when sent twice, is looked up first; the others may simply be sent again.
      return method === 'POST' ? 'unknown' : 'slow-down';
    case 408:
      // The server gave up waiting for the rest of the request; it may do so with a request it had begun.
      return method === 'POST' ? 'unknown' : 'slow-down';
    case 407:
      // Said by some proxy on the way, not by the backend: no verdict on the request.
      return 'unknown';
    default:
      return status >= 400 && status < 500 ? 'refused' : 'unknown';
  }
}

const CODES: Readonly<Record<string, { readonly code: RefusalCode; readonly words: string }>> = {
  purged: { code: 'purged', words: 'This conversation was deleted for good on another machine' },
  answer_too_large: { code: 'answer_too_large', words: 'What was asked for is too large for one answer' },
  client_id_taken: { code: 'client_id_taken', words: 'The server holds something else under this id' },
};

const WORDS: Readonly<Record<number, string>> = {
  401: 'The server wants you to sign in',
  403: 'The server does not allow this',
  404: 'The server does not know this address or conversation',
  408: 'The server gave up waiting for the request',
  413: 'The server finds the request too large',
  422: 'The server finds the request malformed',
  429: 'The server asks for fewer requests',
  503: 'The server is not available at the moment',
};

/** The error for a status; its message is made of fixed words and the status. `nowMs`: milliseconds since the epoch. */
export function refusalError(refusal: Refusal, nowMs: number): RemoteError {
  const { status } = refusal;
  const retryAfterMs = parseRetryAfter(refusal.retryAfter, nowMs);
  const known = CODES[refusal.code ?? ''];
  return new RemoteError(problemOf(refusal), `${known?.words ?? wordsOf(status)} (status ${status})`, {
    status,
    ...(known === undefined ? {} : { code: known.code }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function wordsOf(status: number): string {
  const words = WORDS[status];
  if (words !== undefined) return words;
  if (status >= 500) return 'The server failed';
  if (status >= 400) return 'The server refused the request';
  if (status >= 300) return 'The server answered with a redirect, which is never followed';
  return 'The server gave an answer that makes no sense';
}
