/** A user works, and another client too, while one fault meets every kind of request; then all must be well. */
import assert from 'node:assert/strict';
import * as z from 'zod';
import {
  conversationDetailSchema,
  conversationListSchema,
  type ConversationDetail,
} from '../../../src/protocol/api.ts';
import { REQUEST_LIFE_MS, TestMachine } from '../../support/machines.ts';
import { memoryFolder } from '../../support/tempFolder.ts';
import { openThreadStore } from '../../support/threadStore.ts';
import type { WireRequest } from '../../support/wireProxy.ts';
import type { Phase, SocketFault } from './faults.ts';
import { clientIdsOf, operationOf, type Operation } from './requests.ts';
import { TOKEN, type World } from './world.ts';

/** In every text, and in no log. */
export const SECRET = 'unlogged';
export const CONVERSATIONS = '/api/navi-memory/conversations';
/** Faults are over when each kind of request has met one, or after this. */
const FAULTY_MS = 3 * 60 * 60_000;
/** The longest wait that a backend can ask for is 10 minutes, see http/retryAfter.ts. */
const SETTLING_MS = 20 * 60_000;

const noteSchema = z.object({ navi: z.object({ id: z.string() }) });

/** The conversations of a world, as its user knows them. */
export interface Cast {
  /** Goes on in each episode. */
  known: string;
  /** Is deleted in the next episode. */
  doomed: string;
  /** The backend's id of one that another client has made. */
  readonly foreign: string;
  episodes: number;
}

export async function prepare(world: World): Promise<Cast> {
  await world.connect();
  const foreign = z
    .object({ id: z.string() })
    .parse(await ask(world, 'POST', CONVERSATIONS, { title: `${SECRET} elsewhere` })).id;
  const known = await world.machine.write(`${SECRET} first`);
  const doomed = await world.machine.write(`${SECRET} second`);
  assert.ok(await world.until(() => isSettled(world, []), SETTLING_MS), 'the machine could not even start');
  return { known, doomed, foreign, episodes: 0 };
}

/** Plays one fault and checks everything. Returns how often each kind of request met it. */
export async function play(
  world: World,
  cast: Cast,
  fault: SocketFault,
  phase: Phase,
): Promise<ReadonlyMap<Operation, number>> {
  const { machine, proxy, random } = world;
  const tag = `${SECRET} ${cast.episodes}`;
  cast.episodes += 1;
  const from = proxy.log.length;
  const { known, doomed, foreign } = cast;
  await world.arm(fault, phase);
  await world.connect();
  await machine.say(known, `${tag} a`);
  const fresh = await machine.write(`${tag} b`, `${tag} c`);
  const starred = (await machine.store.read(known, { limit: 1 }))?.conversation.isStarred !== true;
  await machine.store.change(known, { isStarred: starred });
  await machine.store.change(doomed, { status: 'deleted' });
  await ask(world, 'POST', `${CONVERSATIONS}/${foreign}/messages`, { role: 'user', content: `${tag} d` });
  machine.syncNow();
  let late = false;
  await world.until(async () => {
    if (!late && random() < 0.1) {
      late = true;
      await machine.say(known, `${tag} e`);
    }
    await signInAgain(world);
    if (fault.how === 'refuse') return (await machine.status()).state === 'offline';
    return world.operations(fault).every((operation) => world.hits.has(operation));
  }, FAULTY_MS);
  const hits = world.hits;
  await world.disarm();
  await machine.say(known, `${tag} f`);
  assert.ok(
    await world.until(() => isSettled(world, [known, fresh]), SETTLING_MS),
    `stuck: ${JSON.stringify(await machine.status())}`,
  );

  assertNoneBlindlyTwice(proxy.log.slice(from), world);
  for (const id of [known, fresh]) await assertThere(world, id, tag);
  await mendParked(world, [known, fresh], async () => {
    // What was refused gets another chance when the user changes it again.
    for (const isStarred of [!starred, starred]) await machine.store.change(known, { isStarred });
    for (const status of ['active', 'deleted'] as const) await machine.store.change(doomed, { status });
  });
  assertNoneBlindlyTwice(proxy.log.slice(from), world);
  for (const id of [known, fresh]) await assertThere(world, id);
  await assertFields(world, known, { isStarred: starred, status: 'active' });
  await assertFields(world, doomed, { status: 'deleted' });
  assert.equal((await rowsNamed(world, `${tag} b`)).length, 1, 'I3: the conversation is there once');
  const theirs = (await machine.store.list({ status: 'active', limit: 9 })).items.find(
    ({ title }) => title === `${SECRET} elsewhere`,
  );
  assert.ok(
    (await machine.texts(theirs?.id ?? '')).includes(`${tag} d`),
    'I5: what another client wrote is here',
  );
  assertQuiet(world);
  cast.doomed = known;
  cast.known = fresh;
  return hits;
}

/** Nothing waits any more but what the user is told of, and what waits for that. */
async function isSettled({ machine }: World, ids: readonly string[]): Promise<boolean> {
  const { state, queued, parked } = await machine.status();
  if (state !== 'synced' && state !== 'attention') return false;
  if (queued === 0) return true;
  if (parked === 0) return false;
  const deliveries = await Promise.all(ids.map((id) => machine.deliveries(id)));
  return deliveries.flat().every((delivery) => delivery === 'confirmed' || delivery === 'parked');
}

/** What a user does who is told that the session has ended. */
async function signInAgain(world: World): Promise<void> {
  if ((await world.machine.status()).state === 'signedOut') await world.connect();
}

/**
 * I1, I2, I3: every message is there once, or is marked here with its words. I4: those with `tag`, here and there in the
 * order of writing; without it, none is marked.
 */
export async function assertThere(world: World, id: string, tag?: string): Promise<void> {
  const page = await world.machine.store.read(id, { limit: 1_000 });
  assert.ok(page !== undefined);
  const there = idsIn(await detailOf(world, id));
  const parked = new Set<string>();
  for (const message of page.messages) {
    const count = there.filter((one) => one === message.id).length;
    if (message.delivery === 'parked' && tag !== undefined) {
      parked.add(message.id);
      assert.ok(message.content.startsWith(SECRET), 'I2: a parked message keeps its words');
      assert.ok(count <= 1, 'I3: a parked message is there twice');
    } else assert.equal(count, 1, `I2 I3: a message that is ${message.delivery} is there ${count} times`);
  }
  if (tag === undefined) return;
  const said = page.messages.filter(({ content }) => content.startsWith(`${tag} `));
  const words = said.map(({ content }) => content);
  assert.deepEqual(words, words.toSorted(), 'I4: another order here');
  const sent = said.map((message) => message.id).filter((one) => !parked.has(one));
  assert.deepEqual(
    there.filter((one) => sent.includes(one)),
    sent,
    'I4: another order there',
  );
}

/** The user's word on everything that needs attention; then nothing does. */
async function mendParked(
  world: World,
  ids: readonly string[],
  changeAgain: () => Promise<void>,
): Promise<void> {
  const { machine } = world;
  const { parked, state } = await machine.status();
  if (parked === 0) return;
  assert.equal(state, 'attention', 'I2: the user is told');
  for (const id of ids) {
    const page = await machine.store.read(id, { limit: 1_000 });
    for (const message of page?.messages ?? [])
      if (message.delivery === 'parked') await machine.store.retryParked(message.id);
  }
  await changeAgain();
  const isDone = async (): Promise<boolean> => (await machine.status()).state === 'synced';
  assert.ok(await world.until(isDone, SETTLING_MS), `not mended: ${JSON.stringify(await machine.status())}`);
}

async function assertFields(
  world: World,
  id: string,
  wanted: { readonly isStarred?: boolean; readonly status: 'active' | 'deleted' },
): Promise<void> {
  const page = await world.machine.store.read(id, { limit: 1 });
  const there = await detailOf(world, id);
  const { isStarred, status } = page?.conversation ?? {};
  assert.deepEqual([isStarred, status], [wanted.isStarred ?? isStarred, wanted.status], 'I6 I7: not as done');
  assert.deepEqual([there?.is_starred, there?.status], [isStarred, status], 'I5: other fields there');
}

/**
 * I3: between two requests that would store the same message, the first one was answered with a word that nothing happened,
 * or, later than it can have lived, somebody looked whether it is there.
 */
function assertNoneBlindlyTwice(seen: readonly WireRequest[], { backend }: World): void {
  const earlier = new Map<string, WireRequest>();
  for (const request of seen) {
    for (const id of clientIdsOf(request)) {
      const first = earlier.get(id);
      if (first !== undefined && backend.abilities?.includes('idempotent') !== true)
        assert.ok(
          isRefused(first) || wasLookedFor(seen, first, request),
          `I3: ${request.method} ${request.path} again, blindly`,
        );
      earlier.set(id, request);
    }
  }
}

function isRefused({ status }: WireRequest): boolean {
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 407;
}

function wasLookedFor(seen: readonly WireRequest[], first: WireRequest, second: WireRequest): boolean {
  const dead = first.at + REQUEST_LIFE_MS;
  return seen.some((request) => {
    const operation = operationOf(request);
    const isReading = operation === 'list' || operation === 'read';
    return isReading && request.status === 200 && request.at >= dead && request.at <= second.at;
  });
}

/** I11, and no defect of the engine. */
export function assertQuiet(world: World): void {
  const { machine, proxy } = world;
  assert.deepEqual(machine.errors, []);
  assert.ok(
    !machine.log.some((line) => line.includes(TOKEN) || line.includes(SECRET)),
    'I11: said in the log',
  );
  assert.ok(proxy.log.every(({ headers }) => headers.get('authorization') === `Bearer ${TOKEN}`));
  world.assertNotTrapped();
}

/** I5: whoever has only the server, has the same. */
export async function assertSameFromNothing(world: World): Promise<void> {
  const folder = memoryFolder();
  const { clock } = world;
  const fresh = new TestMachine({ clock, store: openThreadStore(folder.path, () => clock.now()) });
  try {
    await fresh.connect(world.server.address, TOKEN);
    await fresh.synced();
    assert.deepEqual(await hashesOf(fresh), await hashesOf(world.machine));
  } finally {
    await fresh.stop();
    folder.dispose();
  }
}

/** Of every conversation that is not deleted, those of its messages. */
async function hashesOf({ store }: TestMachine): Promise<string[][]> {
  const { items } = await store.list({ status: 'active', limit: 100 });
  const pages = await Promise.all(items.map(({ id }) => store.read(id, { limit: 1_000 })));
  return pages.map((page) => (page?.messages ?? []).map(({ hash }) => hash ?? '')).toSorted(byText);
}

function byText(a: readonly string[], b: readonly string[]): number {
  return a.join() < b.join() ? -1 : 1;
}

/** Looks at the server, past the proxy. Undefined: as far as this machine knows, the conversation is not there. */
async function detailOf(world: World, id: string): Promise<ConversationDetail | undefined> {
  const remoteId = await world.machine.remoteIdOf(id);
  if (remoteId === undefined) return undefined;
  return conversationDetailSchema.parse(
    await ask(world, 'GET', `${CONVERSATIONS}/${remoteId}?include_messages=true&message_limit=200`),
  );
}

function idsIn(detail: ConversationDetail | undefined): string[] {
  return (detail?.messages ?? []).flatMap(({ metadata }) => {
    const note = noteSchema.safeParse(metadata);
    return note.success ? [note.data.navi.id] : [];
  });
}

async function rowsNamed(world: World, title: string) {
  const rows = conversationListSchema.parse(await ask(world, 'GET', `${CONVERSATIONS}?limit=200`));
  return rows.filter((row) => row.title === title);
}

export async function ask(world: World, method: string, path: string, json?: object): Promise<unknown> {
  const response = await fetch(`${world.server.address}${path}`, {
    method,
    ...(json && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
  });
  assert.ok(response.ok, `${method} ${path} answered ${response.status}`);
  return response.json();
}
