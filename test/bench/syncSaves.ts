/** A save never waits for the network: how long it takes while the backend answers nothing, against one that is well. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { HttpClient } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { accountKey } from '../../src/sync/account.ts';
import { HttpRemote } from '../../src/sync/http/httpRemote.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed } from './interleave.ts';
import { textOf } from './queue.ts';
import { percentile } from './statistics.ts';
import { startEngine } from './syncDrain.ts';

const ROUNDS = { rounds: 1_000, warmUp: 100, block: 20 };

export async function benchSaves({ folder, say }: BenchContext, address: string): Promise<Figure> {
  say(`${ROUNDS.rounds} saves beside a backend that is well, and beside one that never answers`);
  const hole = createServer().listen(0, '127.0.0.1');
  await once(hole, 'listening');
  const holeAddress = `http://127.0.0.1:${(hole.address() as AddressInfo).port}`;
  const beside = await Promise.all([
    openBeside(holeAddress, path.join(folder, 'blackholed.db')),
    openBeside(address, path.join(folder, 'well.db')),
  ]);
  try {
    const [blackholed, well] = beside;
    const pair = await interleave(ROUNDS, blackholed.save, well.save);
    return toFigure({
      id: 'sync.save-blackholed',
      unit: 'ms',
      value: percentile(pair.value, 99),
      reference: percentile(pair.reference, 99),
      bar: 1.2,
    });
  } finally {
    for (const one of beside) await one.close();
    hole.close();
  }
}

/** A store whose engine is at work with this backend; `save`: milliseconds until a message is durable. */
async function openBeside(address: string, file: string) {
  const store = openBundledStore(file);
  const http = new HttpClient(NO_PROXY_SETTINGS);
  // What a backend that never answers is reported as is not the matter here.
  const engine = startEngine(store, () => undefined);
  const base = normalizeBaseUrl(address);
  const orgId = randomUUID();
  const account = accountKey({ server: base.origin, orgId, userId: '', token: undefined });
  await store.useAccount(account);
  const conversationId = uuidv7();
  await store.create({ id: conversationId });
  engine.configure({ account, remote: new HttpRemote({ http, base, orgId, now: Date.now }) });
  return {
    save: (n: number) =>
      timed(() => store.append({ id: uuidv7(), conversationId, role: 'user', content: textOf(n) })),
    close: async () => {
      await engine.stop();
      await http.close();
      await store.close();
    },
  };
}
