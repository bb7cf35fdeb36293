import { changesAnswerSchema } from '../../../src/protocol/abilities.ts';
import { EventStream } from '../eventStream.ts';

/** Follows the live events of a user from server to server, going on each time where it was left. */
export class Follower {
  /** Ids of messages, as they were told. */
  readonly messages: string[] = [];
  readonly #addresses: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  #stream: EventStream | undefined;
  #hasLeft = false;
  #onTold: () => void = () => undefined;

  constructor(addresses: readonly string[], headers: Readonly<Record<string, string>>) {
    this.#addresses = addresses;
    this.#headers = headers;
  }

  /** From the beginning of the feed until `leave`. Rejects when the last server was lost. */
  async follow(): Promise<void> {
    let place = 'start';
    for (const address of this.#addresses) {
      try {
        this.#stream = await EventStream.open(address, { ...this.#headers, 'last-event-id': place });
        for (let event = await this.#stream.next(); event !== undefined; event = await this.#stream.next()) {
          if (event.event !== 'changes') throw new Error(`Not changes but ${event.event}.`);
          this.#hear(event.data);
          place = event.id ?? place;
        }
      } catch (error) {
        // fetch says "terminated" of a connection that was cut.
        if (!(error instanceof TypeError) && !this.#hasLeft) throw error;
      }
      if (this.#hasLeft) return;
    }
    throw new Error('No server is left to follow.');
  }

  /** Resolves when it has been told of so many messages. */
  async hasHeard(count: number): Promise<void> {
    while (this.messages.length < count) await new Promise<void>((resolve) => (this.#onTold = resolve));
  }

  leave(): void {
    this.#hasLeft = true;
    this.#stream?.leave();
  }

  #hear(data: unknown): void {
    const { changes } = changesAnswerSchema.parse(data);
    for (const change of changes) if (change.type === 'message') this.messages.push(change.message.id);
    this.#onTold();
  }
}
