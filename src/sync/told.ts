/** Conversations that are remembered. */
const MOST = 10_000;

/**
 * The order in which what a backend says was true. An answer may be looked at only after something later was told: the window was
 * stopped, the answer was slow, the stream of events was quicker, or a change of ours was taken meanwhile. Merged after that
 * it would bring back what is no more, and a feed of changes never tells the same again.
 */
export class Told {
  #moment = 0;
  #streamedAt = 0;
  /** By the backend's id: the moment that what was merged last is as new as. */
  readonly #seen = new Map<string, number>();

  /** The moment before a request: its answer is at least as new as all that was told until then. */
  begin(): number {
    this.#moment += 1;
    return this.#moment;
  }

  /** What happened there just now, by us or by others, is about to be merged: no request that is under way need know of it. */
  happened(remoteIds: Iterable<string>): void {
    const moment = this.begin();
    for (const id of remoteIds) this.#note(id, moment);
  }

  /** The same, by the stream of events. */
  streamed(remoteIds: Iterable<string>): void {
    this.happened(remoteIds);
    this.#streamedAt = this.#moment;
  }

  /** True when something of this one was told, or happened by us, after that moment. */
  isLater(remoteId: string, moment: number): boolean {
    return (this.#seen.get(remoteId) ?? 0) > moment;
  }

  /** True when the stream has told anything since that moment. */
  isStreamedSince(moment: number): boolean {
    return this.#streamedAt > moment;
  }

  /** Of what the answer to a request from that moment says, that which nothing later is known of; it is about to be merged. */
  newest<T extends { readonly id: string }>(rows: readonly T[], moment: number): readonly T[] {
    const fresh = rows.filter(({ id }) => (this.#seen.get(id) ?? 0) <= moment);
    for (const { id } of fresh) this.#note(id, moment);
    return fresh;
  }

  #note(id: string, moment: number): void {
    this.#seen.delete(id);
    this.#seen.set(id, moment);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MOST && oldest !== undefined) this.#seen.delete(oldest);
  }
}
