import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { HttpClient } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { HttpRemote } from '../../src/sync/http/httpRemote.ts';
import { MemoryBackend, type BackendHabits } from '../support/memoryBackend.ts';
import { memoryRemote } from '../support/memoryRemote.ts';
import { startMemoryServer } from '../support/memoryServer.ts';
import { OldBackend } from '../support/oldBackend.ts';
import { remoteContract, type RemoteUnderTest } from './remoteContract.ts';

function inMemory(habits: BackendHabits) {
  return async (): Promise<RemoteUnderTest> => {
    const backend = new MemoryBackend(habits);
    return {
      remote: memoryRemote(backend, 'me'),
      stranger: memoryRemote(backend, 'somebody'),
      close: async () => undefined,
    };
  };
}

function overHttp(address: string, close: () => Promise<void>): RemoteUnderTest {
  const http = new HttpClient(NO_PROXY_SETTINGS);
  const remote = new HttpRemote({ http, base: normalizeBaseUrl(address), now: () => Date.now() });
  return {
    remote,
    close: async () => {
      await http.close();
      await close();
    },
  };
}

remoteContract('in memory, as its users run it', inMemory({}), { hasStranger: true });
remoteContract(
  'in memory, which refuses every change of fields and has a second door',
  inMemory({ refusesFields: true, door: 'open', updatesAhead: 3_600_000_000, tieEvery: 2 }),
  { refusesFields: true, hasDoor: true, hasStranger: true },
);
remoteContract(
  "NAVI's own server",
  async () => {
    const server = await startMemoryServer();
    return overHttp(server.address, () => server.close());
  },
  { saysWhatIsWrong: true },
);
remoteContract(
  'the public backend over a socket',
  async () => {
    const backend = new OldBackend();
    return overHttp(await backend.start(), () => backend.close());
  },
  { refusesFields: true, hasDoor: true, listsUnsorted: true },
);
