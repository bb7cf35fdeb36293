/** Who works for whom. */

/** Names one user of one backend: origin, organisation and user. Rows bound to another account are never touched (I10). */
export type AccountKey = string;

export interface Lease {
  readonly holder: string;
  /** Fencing token: rises with each new holder. */
  readonly token: number;
}
