import type { Owner } from '../storage/repository.ts';
import { LocalAnnouncer, type Announcer, type Subscription } from './announcer.ts';

/** What another process stored is told this late at most. */
const LOOK_EVERY_MS = 250;

export interface FileAnnouncerOptions {
  /** Of SQLite: differs after another connection has written. */
  readonly dataVersion: () => Promise<number>;
  /** For the log: the file could not be looked at. */
  readonly onProblem: (error: unknown) => void;
}

/**
 * For the embedded database: what this process stores is told at once; that another process has stored something is
 * noticed by looking, for as long as somebody follows.
 */
export class FileAnnouncer implements Announcer {
  readonly #options: FileAnnouncerOptions;
  readonly #local = new LocalAnnouncer();
  #followers = 0;
  #timer: NodeJS.Timeout | undefined;
  #seen: number | undefined;
  #look: Promise<void> = Promise.resolve();
  #isFailing = false;

  constructor(options: FileAnnouncerOptions) {
    this.#options = options;
  }

  announce(owner: Owner): void {
    this.#local.announce(owner);
  }

  subscribe(owner: Owner, listener: () => void): Subscription {
    const subscription = this.#local.subscribe(owner, listener);
    this.#followers += 1;
    if (this.#followers === 1) this.#schedule(0);
    let isFollowing = true;
    return {
      dispose: () => {
        subscription.dispose();
        if (!isFollowing) return;
        isFollowing = false;
        this.#followers -= 1;
        if (this.#followers === 0) clearTimeout(this.#timer);
      },
    };
  }

  async close(): Promise<void> {
    this.#followers = 0;
    clearTimeout(this.#timer);
    await this.#look;
    await this.#local.close();
  }

  #schedule(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#look = this.#lookOnce().then(() => {
        if (this.#followers > 0) this.#schedule(LOOK_EVERY_MS);
      });
    }, afterMs).unref();
  }

  async #lookOnce(): Promise<void> {
    try {
      const version = await this.#options.dataVersion();
      // The first look has nothing to compare with: what was stored since the follower read is told to be safe.
      const isNews = version !== this.#seen;
      this.#seen = version;
      this.#isFailing = false;
      if (isNews) this.#local.tellAll();
    } catch (error) {
      if (!this.#isFailing) this.#options.onProblem(error);
      this.#isFailing = true;
    }
  }
}
