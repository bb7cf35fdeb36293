import { Counter, Histogram, Registry } from 'prom-client';
import type { GuardCounts } from '../guard/counts.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `missing`: no such conversation. `failed`: the database could not do it. */
export type WriteOutcome = 'stored' | 'known' | 'conflict' | 'missing' | 'purged' | 'failed';

/**
 * What the server counts. Labels take few values each: routes by their pattern, outcomes by their name; never a user, a
 * conversation or an address.
 */
export class Metrics implements GuardCounts {
  readonly registry = new Registry();
  readonly #durations = new Histogram({
    name: 'navi_http_request_duration_seconds',
    help: 'From a request to the end of its answer. Streams are left out.',
    labelNames: ['method', 'route'],
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #responses = this.#counter('navi_http_responses_total', 'Answers by status.', [
    'method',
    'route',
    'status',
  ]);
  readonly #creates = this.#counter('navi_creates_total', 'Creates of conversations.', ['outcome']);
  readonly #appends = this.#counter('navi_appends_total', 'Messages to append.', ['outcome']);
  readonly #limited = this.#counter('navi_rate_limited_total', 'Requests above a rate.', ['by']);
  readonly #shed = this.#counter('navi_shed_total', 'Requests turned away under load.', ['reason']);

  answered(method: string, route: string, status: number): void {
    this.#responses.inc({ method, route, status });
  }

  took(method: string, route: string, seconds: number): void {
    this.#durations.observe({ method, route }, seconds);
  }

  created(outcome: WriteOutcome): void {
    this.#creates.inc({ outcome });
  }

  appended(outcome: WriteOutcome, messages: number): void {
    this.#appends.inc({ outcome }, messages);
  }

  limited(by: 'user' | 'address'): void {
    this.#limited.inc({ by });
  }

  shed(reason: 'queue' | 'wait' | 'loop' | 'memory'): void {
    this.#shed.inc({ reason });
  }

  #counter<const T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}
