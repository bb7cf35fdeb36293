import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { ABILITIES, type Ability } from '../../../src/protocol/abilities.ts';
import { RUNS, SEED } from '../../model/runs.ts';
import { startMemoryServer, type TestServer } from '../../support/memoryServer.ts';
import { Laptop, newPlace, type Held } from './laptop.ts';
import { predict, type Listed } from './predict.ts';

const START = Date.UTC(2026, 2, 2, 8);
const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;

const KINDS = [
  'say',
  'say',
  'say',
  'answer',
  'answer',
  'edit',
  'retry',
  'rename',
  'rename',
  'star',
  'star',
  'pin',
  'archive',
  'archive',
  'tag',
  'tag',
  'delete',
  'delete',
  'restore',
  'begin',
  'reload',
  'set the clock',
] as const;

const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  machine: fc.nat(1),
  talk: fc.nat(7),
  n: fc.nat(1_000),
  /** Of the week. */
  at: fc.integer({ min: 0, max: WEEK }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** By minutes, by hours, or by nearly a day. */
const skew = fc.oneof(
  fc.integer({ min: -10 * 60_000, max: 10 * 60_000 }),
  fc.integer({ min: -23 * HOUR, max: 23 * HOUR }),
);
const week = fc.record({
  skews: fc.tuple(skew, skew),
  steps: fc.array(step, { minLength: 60, maxLength: 140, size: 'max' }),
  isSecondFirst: fc.boolean(),
});

const MODES: readonly { readonly name: string; readonly abilities: readonly Ability[] }[] = [
  { name: 'the plain contract', abilities: [] },
  { name: 'clocks alone', abilities: ['clocks'] },
  { name: 'all that a server announces', abilities: ABILITIES },
];

describe('two machines, offline for a week', function () {
  this.timeout(600_000);
  let server: TestServer;
  let now = START;
  /** Conflicts that were listed as they should be. */
  let listed = 0;
  before(async () => {
    server = await startMemoryServer({}, { clock: () => now });
  });
  after(() => server.close());

  for (const { name, abilities } of MODES) {
    const runs = Math.max(1, Math.ceil(RUNS / 200));
    it(`I2 I3 I4 I5 T34: ${runs} weeks over ${name}: equal, nothing lost, conflicts listed (seed ${SEED})`, async () => {
      await fc.assert(
        fc.asyncProperty(week, (plan) => live(plan, abilities)),
        { seed: SEED, numRuns: runs, endOnFailure: true },
      );
      console.log(`      ${listed} conflicts`);
      assert.ok(runs < 5 || listed >= runs, 'weeks without conflicts show nothing of them');
      listed = 0;
    });
  }

  async function live(
    { skews, steps, isSecondFirst }: typeof week extends fc.Arbitrary<infer T> ? T : never,
    abilities: readonly Ability[],
  ): Promise<void> {
    now = Math.max(now, START);
    const place = newPlace(server.address, abilities);
    const all = [new Laptop(place, now, skews[0]), new Laptop(place, now, skews[1])] as const;
    const fresh = new Laptop(place, now, 0);
    const [one, two] = all;
    try {
      const ids = [uuidv7(), uuidv7(), uuidv7()];
      for (const [n, id] of ids.entries()) {
        await one.store.create({ id, title: `talk ${n}` });
        await one.say(id, 'user');
        await one.say(id, 'assistant');
      }
      await online(one);
      await online(two);
      await online(one);
      const base = await one.held();
      const parted = now;
      for (const { at, ...what } of [...steps].sort((a, b) => a.at - b.at)) {
        now = Math.max(now, parted + at);
        for (const machine of all) machine.waitUntil(now);
        await act(all[what.machine === 0 ? 0 : 1], what, ids);
      }
      now = Math.max(now, parted + WEEK);
      const [first, second] = isSecondFirst ? [two, one] : [one, two];
      const expected = predictAll(
        base,
        await first.held(),
        await second.held(),
        abilities.includes('clocks'),
      );
      for (const machine of [first, second, first, second, first]) {
        await online(machine);
        await machine.reload();
      }
      await online(fresh);
      await compare(all, fresh, expected);
      listed += [...expected.values()].flatMap((each) => each.listed).length;
    } finally {
      for (const machine of [...all, fresh]) await machine.dispose();
    }
  }

  async function online(machine: Laptop): Promise<void> {
    machine.waitUntil(now);
    await machine.sync();
    now = Math.max(now, machine.now);
  }
});

async function act(
  machine: Laptop,
  { kind, talk, n }: Omit<Step, 'at' | 'machine'>,
  ids: readonly string[],
): Promise<void> {
  const { store } = machine;
  const known = await machine.conversations();
  const found = known[talk % known.length];
  assert.ok(found, 'what is there does not vanish');
  const { id } = found;
  const page = await store.read(id, { limit: 1_000 });
  const said = (page?.messages ?? []).filter(
    ({ role }) => role === (kind === 'retry' ? 'assistant' : 'user'),
  );
  const target = said[n % Math.max(1, said.length)]?.id;
  switch (kind) {
    case 'say':
      await machine.say(id, 'user');
      break;
    case 'answer':
      await machine.say(id, 'assistant');
      break;
    case 'edit':
      if (target !== undefined) await machine.say(id, 'user', { replaces: target });
      break;
    case 'retry':
      if (target !== undefined) await machine.say(id, 'assistant', { replaces: target });
      break;
    case 'rename':
      await store.change(id, { title: `title ${n % 4}` });
      break;
    case 'star':
      await store.changeMany([{ id, change: { isStarred: !found.isStarred } }]);
      break;
    case 'pin':
      await store.changeMany([{ id, change: { isPinned: !found.isPinned } }]);
      break;
    case 'archive':
      if (found.status !== 'deleted')
        await store.change(id, { status: found.status === 'active' ? 'archived' : 'active' });
      break;
    case 'tag': {
      const tag = `tag ${n % 3}`;
      await store.changeMany([
        { id, change: found.tags.includes(tag) ? { removeTags: [tag] } : { addTags: [tag] } },
      ]);
      break;
    }
    case 'delete':
      await store.trash({ ids: [id] }, uuidv7());
      break;
    case 'restore':
      await store.restore({ ids: [id] });
      break;
    case 'begin':
      if (known.length < ids.length + 2) {
        const begun = uuidv7();
        await store.create({ id: begun });
        await machine.say(begun, 'user');
      }
      break;
    case 'reload':
      await machine.reload();
      break;
    case 'set the clock':
      await machine.setClock((n % 47) * HOUR - 23 * HOUR);
      break;
  }
}

type Expected = ReadonlyMap<string, ReturnType<typeof predict>>;

/** Of the conversations that both had; those that one began are as it left them. */
function predictAll(
  base: ReadonlyMap<string, Held>,
  first: ReadonlyMap<string, Held>,
  second: ReadonlyMap<string, Held>,
  hasClocks: boolean,
): Expected {
  const found = new Map<string, ReturnType<typeof predict>>();
  for (const id of new Set([...first.keys(), ...second.keys()])) {
    const [was, a, b] = [base.get(id), first.get(id), second.get(id)];
    if (was && a && b) found.set(id, predict({ id, base: was, first: a, second: b, hasClocks }));
    const only = a ?? b;
    if (was === undefined && only !== undefined)
      found.set(id, { values: only.values, tags: hasClocks ? only.tags : undefined, listed: [] });
  }
  return found;
}

async function compare(all: readonly [Laptop, Laptop], fresh: Laptop, expected: Expected): Promise<void> {
  const held = await Promise.all(all.map((machine) => machine.held()));
  const messages = all.map((machine) => machine.messages());
  const listed = (await Promise.all(all.map((machine) => machine.conflicts()))).flat();
  for (const [id, { values, tags }] of expected) {
    for (const [n, one] of held.entries()) {
      // What was deleted before a machine ever saw it is not fetched for its trash.
      const found = one.get(id);
      if (found === undefined && values.status === 'deleted') continue;
      assert.deepEqual(found?.values, values, `I5: fields of ${id} on machine ${n}`);
      if (tags !== undefined) assert.deepEqual(found.tags, tags, `I5 T32: tags of ${id} on machine ${n}`);
    }
    if (values.status !== 'deleted') {
      assert.deepEqual(messages[0]?.get(id), messages[1]?.get(id), `I3 I4 I5: messages of ${id}`);
      assert.deepEqual(fresh.messages().get(id), messages[0]?.get(id), `I5: ${id} on a new machine`);
      const seen = (await fresh.held()).get(id);
      assert.deepEqual(seen?.values, values, `I5: fields of ${id} on a new machine`);
      if (tags !== undefined) assert.deepEqual(seen.tags, tags, `I5: tags of ${id} on a new machine`);
    }
  }
  for (const [n, { said }] of all.entries())
    for (const [messageId, id] of said)
      assert.ok(
        messages[n]?.get(id)?.some((one) => one.startsWith(`${messageId} `)),
        `I1 I2: ${messageId} is here and on the server`,
      );
  const told = listed.map(({ conversationId, field, kept, other }): Listed => [
    conversationId,
    field,
    kept,
    other,
  ]);
  const wanted = [...expected.values()].flatMap((one) => one.listed);
  assert.deepEqual(inOrder(told), inOrder(wanted), 'T33: what was dropped is listed, and nothing else');
}

function inOrder(listed: readonly Listed[]): string[] {
  return listed.map((one) => JSON.stringify(one)).sort();
}
