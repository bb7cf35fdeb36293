import type { FastifyInstance } from 'fastify';
import type { Limits } from '../config.ts';
import { limitBodyMemory } from './bodies.ts';
import type { GuardCounts } from './counts.ts';
import { Gate } from './gate.ts';
import { shedEarly, takeTurns } from './load.ts';
import { LoopWatch } from './loopWatch.ts';
import { OpenStreams } from './openStreams.ts';
import { limitRate } from './rates.ts';

/** Each holds a moment of the database: see storage/snapshots.ts. */
const EXPORTS = { total: 8, perUser: 2 };

/** Long answers of a model, each of them with a connection to it. */
const CHATS = 1_000;

/** What stands between clients and the work: cheapest first, so that turning away costs little. */
export class Guards {
  readonly gate: Gate;
  readonly loop: LoopWatch;
  readonly events: OpenStreams;
  readonly chats: OpenStreams;
  readonly exports: OpenStreams;
  readonly #limits: Limits;
  readonly #counts: GuardCounts;

  constructor(limits: Limits, counts: GuardCounts) {
    const { streams, streamsPerUser: perUser } = limits;
    this.#limits = limits;
    this.#counts = counts;
    this.gate = new Gate(limits);
    this.loop = new LoopWatch(limits.loopDelayMs);
    this.events = new OpenStreams('event streams', { total: streams, perUser });
    this.exports = new OpenStreams('exports', EXPORTS);
    this.chats = new OpenStreams('replies', { total: Math.min(streams, CHATS), perUser });
  }

  /** Before anybody is asked who it is. */
  addBeforeIdentity(api: FastifyInstance): void {
    const counts = this.#counts;
    limitRate(api, { perSecond: this.#limits.ratePerAddress, by: 'address', counts });
    shedEarly(api, { gate: this.gate, loop: this.loop, counts });
  }

  /** After it is known who it is, before the body is read. */
  addAfterIdentity(api: FastifyInstance): void {
    const counts = this.#counts;
    limitRate(api, { perSecond: this.#limits.ratePerUser, by: 'user', counts });
    limitBodyMemory(api, this.#limits.bodyBytes, counts);
  }

  /** Around what asks the database. A reply of a model is no such work: it is waited for, not worked on. */
  addTurns(memory: FastifyInstance): void {
    takeTurns(memory, { gate: this.gate, counts: this.#counts });
  }

  close(): void {
    this.loop.close();
  }
}
