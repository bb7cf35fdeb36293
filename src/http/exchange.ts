import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { classify, type Attempt } from './classify.ts';
import { HttpError } from './error.ts';
import type { StartTimer, Timer } from './timer.ts';

export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The beginning of an answer; `body` fails with `HttpError` when the rest does not come. */
export interface Head {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: HttpHeaders;
  readonly body: Readable;
}

/** How long an answer may take (milliseconds) and how large it may be (bytes, as they come over the wire). */
export interface Limits {
  /** From the call to the first byte of the answer's head, for a stream; to the last byte of all, otherwise. */
  readonly deadlineMs: number;
  /** Between two pieces of a stream; absent: the deadline is for the whole answer. */
  readonly idleMs?: number;
  readonly maxBytes: number;
}

/** Where a request goes and by what it is bounded. */
export interface Course {
  /** Scheme, host and port, for messages. */
  readonly origin: string;
  readonly via: Attempt['via'];
  readonly limits: Limits;
  /** Any of them ends it. Not joined into one: to follow others took a quarter of what an exchange takes of the thread. */
  readonly signals: readonly AbortSignal[];
  readonly startTimer: StartTimer;
  readonly hasNetwork: () => boolean;
}

/**
 * One request and its answer. Undici calls `onRequestStart` immediately before it writes, and only on a connected
 * socket, so that everything that fails earlier is certain not to have been sent, and everything later is not.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #course: Course;
  readonly #head = Promise.withResolvers<Head>();
  #controller: Dispatcher.DispatchController | undefined;
  #body: Readable | undefined;
  #timer: Timer;
  #paused = false;
  #bytes = 0;
  #settled = false;

  constructor(course: Course) {
    this.#course = course;
    this.#timer = course.startTimer(course.limits.deadlineMs, this.#onDeadline);
    for (const signal of course.signals) signal.addEventListener('abort', this.#onAbort);
  }

  /** Hands the request over and waits for the head of the answer. Throws `HttpError`. */
  run(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions): Promise<Head> {
    try {
      dispatcher.dispatch(request, this);
    } catch (error) {
      this.#failWith(error);
    }
    return this.#head.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while it was still connecting: this is the last moment at which nothing has been written.
    if (this.#settled) controller.abort(new Error('given up'));
    else this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpHeaders): void {
    if (this.#settled || status < 200) return;
    this.#body = new Readable({
      read: () => this.#resume(),
      destroy: (error, callback) => {
        this.#discard();
        callback(error);
      },
    });
    // Whoever reads the body meets the error there; until then it must not end the process.
    this.#body.on('error', () => undefined);
    const { limits, startTimer } = this.#course;
    if (limits.idleMs !== undefined) {
      this.#timer.stop();
      this.#timer = startTimer(limits.idleMs, this.#onIdle);
    }
    this.#head.resolve({ status, headers, body: this.#body });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled || this.#body === undefined) return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#course.limits.maxBytes) {
      this.#fail(this.#broken('TOO_LARGE', `is larger than ${this.#course.limits.maxBytes} bytes`));
      return;
    }
    if (this.#course.limits.idleMs !== undefined) this.#timer.restart();
    if (this.#body.push(chunk)) return;
    this.#paused = true;
    controller.pause();
  }

  onResponseEnd(): void {
    if (this.#settled) return;
    this.#settle();
    this.#body?.push(null);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#failWith(error);
  }

  #resume(): void {
    if (!this.#paused || this.#settled) return;
    this.#paused = false;
    if (this.#course.limits.idleMs !== undefined) this.#timer.restart();
    this.#controller?.resume();
  }

  readonly #onAbort = (): void => {
    const sent = this.#controller !== undefined;
    this.#fail(
      new HttpError('aborted', 'ABORTED', `The request to ${this.#course.origin} was cancelled`, sent),
    );
  };

  readonly #onDeadline = (): void => {
    this.#fail(
      this.#controller === undefined
        ? new HttpError(
            'not-sent',
            'DEADLINE',
            `Could not connect to ${this.#course.origin} in time (DEADLINE)`,
          )
        : this.#broken('DEADLINE', `did not come within ${this.#course.limits.deadlineMs} ms`),
    );
  };

  readonly #onIdle = (): void => {
    // While the reader is the slow side, silence says nothing about the server.
    if (this.#paused) this.#timer.restart();
    else this.#fail(this.#broken('IDLE', `stopped for ${this.#course.limits.idleMs ?? 0} ms`));
  };

  #broken(code: string, what: string): HttpError {
    return new HttpError('broken', code, `The answer of ${this.#course.origin} ${what} (${code})`);
  }

  #failWith(error: unknown): void {
    if (this.#settled) return;
    const { origin, via, hasNetwork } = this.#course;
    this.#fail(
      classify(error, { origin, via, sent: this.#controller !== undefined, isOffline: !hasNetwork() }),
    );
  }

  #fail(error: HttpError): void {
    if (this.#settled) return;
    this.#settle();
    this.#head.reject(error);
    this.#body?.destroy(error);
    this.#controller?.abort(error);
  }

  /** The reader wants no more: the rest of the answer would only keep the socket. */
  #discard(): void {
    if (this.#settled) return;
    this.#settle();
    this.#controller?.abort(new Error('discarded'));
  }

  #settle(): void {
    this.#settled = true;
    this.#timer.stop();
    for (const signal of this.#course.signals) signal.removeEventListener('abort', this.#onAbort);
  }
}
