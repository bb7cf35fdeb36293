import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { JournaledStore } from '../../src/store/journaled.ts';
import type { WordStore } from '../../src/store/journalMoves.ts';
import { MementoJournal } from '../../src/store/memento/journal.ts';
import type { ReplyStart, ReplyStore } from '../../src/store/replies.ts';
import { StoreError } from '../../src/store/store.ts';
import { RUNS, SEED } from '../model/runs.ts';
import { MapMemento } from '../panel/mapMemento.ts';
import { MemoryFile, openMemoryStore } from '../support/memoryStore.ts';

const WRITES = ['create', 'append', 'extend', 'settle', 'noteReplyProblem', 'saveDraft'] as const;

/** One machine: a disk that may be full, and the editor's storage that outlives its windows. */
class Machine {
  readonly file = new MemoryFile();
  readonly global = new MapMemento();
  readonly workspace = new MapMemento();
  readonly dead = new Set<number>();
  readonly defects: unknown[] = [];
  isFull = false;
  /** A conversation that was deleted for good. */
  purged: string | undefined;
  private pid = 0;
  private journaled!: JournaledStore;
  journal!: MementoJournal;
  store!: WordStore;

  constructor() {
    this.start();
  }

  /** The next window; the one before it is gone, as a rule. */
  start({ isLastDead = true } = {}): void {
    if (isLastDead) this.dead.add(this.pid);
    this.pid += 1;
    const inner = this.faulty(openMemoryStore(this.file));
    this.journal = new MementoJournal({
      global: this.global,
      workspace: this.workspace,
      owner: { sessionId: `session-${this.pid}`, pid: this.pid, host: 'here' },
      now: () => 1_700_000_000_000,
      isAlive: (pid) => !this.dead.has(pid),
    });
    this.journaled = new JournaledStore(inner, {
      journal: this.journal,
      now: () => 1_700_000_000_000,
      onDefect: (error) => this.defects.push(error),
    });
    this.store = this.journaled.over(inner);
  }

  async recover(): Promise<void> {
    this.isFull = false;
    assert.equal(await this.journaled.drain(), true);
  }

  /** Keys of journals in the editor's storage. */
  journals(): string[] {
    const isJournal = (key: string) => key.startsWith('navi.journal.');
    return [this.global, this.workspace].flatMap((place) =>
      place.keys().filter((key) => isJournal(key) && place.get(key) !== undefined),
    );
  }

  private faulty(store: WordStore): WordStore {
    const faulty: Record<string, unknown> = { ...store };
    for (const name of WRITES) {
      const call = store[name] as (...args: unknown[]) => Promise<unknown>;
      faulty[name] = (...args: unknown[]) =>
        this.isFull
          ? Promise.reject(new StoreError('unavailable', 'The disk is full.'))
          : this.purged !== undefined && JSON.stringify(args).includes(this.purged)
            ? Promise.reject(new StoreError('purged', 'It was deleted for good.'))
            : call(...args);
    }
    return faulty as unknown as WordStore;
  }
}

describe('the journal under a store', () => {
  let machine: Machine;
  let id: string;
  const say = (content: string, messageId = uuidv7()) =>
    machine.store.append({ id: messageId, conversationId: id, role: 'user', content });
  const shown = async () =>
    (await machine.store.read(id, { limit: 1_000 }))?.messages.map(
      ({ content, delivery }) => `${content}${delivery === 'journaled' ? ' (journaled)' : ''}`,
    );
  beforeEach(async () => {
    machine = new Machine();
    id = uuidv7();
    await machine.store.create({ id });
    await say('first');
  });
  afterEach(() => assert.deepEqual(machine.defects, []));

  it('I1 I6: words that the disk cannot take survive a reload, are shown as such, and move once, in order', async () => {
    machine.isFull = true;
    assert.equal((await say('second')).delivery, 'journaled');
    await say('third');
    machine.start();
    assert.deepEqual(await shown(), ['first', 'second (journaled)', 'third (journaled)']);
    await machine.recover();
    await say('fourth');
    assert.deepEqual(await shown(), ['first', 'second', 'third', 'fourth']);
    assert.deepEqual(machine.journals(), []);
  });

  it('I11: how much lies in the journal can be told without its words', async () => {
    assert.deepEqual(machine.journal.usage(), { windows: 0, entries: 0, bytes: 0 });
    machine.isFull = true;
    await say('second');
    await say('third');
    const { windows, entries, bytes } = machine.journal.usage();
    assert.deepEqual([windows, entries], [1, 2]);
    assert.ok(bytes > 200 && bytes < 2_000, `${bytes} bytes`);
    await machine.recover();
    assert.equal(machine.journal.usage().entries, 0);
  });

  it('R1 I1: a reply begun while the disk is full is kept, starts once, and moves once', async () => {
    const prompt = await say('prompt');
    const windowStore = openMemoryStore(machine.file);
    const journal = new JournaledStore(
      {
        ...windowStore,
        beginReply: () => Promise.reject(new StoreError('unavailable', 'The disk is full.')),
      },
      {
        journal: new MementoJournal({
          global: machine.global,
          workspace: machine.workspace,
          owner: { sessionId: 'replies', pid: 99, host: 'here' },
          now: () => 1_700_000_000_000,
          isAlive: () => true,
        }),
        now: () => 1_700_000_000_000,
        onDefect: (error) => machine.defects.push(error),
      },
    );
    const store = journal.over({
      ...windowStore,
      beginReply: (): Promise<ReplyStart> => Promise.reject(new Error('The journal is in between.')),
    });
    const begin = (after: string) =>
      (store.beginReply as ReplyStore['beginReply'])({
        id: uuidv7(),
        conversationId: id,
        kind: 'answer',
        after,
      });
    const start = await begin(prompt.id);
    assert.ok('started' in start);
    assert.deepEqual(await begin(prompt.id), { refused: 'busy' });
    await store.extend(start.started.id, { text: 'reply' });
    await store.settle(start.started.id, 'complete');
    assert.deepEqual(await begin(prompt.id), { refused: 'outdated' });
    await journal.drain();
    assert.deepEqual(await shown(), ['first', 'prompt', 'reply']);
  });

  it('I4: the next write goes behind what waits', async () => {
    machine.isFull = true;
    await say('second');
    machine.isFull = false;
    await say('third');
    assert.deepEqual(await shown(), ['first', 'second', 'third']);
  });

  it('I1: a conversation that begins on a full disk is listed, read, and stored when it can be', async () => {
    machine.isFull = true;
    id = uuidv7();
    await machine.store.create({ id });
    await say('a new thought\nand more');
    machine.start();
    const [listed] = (await machine.store.list({ status: 'active', limit: 10 })).items;
    assert.deepEqual([listed?.id, listed?.title, listed?.messageCount], [id, 'a new thought', 1]);
    assert.ok((await machine.store.conversationIds()).includes(id));
    await machine.recover();
    assert.deepEqual(await shown(), ['a new thought\nand more']);
  });

  it('I3: what was moved and could not be taken out of the journal is not doubled by the next start', async () => {
    machine.isFull = true;
    await say('second');
    const left = machine.global.get('navi.journal.session-1');
    await machine.recover();
    await machine.global.update('navi.journal.session-1', left);
    machine.start();
    await machine.recover();
    assert.deepEqual(await shown(), ['first', 'second']);
    assert.deepEqual(machine.journals(), []);
  });

  it('what a window that lives has in its journal is its own', async () => {
    machine.isFull = true;
    await say('second');
    machine.start({ isLastDead: false });
    assert.deepEqual(await shown(), ['first']);
    assert.equal(machine.journals().length, 2);
  });

  it('I4: what waited keeps the time at which it was written', async () => {
    const machine = new Machine();
    await machine.store.create({ id: '019a0000-0000-7000-8000-00000000000a' });
    machine.isFull = true;
    const waiting = await machine.store.append({
      id: '019a0000-0000-7000-8000-00000000000b',
      conversationId: '019a0000-0000-7000-8000-00000000000a',
      role: 'user',
      content: 'written on a full disk',
    });
    await machine.recover();
    assert.equal((await machine.store.readMessage(waiting.id))?.createdAt, waiting.createdAt);
  });

  it('a record that makes no sense is neither used nor removed', async () => {
    await machine.global.update('navi.journal.odd', { version: 9, entries: 'all' });
    machine.start();
    await machine.recover();
    assert.deepEqual(machine.journals(), ['navi.journal.odd']);
  });

  it('I1: a reply whose last piece and end cannot be written is kept whole and ended', async () => {
    const replyId = uuidv7();
    const { store } = machine;
    await store.append({
      id: replyId,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    await store.extend(replyId, { text: 'one ' });
    machine.isFull = true;
    await store.extend(replyId, { text: 'two ' });
    assert.deepEqual(await shown(), ['first', 'one two  (journaled)']);
    await store.extend(replyId, { text: 'three' });
    assert.equal((await store.settle(replyId, 'complete'))?.content, 'one two three');
    machine.start();
    assert.deepEqual(await shown(), ['first', 'one two three (journaled)']);
    await machine.recover();
    const reply = await machine.store.readMessage(replyId);
    assert.deepEqual([reply?.content, reply?.status], ['one two three', 'complete']);
    assert.ok(reply?.hash);
  });

  it('I1: the rest of a reply that another window has ended is kept as a message, once', async () => {
    const replyId = uuidv7();
    const { store } = machine;
    await store.append({
      id: replyId,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    await store.extend(replyId, { text: 'one ' });
    machine.isFull = true;
    await store.extend(replyId, { text: 'two' });
    await store.settle(replyId, 'interrupted');
    const left = machine.global.get('navi.journal.session-1');
    await openMemoryStore(machine.file).settle(replyId, 'interrupted');
    await machine.recover();
    await machine.global.update('navi.journal.session-1', left);
    machine.start();
    await machine.recover();
    assert.deepEqual(await shown(), ['first', 'one ', 'two']);
  });

  it('I1: a reply that begins on a full disk is shown while it arrives and kept when it ends', async () => {
    machine.isFull = true;
    const { store } = machine;
    const [replyId, empty] = [uuidv7(), uuidv7()];
    await store.append({
      id: replyId,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    await store.extend(replyId, { text: 'words' });
    assert.deepEqual(await shown(), ['first', 'words (journaled)']);
    await store.settle(replyId, 'complete');
    await store.noteReplyProblem(replyId, 'Stopped.');
    await store.append({
      id: empty,
      conversationId: id,
      role: 'assistant',
      content: '',
      status: 'streaming',
    });
    assert.equal(await store.settle(empty, 'failed'), undefined);
    await machine.recover();
    assert.deepEqual(await shown(), ['first', 'words']);
    assert.equal((await machine.store.readMessage(replyId))?.replyProblem?.reason, 'Stopped.');
  });

  it('I1: a draft waits too, the newest alone, and sending it ends it', async () => {
    const messageId = uuidv7();
    await machine.store.saveDraft(id, { messageId, text: 'a' });
    machine.isFull = true;
    await machine.store.saveDraft(id, { messageId, text: 'ab' });
    await machine.store.saveDraft(id, { messageId, text: 'abc' });
    machine.start();
    assert.equal((await machine.store.readDraft(id))?.text, 'abc');
    await say('abc', messageId);
    assert.equal(await machine.store.readDraft(id), undefined);
    await machine.recover();
    assert.equal(await machine.store.readDraft(id), undefined);
    assert.deepEqual(await shown(), ['first', 'abc']);
  });

  it('I12 P5: a journal that is full refuses with the reason of the store, and shows nothing as kept', async () => {
    machine.isFull = true;
    await say('x'.repeat(300_000));
    await assert.rejects(say('y'.repeat(300_000)), /disk is full/);
    assert.equal((await shown())?.length, 2);
    const kept = [machine.global, machine.workspace].flatMap((place) =>
      place.keys().map((key) => JSON.stringify(place.get(key)).length),
    );
    assert.ok(kept.reduce((sum, bytes) => sum + bytes) < 1024 * 1024);
    await machine.recover();
    assert.equal((await shown())?.length, 2);
  });

  it('words for a conversation that is gone make it anew rather than be lost', async () => {
    machine.isFull = true;
    await say('second');
    machine.file.conversations.delete(id);
    machine.file.messages.clear();
    await machine.recover();
    assert.deepEqual(await shown(), ['second']);
  });

  it('I1 I7: words for a purged conversation are kept in one of their own', async () => {
    machine.isFull = true;
    await say('second');
    await say('third');
    machine.purged = id;
    await machine.recover();
    machine.purged = undefined;
    const { items } = await machine.store.list({ status: 'active', limit: 10 });
    id = items.find((item) => item.id !== id)?.id ?? '';
    assert.deepEqual(await shown(), ['second', 'third']);
    assert.deepEqual(machine.journals(), []);
  });

  it(`I1 I3 I4: whatever fails when, every word acknowledged is there once, in order [seed ${SEED}]`, async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('prompt' as const) }),
      fc.record({ kind: fc.constant('reply' as const), pieces: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant('full' as const) }),
      fc.record({ kind: fc.constant('room' as const) }),
      fc.record({ kind: fc.constant('reload' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.infiniteStream(fc.boolean()),
        async (steps, coin) => {
          machine = new Machine();
          id = uuidv7();
          await machine.store.create({ id });
          const expected: string[] = [];
          for (const [n, { kind, ...rest }] of steps.entries()) {
            if (kind === 'full') machine.isFull = true;
            else if (kind === 'room') machine.isFull = false;
            else if (kind === 'reload') machine.start();
            else if (kind === 'prompt') {
              await say(`prompt ${n}`);
              expected.push(`prompt ${n}`);
            } else {
              const { store } = machine;
              const replyId = uuidv7();
              const reply = { id: replyId, conversationId: id, role: 'assistant', content: '' } as const;
              await store.append({ ...reply, status: 'streaming' });
              let text = '';
              for (let piece = 0; piece < ('pieces' in rest ? rest.pieces : 0); piece += 1) {
                if (coin.next().value === true) machine.isFull = !machine.isFull;
                await store.extend(replyId, { text: `<${n}.${piece}>` });
                text += `<${n}.${piece}>`;
              }
              if (coin.next().value === true) machine.isFull = !machine.isFull;
              await store.settle(replyId, 'complete');
              expected.push(text);
            }
            assert.deepEqual(
              (await shown())?.map((text) => text.replace(' (journaled)', '')),
              expected,
            );
          }
          await machine.recover();
          assert.deepEqual(await shown(), expected);
          assert.deepEqual(machine.journals(), []);
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
  });
});
