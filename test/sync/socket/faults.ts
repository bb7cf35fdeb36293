/** What networks, proxies and dying servers do to one request, as bytes on its socket. */
import { setImmediate as turn } from 'node:timers/promises';
import { headOf, type WireAnswer, type WireExchange, type WireFault } from '../../support/wireProxy.ts';

/** Whether the server acts on the request before its client is lied to. */
export type Phase = 'before' | 'after';

export interface FaultTools {
  /** Address of another origin, which nobody may ever ask. */
  readonly trap: string;
  /** Counts the faults of one kind, so that each takes the next of its variants. */
  readonly next: () => number;
  /** Calls back while the request may still be alive, by the clock of the client. */
  readonly later: (callback: () => void) => void;
  /** An answer that the same kind of request got earlier. */
  readonly earlier: (exchange: WireExchange) => WireAnswer | undefined;
}

export interface SocketFault {
  readonly name: string;
  readonly phases: readonly Phase[];
  /** `refuse`: nothing listens. `flap`: every second request only. */
  readonly how?: 'refuse' | 'flap';
  /** It makes no difference to requests that only read. */
  readonly isForWrites?: true;
  /** It comes while the request is still on its way. */
  readonly isEarly?: true;
  readonly play: (exchange: WireExchange, tools: FaultTools) => Promise<void> | void;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const HTML = '<!doctype html><title>Sign in to the network</title>';
const HUGE = '99999999999999999999';

/** Answers with something that the server did not say. */
function says(answer: (tools: FaultTools) => WireAnswer): SocketFault['play'] {
  return (exchange, tools) => exchange.answer(answer(tools));
}

function refusal(status: number, headers: Readonly<Record<string, string>> = {}): SocketFault['play'] {
  const body = Buffer.from(JSON.stringify({ detail: `fault ${status}` }));
  return says(() => ({ status, headers: { ...JSON_TYPE, ...headers }, body }));
}

/** Sends the first bytes of the true answer, a `share` of all; its head claims another length, perhaps. */
async function begin(
  exchange: WireExchange,
  share: number,
  claimed: (length: number) => number = (length) => length,
): Promise<void> {
  const answer = await exchange.forward();
  const all = Buffer.concat([headOf(answer, claimed(answer.body.length)), answer.body]);
  await write(exchange.socket, all.subarray(0, Math.ceil(all.length * share)));
}

/** Resolves when the bytes are with the system: what ends the connection then does not overtake them here. */
async function write(socket: WireExchange['socket'], bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}

const both: readonly Phase[] = ['before', 'after'];
const before: readonly Phase[] = ['before'];
/** A fault of the answer itself: the server has acted. */
const after: readonly Phase[] = ['after'];

/** Odd values of `Retry-After`; a date is one second, or a year, from the real now. */
const RETRY_AFTER: readonly (() => string | undefined)[] = [
  () => undefined,
  () => '-5',
  () => HUGE,
  () => 'soon',
  () => '',
  () => '1.5',
  () => '0',
  () => new Date(Date.now() + 1_000).toUTCString(),
  () => new Date(0).toUTCString(),
  () => new Date(Date.now() + 365 * 24 * 60 * 60_000).toUTCString(),
];
const REDIRECTS = [301, 302, 303, 307, 308];

export const SOCKET_FAULTS: readonly SocketFault[] = [
  { name: 'refused connections', phases: before, how: 'refuse', play: (exchange) => exchange.reset() },
  { name: 'a black hole', phases: both, play: (exchange) => exchange.stall() },
  {
    name: 'a reset before the request is whole',
    phases: before,
    isEarly: true,
    play: (exchange) => exchange.reset(),
  },
  { name: 'a reset after the request', phases: both, play: (exchange) => exchange.reset() },
  {
    name: 'the end of the connection instead of an answer',
    phases: both,
    play: ({ socket }) => void socket.end(),
  },
  {
    name: 'a reset in the head of the answer',
    phases: after,
    play: async (exchange) => {
      await begin(exchange, 0.05);
      exchange.reset();
    },
  },
  {
    name: 'a reset in the middle of the answer',
    phases: after,
    play: async (exchange) => {
      await begin(exchange, 0.8);
      exchange.reset();
    },
  },
  {
    name: 'the end of the connection in the middle of the answer',
    phases: after,
    play: async (exchange) => {
      await begin(exchange, 0.9);
      exchange.socket.end();
    },
  },
  {
    name: 'a commit after the client has given up',
    phases: before,
    isForWrites: true,
    play: async (exchange, { later }) => {
      const late = new Promise<void>((resolve) => later(resolve));
      exchange.stall();
      await late;
      await exchange.forward();
    },
  },
  {
    name: 'a slow drip that arrives whole',
    phases: after,
    play: async (exchange) => {
      const answer = await exchange.forward();
      const bytes = Buffer.concat([headOf(answer), answer.body]);
      const size = Math.ceil(bytes.length / 40);
      for (let from = 0; from < bytes.length; from += size) {
        exchange.socket.write(bytes.subarray(from, from + size));
        await turn();
      }
    },
  },
  {
    name: 'a drip that dries up',
    phases: after,
    play: async (exchange) => {
      await begin(exchange, 0.95);
      exchange.stall();
    },
  },
  {
    name: 'cut JSON under its true length',
    phases: after,
    play: async (exchange) => {
      const answer = await exchange.forward();
      exchange.answer({ ...answer, body: answer.body.subarray(0, answer.body.length - 1) });
    },
  },
  {
    name: 'a length that is too large, then the end',
    phases: after,
    play: async (exchange) => {
      await begin(exchange, 1, (length) => length + 10);
      exchange.socket.end();
    },
  },
  {
    name: 'a length that is too large, then silence',
    phases: after,
    play: async (exchange) => {
      await begin(exchange, 1, (length) => length + 10);
      exchange.stall();
    },
  },
  {
    name: 'a length that is too small',
    phases: after,
    play: (exchange) => begin(exchange, 1, (length) => length - 10),
  },
  {
    name: 'the answer twice',
    phases: after,
    play: async (exchange) => {
      const answer = await exchange.forward();
      await write(exchange.socket, Buffer.concat([headOf(answer), answer.body]));
      exchange.answer(answer);
    },
  },
  {
    name: 'the answer to an earlier request',
    phases: after,
    play: async (exchange, { earlier }) => {
      const answer = await exchange.forward();
      exchange.answer(earlier(exchange) ?? answer);
    },
  },
  {
    name: 'an interim answer first',
    phases: after,
    play: async (exchange) => {
      const answer = await exchange.forward();
      exchange.socket.write('HTTP/1.1 102 Processing\r\n\r\n');
      exchange.answer(answer);
    },
  },
  {
    name: 'bytes that are not HTTP',
    phases: both,
    play: ({ socket }) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
  },
  {
    name: '200 with HTML',
    phases: both,
    play: says(() => ({ status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from(HTML) })),
  },
  {
    name: '200 with JSON of other types',
    phases: both,
    play: says(() => ({ status: 200, headers: JSON_TYPE, body: Buffer.from('{"id":7,"items":{}}') })),
  },
  {
    name: '204 without a body',
    phases: both,
    play: says(() => ({ status: 204, headers: {}, body: Buffer.alloc(0) })),
  },
  {
    name: 'plain bytes that claim to be compressed',
    phases: after,
    play: async (exchange) => {
      const { headers, ...answer } = await exchange.forward();
      exchange.answer({ ...answer, headers: { ...headers, 'content-encoding': 'gzip' } });
    },
  },
  {
    name: 'a redirect',
    phases: both,
    play: says(({ trap, next }) => ({
      status: REDIRECTS[next() % REDIRECTS.length] ?? 301,
      headers: { location: `${trap}/api/navi-memory/conversations` },
      body: Buffer.alloc(0),
    })),
  },
  { name: '401 at every second request', phases: before, how: 'flap', play: refusal(401) },
  ...[403, 407].map((status) => ({ name: String(status), phases: before, play: refusal(status) })),
  ...[404, 409, 413, 422].map((status) => ({ name: String(status), phases: both, play: refusal(status) })),
  {
    name: '429 with an odd Retry-After',
    phases: before,
    play: (exchange, tools) => {
      const value = RETRY_AFTER[tools.next() % RETRY_AFTER.length]?.();
      return refusal(429, value === undefined ? {} : { 'retry-after': value })(exchange, tools);
    },
  },
  ...[408, 500, 501, 502, 503, 504].map((status) => ({
    name: String(status),
    phases: both,
    play: refusal(status),
  })),
  {
    name: '503 with Retry-After',
    phases: both,
    play: refusal(503, { 'retry-after': '2' }),
  },
  {
    name: 'an idle close that crosses the next request',
    phases: after,
    play: async (exchange) => {
      exchange.answer(await exchange.forward());
      exchange.socket.end();
    },
  },
  {
    name: 'a reset right after the answer',
    phases: after,
    play: async (exchange) => {
      const answer = await exchange.forward();
      await write(exchange.socket, Buffer.concat([headOf(answer), answer.body]));
      exchange.reset();
    },
  },
  {
    name: 'a reset when a connection is used again',
    phases: before,
    play: async (exchange) => {
      if (exchange.request.isReused) exchange.reset();
      else exchange.answer(await exchange.forward());
    },
  },
];

/** The fault in its place before or after the server acts on the request. */
export function faultAt(fault: SocketFault, phase: Phase, tools: FaultTools): WireFault {
  return async (exchange) => {
    if (phase === 'after') await exchange.forward();
    else if (fault.isEarly !== true) await exchange.whole();
    await fault.play(exchange, tools);
  };
}
