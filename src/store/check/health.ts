/** What a store says of itself beside what a check finds in its file, and what a check may have put right. */

export interface StoreHealth {
  /** When this window last acknowledged a commit, milliseconds since the epoch; absent when it never did. */
  readonly lastCommitAt?: number;
  /** SQLite's `synchronous` of the connection that saves, in words. */
  readonly synchronous: string;
}

export interface HealthStore {
  health(): Promise<StoreHealth>;
  /**
   * Puts right what is derived: counts and clocks of conversations, and with `isIndexWrong` the search index, which is
   * made anew bit by bit. Touches no message. Returns how many conversations it changed.
   */
  repairDerived(isIndexWrong: boolean): Promise<number>;
}
