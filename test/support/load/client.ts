/** A client that works without a pause, repeats what got no answer, and keeps a log of what was acknowledged. */
import { setTimeout as wait } from 'node:timers/promises';
import { Client, type Dispatcher } from 'undici';
import * as z from 'zod';
import { batchAnswerSchema } from '../../../src/protocol/abilities.ts';
import { Random } from '../crash/random.ts';
import { Deeds, MIXED, type LoadDeed, type Mix } from './deed.ts';

const CONVERSATIONS = '/api/navi-memory/conversations';
const PATIENCE_MS = 30_000;

export interface LoadStep {
  readonly deed: LoadDeed;
  /** False: it got no answer and was not repeated. */
  readonly isAcknowledged: boolean;
}

export interface LoadOptions {
  /** Part of its client ids. */
  readonly name: string;
  readonly seed: number;
  /** Whose conversations it writes. */
  readonly headers: Readonly<Record<string, string>>;
  /** A conversation into which others write as well. */
  readonly shared: string;
  readonly mix?: Mix;
  /** Share of the deeds without an answer that it gives up instead of repeating them. */
  readonly abandons?: number;
  /** False: it only counts, for a log of minutes would fill the memory. */
  readonly keepsLog?: boolean;
  readonly onAcknowledged?: () => void;
}

/** What came back, in numbers. */
export interface Tally {
  acknowledged: number;
  creates: number;
  messages: number;
  /** Answers 429 and 503: announced, waited for, repeated. */
  busy: number;
  /** Requests without an answer. */
  lost: number;
  /** Milliseconds from each acknowledged request to its answer. */
  readonly latencies: number[];
}

type Outcome =
  { readonly is: 'done'; readonly body: unknown } | { readonly is: 'busy'; readonly waitMs: number };

export class LoadClient {
  readonly headers: Readonly<Record<string, string>>;
  readonly tally: Tally = { acknowledged: 0, creates: 0, messages: 0, busy: 0, lost: 0, latencies: [] };
  readonly #options: LoadOptions;
  readonly #random: Random;
  readonly #deeds: Deeds;
  readonly #own: string[] = [];
  readonly #log: LoadStep[] = [];
  #pending: LoadDeed | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.headers = options.headers;
    this.#random = new Random(options.seed);
    this.#deeds = new Deeds(options.name, this.#random, options.mix ?? MIXED);
  }

  /**
   * Works at the first of `addresses`, and goes on at the next when one is lost, until none is left or `signal` ends it
   * between two deeds. Rejects on an answer that is neither a success nor an announced "later".
   */
  async work(addresses: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const address of addresses) {
      const connection = new Client(address, { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS });
      try {
        await this.#workAt(connection, signal);
        return;
      } catch (error) {
        if (!isLost(error)) throw error;
        this.tally.lost += 1;
      } finally {
        await connection.destroy();
      }
    }
  }

  /** What it asked for, in this order; at the end perhaps what it is at. */
  get log(): readonly LoadStep[] {
    if (this.#pending === undefined) return this.#log;
    return [...this.#log, { deed: this.#pending, isAcknowledged: false }];
  }

  async #workAt(connection: Client, signal: AbortSignal | undefined): Promise<void> {
    if (this.#pending !== undefined && this.#random.chance(this.#options.abandons ?? 0)) {
      this.#log.push({ deed: this.#pending, isAcknowledged: false });
      this.#pending = undefined;
    }
    while (this.#pending !== undefined || signal?.aborted !== true) {
      this.#pending ??=
        this.#own.length === 0 ? this.#deeds.first() : this.#deeds.next(this.#own, this.#options.shared);
      await this.#do(connection, this.#pending);
      if (this.#options.keepsLog !== false) this.#log.push({ deed: this.#pending, isAcknowledged: true });
      this.#pending = undefined;
      this.#options.onAcknowledged?.();
    }
  }

  async #do(connection: Client, deed: LoadDeed): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      const outcome = await send(connection, this.headers, deed);
      if (outcome.is === 'busy') {
        this.tally.busy += 1;
        await wait(outcome.waitMs);
        continue;
      }
      this.tally.latencies.push(performance.now() - startedAt);
      this.tally.acknowledged += 1;
      if (deed.kind === 'append') this.tally.messages += deed.messages.length;
      if (deed.kind === 'create') this.tally.creates += 1;
      if (deed.kind === 'create') this.#own.push(z.object({ id: z.string() }).parse(outcome.body).id);
      if (deed.kind === 'append' && deed.isBatch) checkBatch(outcome.body);
      return;
    }
  }
}

async function send(connection: Client, headers: LoadClient['headers'], deed: LoadDeed): Promise<Outcome> {
  const { method, path, body } = requestOf(deed);
  const answer = await connection.request({
    method,
    path,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode === 200) return { is: 'done', body: JSON.parse(text) as unknown };
  const retryAfter = Number(answer.headers['retry-after']);
  if ([429, 503].includes(answer.statusCode) && Number.isFinite(retryAfter))
    return { is: 'busy', waitMs: Math.max(1, retryAfter * 1000) };
  throw new Error(`A ${deed.kind} was answered with ${answer.statusCode}: ${text.slice(0, 300)}`);
}

function requestOf(deed: LoadDeed): { method: Dispatcher.HttpMethod; path: string; body: unknown } {
  switch (deed.kind) {
    case 'create':
      return { method: 'POST', path: CONVERSATIONS, body: { client_id: deed.clientId, title: deed.title } };
    case 'patch': {
      const body = { title: deed.title, clocks: { title: deed.clock } };
      return { method: 'PATCH', path: `${CONVERSATIONS}/${deed.conversation}`, body };
    }
    case 'append': {
      const path = `${CONVERSATIONS}/${deed.conversation}/messages`;
      return deed.isBatch
        ? { method: 'POST', path: `${path}/batch`, body: { messages: deed.messages } }
        : { method: 'POST', path, body: deed.messages[0] };
    }
  }
}

/** None is refused: a client id is never used for another body. */
function checkBatch(body: unknown): void {
  const { results } = batchAnswerSchema.parse(body);
  const refused = results.filter(({ status }) => status !== 'stored' && status !== 'known');
  if (refused.length > 0) throw new Error(`Of a batch, ${refused.length} were ${refused[0]?.status ?? ''}.`);
}

/** The connection failed: nothing that the server said. */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(String(error.code));
}
