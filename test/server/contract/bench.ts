import type { Client } from '../client.ts';

/** What each test of the contract has in front of it; made new before every test. */
export interface ContractBench {
  readonly address: string;
  /** Sees no conversation of another test. */
  client: Client;
  /** The server's clock: milliseconds since the epoch, turned by hand. */
  now: number;
}
