import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isDiskFull } from '../storage/diskFull.ts';
import { AnswerTooLargeError, OutcomeUnknownError, StorageUnavailableError } from '../storage/repository.ts';

/** One complaint about a request. Names the place, never repeats what stood there. */
export interface Complaint {
  readonly type: string;
  readonly loc: readonly string[];
  readonly msg: string;
}

/** An answer that is no success. `detail` goes out, so it holds no text of a conversation. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly statusCode: number;
  readonly detail: string | readonly Complaint[];
  readonly headers: Readonly<Record<string, string>>;
  /** For programs; goes out as `error_code`. */
  readonly errorCode: string | undefined;
  constructor(
    statusCode: number,
    detail: string | readonly Complaint[],
    headers: Readonly<Record<string, string>> = {},
    options: ErrorOptions & { readonly errorCode?: string } = {},
  ) {
    super(typeof detail === 'string' ? detail : 'The request is not valid.', options);
    this.statusCode = statusCode;
    this.detail = detail;
    this.headers = headers;
    this.errorCode = options.errorCode;
  }
}

/** 422 with the one complaint `msg` about `loc`. */
export function unprocessable(msg: string, ...loc: readonly string[]): HttpError {
  return new HttpError(422, [{ type: 'value_error', loc, msg }]);
}

/** Turns whatever was thrown into `{detail}`. Nothing of an unexpected error goes out: it may quote content. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const known = knownError(error);
  // What is turned away under load is expected, and writing it all down would add to the load.
  const isExpected = known !== undefined && (known.statusCode < 500 || EXPECTED.has(known.errorCode ?? ''));
  if (!isExpected) request.log.error({ err: error }, 'request failed');
  const { statusCode, detail, headers, errorCode } = known ?? new HttpError(500, 'Internal server error.');
  const body = {
    detail,
    ...(errorCode === undefined ? {} : { error_code: errorCode }),
    ...(statusCode >= 500 && { request_id: request.id }),
  };
  void reply.code(statusCode).headers(headers).type('application/json; charset=utf-8').send(body);
}

const EXPECTED: ReadonlySet<string> = new Set(['overloaded', 'not_ready']);

function knownError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof StorageUnavailableError) {
    // Promised by the error's class: nothing was changed, so the client may simply come back.
    return new HttpError(503, error.message, { 'retry-after': '1' });
  }
  if (error instanceof OutcomeUnknownError)
    return new HttpError(503, error.message, { 'retry-after': '1' }, { errorCode: 'outcome_unknown' });
  if (error instanceof AnswerTooLargeError)
    return new HttpError(422, ANSWER_TOO_LARGE, {}, { errorCode: 'answer_too_large' });
  if (isDiskFull(error)) return new HttpError(507, "The server's disk is full. Nothing was stored.");
  if (isFastifyError(error) && error.statusCode !== undefined && error.statusCode < 500) {
    return new HttpError(
      error.statusCode,
      FRAMEWORK_DETAILS[error.code] ?? STATUS_CODES[error.statusCode] ?? 'Bad request',
    );
  }
  return undefined;
}

const ANSWER_TOO_LARGE =
  'These messages are too large for one answer. Ask for fewer of them (message_limit), or page by page (.../messages).';

/** The framework's own texts quote the request; these do not. */
const FRAMEWORK_DETAILS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'The request body is larger than 20 MB.',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'The request body must be application/json.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The request body is not as long as its Content-Length says.',
  FST_ERR_BAD_URL: 'The URL is not valid.',
};

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'statusCode' in error && 'code' in error && typeof error.code === 'string';
}
