import * as z from 'zod';
import { parseJson } from '../../http/body.ts';
import { headerOf, type HttpClient, type HttpStream, type HttpStreamRequest } from '../../http/client.ts';
import { HttpError } from '../../http/error.ts';
import { parseRetryAfter } from '../../http/retryAfter.ts';
import { readEvents } from '../../http/sse.ts';
import type { Clock } from '../../model/ids.ts';
import { ResponderError } from '../responder.ts';

/** Where a streamed reply comes from and how one line of it is read. */
export interface ReplySource<T> {
  readonly http: HttpClient;
  readonly request: HttpStreamRequest;
  readonly now: Clock;
  /** Undefined for a line that makes no sense. */
  readonly parse: (data: string) => T | undefined;
  /** Told, once a reply, how many lines made no sense and were left out. */
  readonly onIgnored?: ((lines: number) => void) | undefined;
}

/**
 * The lines of a streamed reply as they come, and `'done'` for `[DONE]`, after which nothing follows. Ends without it
 * when the server ends the stream, whether or not the reply is whole. Throws `ResponderError` when there is no
 * stream, it breaks or none of it makes sense, and the signal's reason when aborted.
 */
export async function* readReply<T>(source: ReplySource<T>, signal: AbortSignal): AsyncGenerator<T | 'done'> {
  let understood = 0;
  let ignored = 0;
  let done = false;
  try {
    for await (const data of readData(source, signal)) {
      done = data.trim() === '[DONE]';
      if (done) break;
      const line = source.parse(data);
      if (line === undefined) {
        ignored++;
      } else {
        understood++;
        yield line;
      }
    }
  } finally {
    if (ignored > 0) source.onIgnored?.(ignored);
  }
  if (ignored > 0 && understood === 0) {
    throw new ResponderError('broken-answer', 'The reply could not be understood');
  }
  if (done) yield 'done';
}

async function* readData(
  { http, request, now }: Pick<ReplySource<unknown>, 'http' | 'request' | 'now'>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    const answer = await http.stream(request, signal);
    if (answer.status !== 200) throw await refusal(answer, now());
    if (!headerOf(answer.headers, 'content-type')?.toLowerCase().startsWith('text/event-stream')) {
      throw new ResponderError('broken-answer', 'The answer is not a streamed reply');
    }
    for await (const event of readEvents(answer.body)) yield event.data;
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof HttpError ? fromHttp(error) : error;
  }
}

function fromHttp(error: HttpError): ResponderError {
  const problem = error.kind === 'not-sent' ? 'unreachable' : 'broken-answer';
  const message = error.code === 'IDLE' ? 'The reply stopped coming' : error.message;
  return new ResponderError(problem, message, { cause: error });
}

async function refusal(answer: HttpStream, nowMs: number): Promise<ResponderError> {
  const { status, headers } = answer;
  const code = await codeIn(answer.body);
  const suffix = `(status ${status}${code === undefined ? '' : `, ${code}`})`;
  if (status === 401) return new ResponderError('signed-out', `The server wants you to sign in ${suffix}`);
  if (status === 429 || status === 503) {
    const wait = waitInWords(parseRetryAfter(headerOf(headers, 'retry-after'), nowMs));
    const what = status === 429 ? 'asks for fewer requests' : 'is not available at the moment';
    return new ResponderError('refused', `The server ${what}; try again ${wait} ${suffix}`);
  }
  if (status === 502 || status === 504) {
    return new ResponderError('unreachable', `The gateway does not reach the server ${suffix}`);
  }
  if (status >= 400 && status < 500)
    return new ResponderError('refused', `${refusedWords(status)} ${suffix}`);
  return new ResponderError('broken-answer', `The server failed to answer ${suffix}`);
}

function refusedWords(status: number): string {
  if (status === 403) return 'The server does not allow this';
  if (status === 404) return 'There is no chat, or no such model, at this address';
  if (status === 413) return 'The server finds the conversation too long';
  return 'The server refused the request';
}

function waitInWords(waitMs: number | undefined): string {
  if (waitMs === undefined) return 'later';
  const seconds = Math.ceil(waitMs / 1000);
  return seconds <= 90 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} min`;
}

const MAX_ERROR_BYTES = 64 * 1024;

/** The machine-readable code in an error body, if there is one. */
async function codeIn(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > MAX_ERROR_BYTES) return undefined;
    }
    return errorCode(parseJson(Buffer.concat(chunks)));
  } catch (error) {
    // The status says enough; an error body that is cut or is no JSON only lacks the code.
    if (error instanceof HttpError) return undefined;
    throw error;
  }
}

/** One identifier such as `model_not_found`. Anything longer could be a sentence with the user's words in it. */
const identifier = z.string().regex(/^[A-Za-z][\w.-]{0,63}$/);
const codes = z.object({
  code: identifier.optional().catch(undefined),
  error_code: identifier.optional().catch(undefined),
  type: identifier.optional().catch(undefined),
});
const errorBody = codes.extend({
  error: codes.optional().catch(undefined),
  detail: codes.optional().catch(undefined),
});

/** Servers' error objects differ in where the code is; their texts are never looked at. */
function errorCode(value: unknown): string | undefined {
  const parsed = errorBody.safeParse(value);
  if (!parsed.success) return undefined;
  const { error, detail, ...outer } = parsed.data;
  for (const found of [error, detail, outer]) {
    const code = found?.error_code ?? found?.code ?? found?.type;
    if (code !== undefined) return code;
  }
  return undefined;
}

/** For an error that the server reports inside the stream. */
export function reportedError(value: unknown): ResponderError {
  const code = errorCode(value);
  const suffix = code === undefined ? '' : ` (${code})`;
  return new ResponderError(
    'broken-answer',
    `The server reported an error while it wrote the reply${suffix}`,
  );
}

/** For a stream that ended without saying that the reply is whole. */
export function cutOff(): ResponderError {
  return new ResponderError('broken-answer', 'The reply was cut off');
}
