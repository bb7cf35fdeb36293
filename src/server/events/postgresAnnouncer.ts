import { hash } from 'node:crypto';
import pg from 'pg';
import type { Owner } from '../storage/repository.ts';
import { keyOf, LocalAnnouncer, type Announcer, type Subscription } from './announcer.ts';

const CHANNEL = 'navi_changes';
/**
 * Words of this long are sent together: each NOTIFY takes a lock of the whole database at its commit, so they must not
 * grow with the writes.
 */
const GATHER_MS = 10;
const RECONNECT_MS = 1_000;
/** A payload has less than 8,000 bytes. */
const KEYS_A_PAYLOAD = 300;

export interface PostgresAnnouncerOptions {
  readonly url: string;
  /** For the log: the connection was lost, or a word could not be sent. Nothing of an owner is in it. */
  readonly onProblem: (error: unknown) => void;
}

/** For several servers on one PostgreSQL: LISTEN and NOTIFY on a connection of their own, beside the pool. */
export class PostgresAnnouncer implements Announcer {
  readonly #options: PostgresAnnouncerOptions;
  readonly #local = new LocalAnnouncer();
  /** What this server's followers are listened for by: digest to key. */
  readonly #followed = new Map<string, { readonly key: string; followers: number }>();
  /** Keys. */
  readonly #waiting = new Set<string>();
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  private constructor(options: PostgresAnnouncerOptions) {
    this.#options = options;
  }

  /** Rejects when the database cannot be reached. */
  static async open(options: PostgresAnnouncerOptions): Promise<PostgresAnnouncer> {
    const announcer = new PostgresAnnouncer(options);
    await announcer.#connect();
    return announcer;
  }

  announce(owner: Owner): void {
    this.#local.announce(owner);
    this.#waiting.add(keyOf(owner));
    this.#sendSoon();
  }

  subscribe(owner: Owner, listener: () => void): Subscription {
    const key = keyOf(owner);
    const digest = digestOf(key);
    const followed = this.#followed.get(digest) ?? { key, followers: 0 };
    followed.followers += 1;
    this.#followed.set(digest, followed);
    const subscription = this.#local.subscribe(owner, listener);
    return {
      dispose: () => {
        subscription.dispose();
        followed.followers -= 1;
        if (followed.followers === 0) this.#followed.delete(digest);
      },
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#client?.end().catch(this.#options.onProblem);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      application_name: 'navi-server-events',
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', this.#options.onProblem);
    client.on('notification', ({ payload = '' }) => this.#receive(payload));
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
    client.once('end', () => this.#reconnect());
    this.#client = client;
  }

  #reconnect(): void {
    this.#client = undefined;
    if (this.#isClosed) return;
    setTimeout(() => {
      if (this.#isClosed) return;
      this.#connect().then(
        () => this.#local.tellAll(),
        (error: unknown) => {
          this.#options.onProblem(error);
          this.#reconnect();
        },
      );
    }, RECONNECT_MS).unref();
  }

  #receive(payload: string): void {
    for (const digest of payload.split(',')) {
      const followed = this.#followed.get(digest);
      if (followed !== undefined) this.#local.tell(followed.key);
    }
  }

  /** What cannot be sent is not sent again: followers look for themselves, a little later. One at a time. */
  async #send(): Promise<void> {
    const digests = [...this.#waiting].map(digestOf);
    this.#waiting.clear();
    try {
      for (let from = 0; from < digests.length; from += KEYS_A_PAYLOAD)
        await this.#client?.query('SELECT pg_notify($1, $2)', [
          CHANNEL,
          digests.slice(from, from + KEYS_A_PAYLOAD).join(','),
        ]);
    } catch (error) {
      this.#options.onProblem(error);
    }
    this.#timer = undefined;
    if (this.#waiting.size > 0 && !this.#isClosed) this.#sendSoon();
  }

  #sendSoon(): void {
    this.#timer ??= setTimeout(() => void this.#send(), GATHER_MS);
  }
}

/** 22 characters for any length of a user's name, which is nobody else's to read. */
function digestOf(key: string): string {
  return hash('sha256', key, 'base64url').slice(0, 22);
}
