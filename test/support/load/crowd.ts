/** Several users with several clients each, that all work at the same time. */
import { randomUUID } from 'node:crypto';
import { Client } from '../../server/client.ts';
import { LoadClient, type LoadOptions, type Tally } from './client.ts';
import { assertKept } from './kept.ts';

export interface CrowdSettings extends Pick<LoadOptions, 'mix' | 'abandons' | 'keepsLog'> {
  readonly seed: number;
  readonly users: number;
  readonly clientsEach: number;
}

interface User {
  readonly headers: Readonly<Record<string, string>>;
  /** A conversation into which all clients of the user write. */
  readonly shared: string;
  readonly clients: readonly LoadClient[];
}

export class Crowd {
  readonly users: readonly User[];
  #waiting: { left: number; readonly resolve: () => void } | undefined;

  private constructor(ids: readonly string[], { seed, users, clientsEach, ...rest }: CrowdSettings) {
    const onAcknowledged = (): void => this.#count();
    this.users = Array.from({ length: users }, (_, user): User => {
      const headers = headersOf(ids[user]);
      const shared = ids[users + user] ?? '';
      const clients = Array.from({ length: clientsEach }, (_, client) => {
        const number = user * clientsEach + client;
        return new LoadClient({
          ...rest,
          name: `c${number}`,
          seed: seed + number,
          headers,
          shared,
          onAcknowledged,
        });
      });
      return { headers, shared, clients };
    });
  }

  /** New users, each with a conversation for all of its clients. */
  static async gather(address: string, settings: CrowdSettings): Promise<Crowd> {
    const names = Array.from({ length: settings.users }, () => randomUUID());
    const made = await Promise.all(
      names.map((name) => new Client(address, headersOf(name)).create({ title: 'Shared' })),
    );
    return new Crowd([...names, ...made.map(({ id }) => id)], settings);
  }

  get clients(): readonly LoadClient[] {
    return this.users.flatMap(({ clients }) => clients);
  }

  /** See `LoadClient.work`. `addressesOf`: where a client begins, and where it goes on. */
  async work(addressesOf: (client: number) => readonly string[], signal?: AbortSignal): Promise<void> {
    await Promise.all(this.clients.map((client, number) => client.work(addressesOf(number), signal)));
  }

  /** Resolves when so many more deeds have been acknowledged. */
  async acknowledges(more: number): Promise<void> {
    await new Promise<void>((resolve) => (this.#waiting = { left: more, resolve }));
  }

  /** What every user's clients were told is kept, and nothing else; the number of messages. */
  async assertKept(address: string): Promise<number> {
    let messages = 0;
    for (const { headers, clients, shared } of this.users)
      messages += await assertKept(address, headers, clients, shared);
    return messages;
  }

  tally(): Tally {
    const tallies = this.clients.map(({ tally }) => tally);
    const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, one) => total + of(one), 0);
    return {
      acknowledged: sum(({ acknowledged }) => acknowledged),
      creates: sum(({ creates }) => creates),
      messages: sum(({ messages }) => messages),
      busy: sum(({ busy }) => busy),
      lost: sum(({ lost }) => lost),
      latencies: tallies.flatMap(({ latencies }) => latencies),
    };
  }

  #count(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    waiting.left -= 1;
    if (waiting.left > 0) return;
    this.#waiting = undefined;
    waiting.resolve();
  }
}

/** In development mode each organisation is a user of its own. */
function headersOf(user: string | undefined): Readonly<Record<string, string>> {
  return { 'x-org-id': user ?? '' };
}
