import { isText } from '../../model/attachment.ts';
import * as z from 'zod';
import type { HttpClient } from '../../http/client.ts';
import type { Clock, IdSource } from '../../model/ids.ts';
import { ResponderError, type Prompt, type ReplyEvent, type Responder } from '../responder.ts';
import { configuredBase, type ChatConnection } from './naviResponder.ts';
import { cutOff, readReply, reportedError } from './replyStream.ts';
import { Thinking } from './thinking.ts';

export interface OpenaiResponderOptions {
  readonly http: HttpClient;
  /** `baseUrl` up to and without `/chat/completions`, e.g. `http://127.0.0.1:11434/v1`; `token` is the API key. */
  readonly connection: () => Promise<Pick<ChatConnection, 'baseUrl' | 'token'>>;
  readonly newId: IdSource;
  readonly now: Clock;
  /** Told, once a reply, how many lines of it made no sense and were left out. */
  readonly onIgnored?: (lines: number) => void;
}

/** A local server loads its model, and reads a long conversation, before it says anything; and has no heartbeat. */
const FIRST_BYTE_MS = 300_000;
const IDLE_MS = 300_000;

const chunkSchema = z.object({
  choices: z
    .array(
      z.object({
        delta: z
          .object({
            content: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            /** The name that some servers give to `reasoning_content`. */
            reasoning: z.string().nullish(),
            /** A model's own "I will not": its words in place of `content`. */
            refusal: z.string().nullish(),
          })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  error: z.json().optional(),
});
type Chunk = z.infer<typeof chunkSchema>;

/** Replies of any server that speaks OpenAI's chat completions. */
export class OpenaiResponder implements Responder {
  readonly #options: OpenaiResponderOptions;

  constructor(options: OpenaiResponderOptions) {
    this.#options = options;
  }

  async *respond(prompt: Prompt, signal: AbortSignal): AsyncGenerator<ReplyEvent> {
    const { http, connection, newId, now, onIgnored } = this.#options;
    const { baseUrl, token } = await connection();
    const base = configuredBase(baseUrl);
    const request = {
      method: 'POST',
      url: `${base.origin}${base.path}/chat/completions`,
      token: token === '' ? undefined : token,
      headers: { Accept: 'text/event-stream' },
      json: bodyOf(prompt),
      deadlineMs: FIRST_BYTE_MS,
      idleMs: IDLE_MS,
    } as const;
    const thinking = new Thinking(newId);
    let finish: string | undefined;
    for await (const line of readReply({ http, request, now, parse: parseChunk, onIgnored }, signal)) {
      // Some servers end the stream after `finish_reason` without `[DONE]`, others send nothing but `[DONE]`.
      if (line === 'done') finish ??= 'stop';
      else {
        if (line.error !== undefined && line.error !== null) throw reportedError(line.error);
        yield* eventsOf(line, thinking);
        finish = line.choices?.[0]?.finish_reason ?? finish;
      }
    }
    if (finish === undefined) throw cutOff();
    yield* endOf(thinking);
    if (finish === 'length')
      throw unfinished('The model stopped at its length limit; the reply is not whole');
    if (finish === 'content_filter') throw unfinished('A filter of the server ended the reply');
  }
}

function unfinished(message: string): ResponderError {
  return new ResponderError('broken-answer', message);
}

/** Text files stand before the words that speak of them; images as data URLs; what is neither cannot be said. */
function contentOf({ text, attachments = [] }: Prompt): string | object[] {
  if (attachments.length === 0) return text;
  const blocks = attachments.map((attachment): object => {
    const { mime, name, path, content } = attachment;
    if (mime.startsWith('image/')) return { type: 'image_url', image_url: { url: content } };
    const words = isText(attachment) ? `${path ?? name}:\n${content}` : `[${name}: not a text]`;
    return { type: 'text', text: words };
  });
  return [...blocks, { type: 'text', text }];
}

function bodyOf(prompt: Prompt): object {
  const { history, model } = prompt;
  return {
    ...(model === undefined || model === '' ? {} : { model }),
    messages: [
      ...history.map(({ role, content }) => ({ role, content })),
      { role: 'user', content: contentOf(prompt) },
    ],
    stream: true,
  };
}

function parseChunk(data: string): Chunk | undefined {
  try {
    return chunkSchema.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}

function* eventsOf(chunk: Chunk, thinking: Thinking): Generator<ReplyEvent> {
  const delta = chunk.choices?.[0]?.delta;
  const thought = delta?.reasoning_content || delta?.reasoning;
  if (thought) yield { type: 'activity', activity: thinking.add(thought) };
  const text = delta?.content || delta?.refusal;
  if (!text) return;
  yield* endOf(thinking);
  yield { type: 'text', text };
}

function endOf(thinking: Thinking): ReplyEvent[] {
  return thinking.end().map((activity) => ({ type: 'activity', activity }));
}
