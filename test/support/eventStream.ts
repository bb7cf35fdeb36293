import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type Change, changesAnswerSchema } from '../../src/protocol/abilities.ts';

export interface StreamedEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** A client of the live events: takes them one by one, and can hang up. */
export class EventStream {
  readonly status: number;
  readonly headers: Headers;
  /** The body of an answer that is no stream. */
  readonly problem: unknown;
  readonly #events: AsyncIterator<{ event?: string | undefined; id?: string | undefined; data: string }>;
  readonly #leaving: AbortController;
  readonly #comments: string[] = [];

  private constructor(response: Response, problem: unknown, leaving: AbortController) {
    this.status = response.status;
    this.headers = response.headers;
    this.problem = problem;
    this.#leaving = leaving;
    const parser = new EventSourceParserStream({ onComment: (comment) => void this.#comments.push(comment) });
    const stream = problem === undefined ? response.body : null;
    this.#events = (stream ?? new ReadableStream<Uint8Array<ArrayBuffer>>())
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(parser)
      [Symbol.asyncIterator]();
  }

  static async open(address: string, headers: Record<string, string>, query = ''): Promise<EventStream> {
    const leaving = new AbortController();
    const response = await fetch(`${address}/api/navi-memory/events${query}`, {
      headers,
      signal: leaving.signal,
    });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
    return new EventStream(response, isStream ? undefined : await response.json(), leaving);
  }

  /** Comments so far: signs of life. */
  get comments(): readonly string[] {
    return this.#comments;
  }

  /** Undefined when the server has ended the stream. */
  async next(): Promise<StreamedEvent | undefined> {
    const result = await this.#events.next();
    if (result.done === true) return undefined;
    const { value } = result;
    return { event: value.event ?? 'message', id: value.id, data: JSON.parse(value.data) as unknown };
  }

  /** The changes of the next event, and the place behind them. */
  async changes(): Promise<{ readonly changes: readonly Change[]; readonly id: string | undefined }> {
    const event = await this.next();
    if (event?.event !== 'changes') throw new Error(`Not changes but ${event?.event ?? 'the end'}.`);
    return { changes: changesAnswerSchema.parse(event.data).changes, id: event.id };
  }

  leave(): void {
    this.#leaving.abort();
  }
}
