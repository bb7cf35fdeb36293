import { after, before, beforeEach } from 'mocha';
import type { Environment } from '../../../src/server/config.ts';
import { startMemoryServer, type TestServer } from '../../support/memoryServer.ts';
import { Client } from '../client.ts';

/** What each test of the contract has in front of it; made new before every test. */
export interface ContractBench {
  readonly address: string;
  /** Sees no conversation of another test. */
  client: Client;
  /** The server's clock: milliseconds since the epoch, turned by hand. */
  now: number;
}

export type Place = { readonly folder: string } | { readonly url: string };

/** One server for all tests of a suite; `settings` are asked for before the first. `place` is where its data is. */
export function useBench(settings: () => Promise<Environment>): { at: ContractBench; place: () => Place } {
  let server: TestServer;
  let url: string | undefined;
  const at: ContractBench = {
    get address() {
      return server.address;
    },
    client: new Client(''),
    now: 0,
  };
  before(async function () {
    // Making a PostgreSQL cluster takes its time on a busy machine.
    this.timeout(60_000);
    const extra = await settings();
    url = extra['DATABASE_URL'];
    server = await startMemoryServer(extra, { clock: () => at.now, heartbeatMs: 100 });
  });
  after(async () => {
    await server.close();
  });
  beforeEach(() => {
    at.client = new Client(server.address);
    at.now = Date.parse('2027-01-15T08:00:00Z');
  });
  return { at, place: () => (url === undefined ? { folder: server.folder } : { url }) };
}
