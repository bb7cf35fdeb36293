/** What a client of the memory server asks for, drawn by lot. Every deed carries client ids, so that it can be repeated. */
import type { Random } from '../crash/random.ts';

export interface LoadMessage {
  readonly client_id: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

export type LoadDeed =
  | { readonly kind: 'create'; readonly clientId: string; readonly title: string }
  | {
      readonly kind: 'append';
      readonly conversation: string;
      readonly messages: readonly LoadMessage[];
      readonly isBatch: boolean;
    }
  | {
      readonly kind: 'patch';
      readonly conversation: string;
      readonly title: string;
      /** Microseconds; each of a client's patches has a later one. */
      readonly clock: number;
    };

/** How often of a hundred; the rest are appends of one message. */
export interface Mix {
  readonly creates: number;
  readonly batches: number;
  readonly patches: number;
}

export const MIXED: Mix = { creates: 8, batches: 20, patches: 12 };

const MOST_IN_A_BATCH = 20;
const FILLER = 'words that are neither many nor few, ';

/** Draws one deed after the other for the client `name`. */
export class Deeds {
  readonly #name: string;
  readonly #random: Random;
  readonly #mix: Mix;
  /** Serial number of what is asked for; part of every client id. */
  #count = 0;

  constructor(name: string, random: Random, mix: Mix) {
    this.#name = name;
    this.#random = random;
    this.#mix = mix;
  }

  first(): LoadDeed {
    return this.#create();
  }

  /** `own`: conversations of this client alone. `shared`: one in which others write too. */
  next(own: readonly string[], shared: string): LoadDeed {
    const { creates, batches, patches } = this.#mix;
    const lot = this.#random.below(100);
    if (lot < creates) return this.#create();
    if (lot < creates + patches) return this.#patch(this.#random.pick(own));
    const isBatch = lot < creates + patches + batches;
    const conversation = this.#random.chance(0.5) ? shared : this.#random.pick(own);
    const size = isBatch ? 1 + this.#random.below(MOST_IN_A_BATCH) : 1;
    return {
      kind: 'append',
      conversation,
      isBatch,
      messages: Array.from({ length: size }, () => this.#message()),
    };
  }

  #create(): LoadDeed {
    const clientId = this.#serial();
    return { kind: 'create', clientId, title: `Begun as ${clientId}` };
  }

  #patch(conversation: string): LoadDeed {
    const serial = this.#serial();
    return { kind: 'patch', conversation, title: `Named ${serial}`, clock: this.#count };
  }

  #message(): LoadMessage {
    const serial = this.#serial();
    const length = this.#random.chance(0.02) ? 20_000 : this.#random.below(400);
    return {
      client_id: serial,
      role: this.#count % 2 === 0 ? 'user' : 'assistant',
      content: `${serial} ${FILLER.repeat(Math.ceil(length / FILLER.length)).slice(0, length)}`,
    };
  }

  #serial(): string {
    this.#count += 1;
    return `${this.#name}-${this.#count}`;
  }
}
