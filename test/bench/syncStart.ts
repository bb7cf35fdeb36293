/** The first pull of a start where nothing has changed, over the plain contract. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { Pool } from 'undici';
import { normalizeBaseUrl } from '../../src/http/baseUrl.ts';
import { HttpClient } from '../../src/http/client.ts';
import { NO_PROXY_SETTINGS } from '../../src/http/proxy.ts';
import { PAGE_LIMIT } from '../../src/protocol/api.ts';
import { accountKey } from '../../src/sync/account.ts';
import { HttpRemote } from '../../src/sync/http/httpRemote.ts';
import { PLAIN, type Remote } from '../../src/sync/remote.ts';
import { openBundledStore } from './bundledStore.ts';
import { toFigure, type Figure } from './figure.ts';
import type { BenchContext } from './group.ts';
import { interleave, timed } from './interleave.ts';
import { median } from './statistics.ts';
import { instead, startEngine } from './syncDrain.ts';

const CONVERSATIONS = 1_000;
const PAGES = CONVERSATIONS / PAGE_LIMIT;
const ROUNDS = { rounds: 9, warmUp: 2 };
const PATH = '/api/navi-memory/conversations';

/** Against a bare loop that fetches the same pages, and the number of requests. */
export async function benchStartPull({ folder, say }: BenchContext, address: string): Promise<Figure[]> {
  say(`${ROUNDS.rounds + ROUNDS.warmUp} starts with ${CONVERSATIONS} conversations that have not changed`);
  const orgId = randomUUID();
  const pool = new Pool(address, { connections: 1 });
  await fill(pool, orgId);
  await pool.close();
  const file = path.join(folder, 'start.db');
  await start(address, orgId, file);
  // Where the first one stopped, the list may not have been read to its end, nor was it known who answers.
  const requests: number[] = [];
  const pair = await interleave(
    ROUNDS,
    async () => {
      const { ms, count } = await start(address, orgId, file);
      requests.push(count);
      return ms;
    },
    () => fetchAnew(address, orgId),
  );
  return [
    toFigure({
      id: 'sync.start-pull',
      unit: 'ms',
      value: median(pair.value),
      reference: median(pair.reference),
      bar: 1.5,
      better: 'lower',
    }),
    toFigure({
      id: 'sync.start-pull.requests',
      unit: '',
      value: Math.max(...requests),
      bar: PAGES,
      better: 'lower',
    }),
  ];
}

/** Milliseconds from the account's connection to the end of its first pull, and how many requests that took. */
async function start(address: string, orgId: string, file: string): Promise<{ ms: number; count: number }> {
  const store = openBundledStore(file);
  const http = new HttpClient(NO_PROXY_SETTINGS);
  const base = normalizeBaseUrl(address);
  const account = accountKey({ server: base.origin, orgId, userId: '', token: undefined });
  const pulled = Promise.withResolvers<undefined>();
  const engine = startEngine(store, pulled.reject, {
    stepped: (event) => {
      if (event.type === 'pulled') pulled.resolve(undefined);
    },
  });
  let count = 0;
  try {
    await store.useAccount(account);
    await engine.whenIdle();
    const remote = counted(new HttpRemote({ http, base, orgId, now: Date.now }), () => (count += 1));
    const ms = await timed(async () => {
      engine.configure({ account, remote });
      await pulled.promise;
    });
    return { ms, count };
  } finally {
    await engine.stop();
    await http.close();
    await store.close();
  }
}

/** A backend that announces nothing, and how often it is asked. */
function counted(remote: Remote, onRequest: () => void): Remote {
  return instead(remote, {
    announced: instead(remote.announced, {
      abilities: async () => {
        onRequest();
        return PLAIN;
      },
    }),
    list: (...args) => {
      onRequest();
      return remote.list(...args);
    },
    read: (...args) => {
      onRequest();
      return remote.read(...args);
    },
  });
}

async function fill(pool: Pool, orgId: string): Promise<void> {
  for (let n = 0; n < CONVERSATIONS; n += 1)
    await ask(pool, orgId, 'POST', PATH, { title: `Conversation ${n} about this and that` });
}

/** Over a connection of its own, as a start has. */
async function fetchAnew(address: string, orgId: string): Promise<number> {
  const pool = new Pool(address, { connections: 1 });
  try {
    return await timed(() => fetchPages(pool, orgId));
  } finally {
    await pool.close();
  }
}

async function fetchPages(pool: Pool, orgId: string): Promise<void> {
  for (let page = 0; page < PAGES; page += 1)
    await ask(pool, orgId, 'GET', `${PATH}?limit=${PAGE_LIMIT}&offset=${page * PAGE_LIMIT}`);
}

async function ask(pool: Pool, orgId: string, method: 'GET' | 'POST', at: string, body?: unknown) {
  const headers = { 'content-type': 'application/json', 'x-org-id': orgId };
  const answer = await pool.request({
    method,
    path: at,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (answer.statusCode !== 200) throw new Error(`The memory server answered ${answer.statusCode}.`);
  return await answer.body.json();
}
