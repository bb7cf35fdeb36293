import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type ChatEvent, chatEventSchema } from '../../src/protocol/api.ts';

export interface ChatStream {
  readonly status: number;
  readonly headers: Headers;
  /** The body of an answer that is no stream. */
  readonly problem: unknown;
  /** One parsed object per `data:` line, in order; ends at `[DONE]`. Throws when the connection is cut before it. */
  readonly events: AsyncIterable<ChatEvent>;
}

/** Posts to the chat stream of the server at `address`. */
export async function openChat(
  address: string,
  body: unknown,
  options: { signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<ChatStream> {
  const response = await fetch(`${address}/api/navi/chat/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...options.headers },
    body: JSON.stringify(body),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  return {
    status: response.status,
    headers: response.headers,
    problem: isStream ? undefined : await response.json(),
    events: readEvents(response),
  };
}

/** All events of a chat, once it is over. */
export async function chat(address: string, body: unknown): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const event of (await openChat(address, body)).events) events.push(event);
  return events;
}

async function* readEvents(response: Response): AsyncGenerator<ChatEvent> {
  if (response.body === null) throw new Error('The answer has no body.');
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    if (data === '[DONE]') return;
    yield chatEventSchema.parse(JSON.parse(data));
  }
  throw new Error('The stream ended without [DONE].');
}
