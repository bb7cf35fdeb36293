import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { classify } from './classify.ts';
import { HttpError } from './error.ts';

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

/**
 * One request and its answer. Undici calls `onRequestStart` immediately before it writes, and only on a connected
 * socket, so that everything that fails earlier is certain not to have been sent, and everything later is not.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #origin: string;
  readonly #viaProxy: boolean;
  readonly #limits: Limits;
  readonly #signal: AbortSignal;
  readonly #head = Promise.withResolvers<Head>();
  #controller: Dispatcher.DispatchController | undefined;
  #body: Readable | undefined;
  #timer: NodeJS.Timeout;
  #paused = false;
  #bytes = 0;
  #settled = false;

  constructor(origin: string, viaProxy: boolean, limits: Limits, signal: AbortSignal) {
    this.#origin = origin;
    this.#viaProxy = viaProxy;
    this.#limits = limits;
    this.#signal = signal;
    this.#timer = setTimeout(this.#onDeadline, limits.deadlineMs);
    signal.addEventListener('abort', this.#onAbort);
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
    if (this.#limits.idleMs !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#onIdle, this.#limits.idleMs);
    }
    this.#head.resolve({ status, headers, body: this.#body });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled || this.#body === undefined) return;
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#limits.maxBytes) {
      this.#fail(this.#broken('TOO_LARGE', `is larger than ${this.#limits.maxBytes} bytes`));
      return;
    }
    if (this.#limits.idleMs !== undefined) this.#timer.refresh();
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
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#limits.idleMs !== undefined) this.#timer.refresh();
    this.#controller?.resume();
  }

  readonly #onAbort = (): void => {
    const sent = this.#controller !== undefined;
    this.#fail(new HttpError('aborted', 'ABORTED', `The request to ${this.#origin} was cancelled`, sent));
  };

  readonly #onDeadline = (): void => {
    this.#fail(
      this.#controller === undefined
        ? new HttpError('not-sent', 'DEADLINE', `Could not connect to ${this.#origin} in time (DEADLINE)`)
        : this.#broken('DEADLINE', `did not come within ${this.#limits.deadlineMs} ms`),
    );
  };

  readonly #onIdle = (): void => {
    // While the reader is the slow side, silence says nothing about the server.
    if (this.#paused) this.#timer.refresh();
    else this.#fail(this.#broken('IDLE', `stopped for ${this.#limits.idleMs ?? 0} ms`));
  };

  #broken(code: string, what: string): HttpError {
    return new HttpError('broken', code, `The answer of ${this.#origin} ${what} (${code})`);
  }

  #failWith(error: unknown): void {
    const attempt = {
      origin: this.#origin,
      viaProxy: this.#viaProxy,
      sent: this.#controller !== undefined,
    };
    this.#fail(classify(error, attempt));
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
    clearTimeout(this.#timer);
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
