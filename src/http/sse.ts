import { createParser, type EventSourceMessage } from 'eventsource-parser';

/**
 * The events of a `text/event-stream` body. A last event without its empty line is given too: a complete line is
 * worth keeping, and a cut one is for the reader of `data` to notice.
 */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<EventSourceMessage> {
  let ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => ready.push(event) });
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* ready;
    ready = [];
  }
  parser.feed(`${decoder.decode()}\n\n`);
  yield* ready;
}
