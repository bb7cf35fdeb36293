/** Seconds of the rate that may come at once. */
const BURST_SECONDS = 10;
/** Keys that are remembered; beyond it the longest unused is forgotten. */
const MAX_KEYS = 50_000;

interface Bucket {
  tokens: number;
  /** Milliseconds. */
  at: number;
}

/** So many requests a second for each key in the long run, ten times as many at once. */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #maxKeys: number;
  /** In the order of their last use. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, maxKeys = MAX_KEYS) {
    this.#perSecond = perSecond;
    this.#capacity = perSecond * BURST_SECONDS;
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one request's token. 0 when there was one; otherwise the milliseconds until there is one. `now` in milliseconds. */
  take(key: string, now: number): number {
    const bucket = this.#buckets.get(key) ?? { tokens: this.#capacity, at: now };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > this.#maxKeys) this.#forgetOldest();
    const passed = Math.max(0, now - bucket.at);
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + (passed * this.#perSecond) / 1000);
    bucket.at = now;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 1000) / this.#perSecond);
    bucket.tokens -= 1;
    return 0;
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}
