import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as z from 'zod';
import { contentHash } from '../../src/model/hash.ts';
import { exportConversations, type ExportProgress } from '../../src/portability/export.ts';
import type { ConversationStore } from '../../src/store/store.ts';
import { DirectStore, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const exported = z.object({
  format: z.literal('navi'),
  version: z.literal(1),
  exportedAt: z.iso.datetime(),
  conversations: z.array(
    z.looseObject({
      id: z.uuid(),
      title: z.string(),
      messages: z.array(z.looseObject({ id: z.uuid(), content: z.string() })),
    }),
  ),
});

describe('export', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: DirectStore;
  let store: ConversationStore;
  beforeEach(() => {
    folder = tempFolder();
    const world: World = { now: 1_700_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    const { conversationIds, read } = window.store;
    const used = {
      conversationIds: () => Promise.resolve(conversationIds()),
      read: (...args: Parameters<ConversationStore['read']>) => Promise.resolve(read(...args)),
    };
    store = used as ConversationStore;
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });
  async function run(onProgress: (progress: ExportProgress) => void = () => undefined) {
    let text = '';
    for await (const piece of exportConversations(store, 1_700_000_000_000, onProgress)) text += piece;
    return { text, ...exported.parse(JSON.parse(text)) };
  }

  it('is valid JSON without any conversation', async () => {
    assert.deepEqual((await run()).conversations, []);
  });

  it('I5: holds every message of every page, in order, once, with what hashes to the same', async () => {
    const long = window.write(...Array.from({ length: 1_203 }, (_, n) => `m${n} "\u2028"`));
    window.write('short');
    const steps: ExportProgress[] = [];
    const { conversations } = await run((step) => steps.push(step));
    assert.deepEqual(steps, [
      { done: 1, total: 2 },
      { done: 2, total: 2 },
    ]);
    const messages = conversations.find(({ id }) => id === long)?.messages ?? [];
    assert.deepEqual(
      messages.map(({ content }) => content),
      Array.from({ length: 1_203 }, (_, n) => `m${n} "\u2028"`),
    );
    const stored = window.store.readMessage(messages[0]?.id ?? '');
    assert.equal(messages[0]?.['hash'], stored && contentHash(stored));
  });

  it('holds archived conversations and no deleted ones, and nothing of delivery', async () => {
    const [archived, deleted] = [window.write('kept'), window.write('gone')];
    window.store.change(archived, { status: 'archived' });
    window.store.change(deleted, { status: 'deleted' });
    const { conversations, text } = await run();
    assert.deepEqual(
      conversations.map(({ id }) => id),
      [archived],
    );
    assert.doesNotMatch(text, /"delivery|"pendingCount|"messageCount|"preview/);
  });

  it('I5: a message that gets its number while the pages are read is exported once', async () => {
    const id = window.write(...Array.from({ length: 700 }, (_, n) => `m${n}`));
    const lease = window.lease();
    const { read } = { read: store.read.bind(store) };
    let pages = 0;
    store.read = async (...args) => {
      const page = await read(...args);
      pages += 1;
      if (pages === 1) {
        window.createThere(lease, id, 'r');
        window.appendAllThere(lease, id);
      }
      return page;
    };
    const ids = (await run()).conversations[0]?.messages.map((message) => message.id) ?? [];
    assert.deepEqual([ids.length, new Set(ids).size], [700, 700]);
  });

  it('stops reading when it is cancelled', async () => {
    for (let n = 0; n < 5; n += 1) window.write(`c${n}`);
    let reads = 0;
    const { read } = { read: store.read.bind(store) };
    store.read = (...args) => {
      reads += 1;
      return read(...args);
    };
    for await (const piece of exportConversations(store, 0, () => undefined))
      if (piece.includes('"c1"')) break;
    assert.equal(reads, 2);
  });
});
