/** Relays a prompt to an OpenAI-compatible `POST <base>/chat/completions` and turns its stream into ours. */
import { EventSourceParserStream } from 'eventsource-parser/stream';
import * as z from 'zod';
import type { ChatRequest } from '../../protocol/api.ts';
import { type ChatResponder, ReplyError, type StreamEvent } from '../chat/responder.ts';
import { HttpError } from './errors.ts';

export interface OpenAiUpstream {
  /** Without a trailing slash, e.g. `http://127.0.0.1:11434/v1`. */
  readonly baseUrl: string;
  readonly apiKey?: string;
  readonly model: string;
}

/** Longest single event, in UTF-16 units: a broken upstream must not fill the memory. */
const MAX_EVENT_LENGTH = 4_000_000;
/** A model that is loaded first may take minutes until its first token. */
const FIRST_ANSWER_MS = 300_000;

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z.object({ content: z.string().nullish(), reasoning_content: z.string().nullish() }).nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .default([]),
  error: z.unknown().optional(),
});

export function openAiResponder(upstream: OpenAiUpstream): ChatResponder {
  return {
    respond: async (request, signal) => {
      const response = await post(upstream, request, signal);
      if (!response.ok || response.body === null) {
        await response.body?.cancel();
        throw refusal(response);
      }
      return readReply(response.body);
    },
  };
}

async function post(upstream: OpenAiUpstream, request: ChatRequest, signal: AbortSignal): Promise<Response> {
  const waiting = new AbortController();
  const timer = setTimeout(
    () => waiting.abort(new Error('The model did not answer in time.')),
    FIRST_ANSWER_MS,
  );
  try {
    return await fetch(`${upstream.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        ...(upstream.apiKey === undefined ? {} : { authorization: `Bearer ${upstream.apiKey}` }),
      },
      body: JSON.stringify({
        model: request.model ?? upstream.model,
        stream: true,
        messages: messagesOf(request),
      }),
      // A redirect would carry the conversation to an address that nobody configured.
      redirect: 'error',
      signal: AbortSignal.any([signal, waiting.signal]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new HttpError(
      503,
      'The chat model cannot be reached. Check NAVI_CHAT_BASE_URL.',
      {},
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
  }
}

function messagesOf(request: ChatRequest) {
  const history = (request.conversation_history ?? []).map(({ type, content }) => ({ role: type, content }));
  // Empty messages say nothing, and some servers refuse the whole request for one.
  return [...history.filter(({ content }) => content !== ''), { role: 'user', content: request.message }];
}

/** The upstream's own text stays out: it may quote the prompt. Its 401 is about the server's key, not the user's. */
function refusal(response: Response): HttpError {
  if (response.status === 429) {
    const wait = response.headers.get('retry-after');
    return new HttpError(
      429,
      'The chat model is busy; try again later.',
      wait === null ? {} : { 'retry-after': wait },
    );
  }
  const mend =
    response.status === 401 || response.status === 403
      ? ' Check NAVI_CHAT_API_KEY.'
      : response.status === 404
        ? ' Check NAVI_CHAT_BASE_URL and NAVI_CHAT_MODEL.'
        : '';
  return new HttpError(503, `The chat model answered with status ${response.status}.${mend}`);
}

async function* readReply(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<StreamEvent> {
  const events = body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: MAX_EVENT_LENGTH }));
  let finish: string | undefined;
  for await (const { data } of events) {
    if (data === '[DONE]') {
      finish ??= 'stop';
      break;
    }
    const chunk = parseChunk(data);
    if (chunk.error !== undefined && chunk.error !== null) {
      throw new ReplyError('The chat model reported an error.');
    }
    const choice = chunk.choices[0];
    if (isText(choice?.delta?.reasoning_content)) yield { thinking: choice.delta.reasoning_content };
    if (isText(choice?.delta?.content)) yield { content: choice.delta.content };
    finish = choice?.finish_reason ?? finish;
  }
  if (finish === undefined) throw new ReplyError("The chat model's reply ended before it was whole.");
  if (finish === 'length') throw new ReplyError("The reply was cut at the chat model's length limit.");
  yield { done: true, summary: 'Reply complete.' };
}

function parseChunk(data: string): z.infer<typeof chunkSchema> {
  try {
    return chunkSchema.parse(JSON.parse(data));
  } catch {
    // The cause is dropped: it quotes the reply.
    throw new ReplyError('The chat model sent something that is no chat completion.');
  }
}

function isText(value: string | null | undefined): value is string {
  return typeof value === 'string' && value !== '';
}
