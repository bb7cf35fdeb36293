import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { ConversationFields } from '../../src/model/conversation.ts';
import type { RemoteConversation, RemoteMessage, SendOrder } from '../../src/store/outbox.ts';
import { StoreError } from '../../src/store/store.ts';
import { RUNS, SEED } from '../model/runs.ts';
import { ACCOUNT, DirectStore, remoteMessage, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

interface Row extends ConversationFields {
  readonly id: string;
  readonly remoteId: string;
  change: number;
  readonly messages: RemoteMessage[];
}

/** The plain contract: deletes softly, counts its changes, takes messages into whatever it holds. */
class Backend {
  readonly rows = new Map<string, Row>();
  private clock = 1_700_000_000_000_000;

  tick(): number {
    return (this.clock += 1);
  }

  remote(row: Row): RemoteConversation {
    const { id, remoteId, title, status, isPinned, isStarred, change, messages } = row;
    return {
      id,
      messages,
      fields: {
        remoteId,
        title,
        status,
        isPinned,
        isStarred,
        remoteUpdatedAt: String(change),
        lastChange: change,
        createdAt: 1_700_000_000_000,
      },
    };
  }
}

/** One machine of the user's: its store, and what sync does with it. */
class Machine {
  readonly direct: DirectStore;
  readonly purged = new Set<string>();
  /** Texts that this machine was told are saved. */
  readonly said = new Map<string, string[]>();
  private readonly backend: Backend;

  constructor(folder: string, world: World, backend: Backend) {
    this.direct = new DirectStore(folder, world, { id: 'w', pid: 1 });
    this.backend = backend;
  }

  get store() {
    return this.direct.store;
  }

  say(conversationId: string, text: string): void {
    try {
      this.store.append({ id: uuidv7(), conversationId, role: 'user', content: text });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const wanted = this.purged.has(conversationId) ? 'purged' : 'no-such-conversation';
      assert.equal(error.problem, wanted);
      return;
    }
    this.said.set(conversationId, [...(this.said.get(conversationId) ?? []), text]);
  }

  purge(id: string): void {
    const { entries } = this.store.trashPreview({ ids: [id] });
    if (this.store.purge(entries, 'user').purged === 0) return;
    this.purged.add(id);
    this.said.delete(id);
  }

  /** `hasAnswer` false: the first request takes effect and its answer is lost. */
  push(hasAnswer = true): number {
    const { world } = this.direct;
    const items = this.store.dueItems(ACCOUNT, world.now, 10);
    for (const { seq, state, conversationId } of items) {
      if (state === 'unknown') {
        this.readBack(conversationId, seq);
        continue;
      }
      const order = this.direct.begin(this.direct.lease(), seq);
      if (order === undefined) continue;
      const answer = this.carryOut(seq, order);
      if (hasAnswer) answer();
      else
        this.store.defer(this.direct.lease(), seq, {
          state: 'unknown',
          notBefore: world.now,
          reason: 'lost',
        });
    }
    return items.length;
  }

  pull(): void {
    for (const isDeleted of [false, true]) {
      const rows = [...this.backend.rows.values()].filter((row) => (row.status === 'deleted') === isDeleted);
      const listed = rows.map((row) => this.backend.remote(row).fields);
      for (const remoteId of this.store.mergeList(this.direct.lease(), ACCOUNT, listed)) this.read(remoteId);
    }
  }

  private read(remoteId: string): void {
    const row = this.backend.rows.get(remoteId);
    assert.ok(row);
    this.store.mergeConversation(this.direct.lease(), ACCOUNT, this.backend.remote(row));
  }

  private readBack(conversationId: string, seq: number): void {
    const remoteId = this.store.remoteIdOf(ACCOUNT, conversationId);
    if (remoteId === undefined) this.pull();
    else this.read(remoteId);
    if (this.store.unanswered(conversationId).length > 0)
      this.store.defer(this.direct.lease(), seq, { state: 'queued', notBefore: this.direct.world.now });
  }

  private carryOut(seq: number, order: SendOrder): () => void {
    const { backend, direct, store } = this;
    if (order.kind === 'create') {
      const row: Row = {
        id: order.conversationId,
        remoteId: uuidv7(),
        title: order.title,
        status: 'active',
        isPinned: false,
        isStarred: false,
        change: backend.tick(),
        messages: [],
      };
      backend.rows.set(row.remoteId, row);
      const { fields } = backend.remote(row);
      return () => store.completeCreate(direct.lease(), ACCOUNT, seq, fields);
    }
    const row = backend.rows.get(order.remoteId);
    assert.ok(row);
    row.change = backend.tick();
    if (order.kind === 'append') {
      const { id, content, hlc } = order.message;
      const sent = { remoteId: uuidv7(), serverOrder: row.change };
      row.messages.push(remoteMessage(id, sent.remoteId, { content, hlc, serverOrder: row.change }));
      return () => void store.settleAppends(direct.lease(), [{ seq, sent }]);
    }
    Object.assign(row, order.change);
    return () => store.completeFields(direct.lease(), seq, order.fields);
  }
}

const KINDS = [
  'delete',
  'restore',
  'restore purged',
  'purge',
  'say',
  'say',
  'star',
  'push',
  'lost',
  'pull',
  'pull',
] as const;
const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  machine: fc.nat(1),
  conversation: fc.nat(1),
});

describe('the trash of two machines at random', () => {
  it(`I2 I7 D5: nothing purged comes back, and nothing else is lost (seed ${SEED})`, function () {
    this.timeout(120_000);
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const folders = [tempFolder(), tempFolder()] as const;
        const world: World = { now: 1_700_000_000_000, dead: new Set() };
        const backend = new Backend();
        const machines = [
          new Machine(folders[0].path, world, backend),
          new Machine(folders[1].path, world, backend),
        ] as const;
        try {
          play(steps, machines, world, backend);
        } finally {
          for (const { direct } of machines) direct.close();
          for (const folder of folders) folder.dispose();
        }
      }),
      { seed: SEED, numRuns: Math.ceil(RUNS / 4) },
    );
  });
});

function play(
  steps: readonly { kind: (typeof KINDS)[number]; machine: number; conversation: number }[],
  machines: readonly [Machine, Machine],
  world: World,
  backend: Backend,
): void {
  const ids = [uuidv7(), uuidv7()] as const;
  for (const [n, id] of ids.entries()) {
    machines[0].store.create({ id, title: `conversation ${n}` });
    machines[0].say(id, `first of ${n}`);
    // Both machines hold the first one.
    if (n === 0) converge(machines, world);
  }
  for (const [n, { kind, machine: m, conversation }] of steps.entries()) {
    world.now += 1_000;
    const machine = machines[m === 0 ? 0 : 1];
    const id = ids[conversation === 0 ? 0 : 1];
    if (kind === 'delete') machine.store.trash({ ids: [id] }, uuidv7());
    else if (kind === 'restore') machine.store.restore({ ids: [id] });
    else if (kind === 'purge') {
      machine.store.trash({ ids: [id] }, uuidv7());
      machine.purge(id);
    } else if (kind === 'restore purged')
      assert.equal(machine.store.restore({ ids: [...machine.purged] }), 0);
    else if (kind === 'say') machine.say(id, `${n} on ${m}`);
    else if (kind === 'push') machine.push();
    else if (kind === 'lost') machine.push(false);
    else if (kind === 'pull') machine.pull();
    else if (machine.store.read(id, { limit: 1 }) !== undefined)
      machine.store.change(id, { isStarred: true });
    for (const one of machines) check(one);
  }
  converge(machines, world);
  for (const id of ids) {
    const isPurged = machines.some(({ purged }) => purged.has(id));
    for (const row of [...backend.rows.values()].filter((one) => one.id === id)) {
      if (isPurged) assert.equal(row.status, 'deleted', 'a new machine sees nothing of it');
    }
    const [one, other] = machines.map(({ store }) => store.read(id, { limit: 1_000 }));
    // What was deleted before a machine ever saw it is not fetched for its trash.
    if (!isPurged && one !== undefined && other !== undefined)
      assert.equal(one.conversation.status, other.conversation.status, 'one state everywhere');
    else if (!isPurged) assert.equal((one ?? other)?.conversation.status, 'deleted');
    if (!isPurged && one?.conversation.status === 'active')
      assert.deepEqual(
        one.messages.map(({ content }) => content),
        other?.messages.map(({ content }) => content),
      );
    for (const page of [one, other]) if (isPurged) assert.notEqual(page?.conversation.status, 'active');
  }
}

function check(machine: Machine): void {
  for (const id of machine.purged)
    assert.equal(machine.store.read(id, { limit: 1 }), undefined, 'I7: purged stays purged');
  const listed = (['active', 'archived', 'deleted'] as const).flatMap((status) =>
    machine.store.list({ status, limit: 100 }).items.map(({ id }) => id),
  );
  assert.ok(!listed.some((id) => machine.purged.has(id)));
  for (const [id, texts] of machine.said) {
    const kept = machine.store.read(id, { limit: 1_000 })?.messages.map(({ content }) => content) ?? [];
    assert.deepEqual(
      texts.filter((text) => !kept.includes(text)),
      [],
      'I2: what was said here is kept here',
    );
  }
}

/** Both sync until neither has anything to say: it must come to an end. */
function converge(machines: readonly Machine[], world: World): void {
  for (let round = 0; round < 30; round += 1) {
    let sent = 0;
    for (const machine of machines) {
      world.now += 1_000;
      while (machine.push() > 0) sent += 1;
      machine.pull();
      check(machine);
    }
    if (sent === 0 && machines.every(({ direct }) => direct.items().length === 0)) return;
  }
  assert.fail('two machines undo each other for ever');
}
