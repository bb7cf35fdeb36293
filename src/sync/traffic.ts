import { NO_TRIES, type SyncTally, type Tries } from '../store/watching.ts';

/** What a request is about; nothing of it comes from a body. */
export interface RequestFacts {
  readonly method: string;
  /** `create`, `append`, `list` and so on. */
  readonly kind: string;
  /** Ids and numbers only. */
  readonly about: string;
}

/** A request that has ended, as far as it may be written down: no text, no title, no token (I11). */
export interface Exchange extends RequestFacts {
  /** Absent: no answer came. */
  readonly status?: number;
  readonly ms: number;
  /** Of the bodies, in bytes. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Why it failed, in words. */
  readonly problem?: string;
  /** We ended it ourselves: that says nothing about the server. */
  readonly isCancelled?: true;
}

/** One line of the log. */
export function requestLine(exchange: Exchange): string {
  const { method, kind, about, status, ms, sentBytes, receivedBytes, problem } = exchange;
  const end = status === undefined ? 'no answer' : String(status);
  const why = problem === undefined ? '' : `: ${problem}`;
  const of = about === '' ? '' : ` ${about}`;
  return `${method} ${kind}${of} -> ${end}, ${Math.round(ms)} ms, ${sentBytes} B out, ${receivedBytes} B in${why}`;
}

const CREATES: ReadonlySet<string> = new Set(['create']);
const APPENDS: ReadonlySet<string> = new Set(['append', 'append all']);

/** Counts the requests of one account in this window. */
export class Traffic {
  private readonly onEnd: (exchange: Exchange) => void;
  private readonly now: () => number;
  private underWay = 0;
  private window: SyncTally;

  constructor(account: string, now: () => number, onEnd: (exchange: Exchange) => void = () => undefined) {
    this.now = now;
    this.onEnd = onEnd;
    this.window = emptyTally(account, now());
  }

  /** Requests that have begun and have not ended. */
  get inFlight(): number {
    return this.underWay;
  }

  /** Since this window began with this account. */
  get tally(): SyncTally {
    return this.window;
  }

  begin(): void {
    this.underWay += 1;
  }

  end(exchange: Exchange): void {
    this.underWay -= 1;
    this.change((tally, at) => withExchange(tally, exchange, at));
    this.onEnd(exchange);
  }

  /** Bytes of an answer that goes on. */
  received(bytes: number): void {
    this.change((tally) => ({ ...tally, receivedBytes: tally.receivedBytes + bytes }));
  }

  noteStartUp(startUpMs: number): void {
    this.change((tally) => ({ ...tally, startUpMs }));
  }

  private change(by: (tally: SyncTally, at: number) => SyncTally): void {
    this.window = by(this.window, this.now());
  }
}

function emptyTally(account: string, since: number): SyncTally {
  return {
    account,
    since,
    creates: NO_TRIES,
    appends: NO_TRIES,
    requests: 0,
    sentBytes: 0,
    receivedBytes: 0,
  };
}

function withExchange(tally: SyncTally, exchange: Exchange, at: number): SyncTally {
  const { kind, sentBytes, receivedBytes, problem, isCancelled } = exchange;
  const isError = problem !== undefined && isCancelled !== true;
  return {
    ...tally,
    requests: tally.requests + 1,
    sentBytes: tally.sentBytes + sentBytes,
    receivedBytes: tally.receivedBytes + receivedBytes,
    ...(CREATES.has(kind) && { creates: withTry(tally.creates, exchange) }),
    ...(APPENDS.has(kind) && { appends: withTry(tally.appends, exchange) }),
    ...(isError && { lastError: { at, words: problem } }),
  };
}

function withTry(tries: Tries, { status }: Exchange): Tries {
  const end =
    status === undefined || status >= 500 ? 'unanswered' : status >= 200 && status < 300 ? 'ok' : 'refused';
  return { ...tries, [end]: tries[end] + 1 };
}
