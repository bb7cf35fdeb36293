import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { ReplyKind, ReplyStart } from '../../src/store/replies.ts';
import { DirectStore, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const MINUTE = 60_000;

describe('replies in the store', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let first: DirectStore;
  let second: DirectStore;
  let conversationId: string;
  let prompt: string;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: 1_700_000_000_000, dead: new Set() };
    first = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    second = new DirectStore(folder.path, world, { id: 'w2', pid: 2 });
    conversationId = first.write('prompt');
    prompt = messages(first)[0]?.id ?? '';
  });
  afterEach(() => {
    first.close();
    second.close();
    folder.dispose();
  });
  const messages = (window: DirectStore) => window.store.read(conversationId, { limit: 50 })?.messages ?? [];
  const texts = (window: DirectStore) => messages(window).map(({ content }) => content);
  const begin = (window: DirectStore, kind: ReplyKind, after: string): ReplyStart =>
    window.store.beginReply({ id: uuidv7(), conversationId, kind, after });
  function started(start: ReplyStart): string {
    assert.ok('started' in start, JSON.stringify(start));
    return start.started.id;
  }
  /** A reply that ended with this text. */
  function reply(
    kind: ReplyKind,
    after: string,
    text: string,
    status: 'complete' | 'interrupted' = 'interrupted',
  ) {
    const id = started(begin(first, kind, after));
    first.store.extend(id, { text });
    world.now += MINUTE;
    first.store.settle(id, status);
    return id;
  }

  it('R1 I3: of two windows that ask for a reply to one prompt, one starts; the other also not once it is there', () => {
    const id = started(begin(first, 'answer', prompt));
    assert.deepEqual(begin(second, 'answer', prompt), { refused: 'busy' });
    assert.deepEqual(begin(first, 'answer', prompt), { refused: 'busy' });
    first.store.extend(id, { text: 'reply' });
    first.store.settle(id, 'complete');
    assert.deepEqual(begin(second, 'answer', prompt), { refused: 'outdated' });
    assert.deepEqual(texts(second), ['prompt', 'reply']);
  });

  for (const kind of ['continue', 'retry'] as const)
    it(`R1 I3: ${kind} that two windows ask for starts once`, () => {
      const partial = reply('answer', prompt, 'half');
      const id = started(begin(first, kind, partial));
      assert.deepEqual(begin(second, kind, partial), { refused: 'busy' });
      first.store.extend(id, { text: ' rest' });
      first.store.settle(id, 'complete');
      assert.deepEqual(begin(second, kind, partial), { refused: 'outdated' });
    });

  it('R1: a complete reply is not continued, and a prompt is not tried again as a reply', () => {
    assert.deepEqual(begin(first, 'retry', prompt), { refused: 'outdated' });
    const whole = reply('answer', prompt, 'whole', 'complete');
    assert.deepEqual(begin(first, 'continue', whole), { refused: 'outdated' });
  });

  it('R2: an interrupted reply says when it ended; one whose window died, when that was last alive', () => {
    const at = world.now;
    reply('answer', prompt, 'stopped by the user');
    assert.equal(messages(first)[1]?.endedAt, at + MINUTE);
    const other = second.write('other');
    const asked = second.store.read(other, { limit: 1 })?.messages[0]?.id ?? '';
    const id = started(
      second.store.beginReply({ id: uuidv7(), conversationId: other, kind: 'answer', after: asked }),
    );
    second.store.extend(id, { text: 'cut off' });
    const lastSign = world.now;
    world.now += 24 * 60 * MINUTE;
    world.dead.add(2);
    first.store.interruptOrphans();
    const ended = first.store.readMessage(id);
    assert.deepEqual([ended?.status, ended?.endedAt], ['interrupted', lastSign]);
  });

  it('R3: Continue adds a message that follows and names the one it continues', () => {
    const partial = reply('answer', prompt, 'half');
    reply('continue', partial, ' rest', 'complete');
    assert.deepEqual(texts(first), ['prompt', 'half', ' rest']);
    assert.deepEqual(messages(first)[2]?.metadata, { navi: { continues: partial } });
  });

  it('R3 I1: a window that dies while a continuation arrives leaves both parts, and it can be continued', () => {
    const partial = reply('answer', prompt, 'half');
    const rest = started(begin(second, 'continue', partial));
    second.store.extend(rest, { text: ' more' });
    world.dead.add(2);
    first.store.interruptOrphans();
    assert.deepEqual(
      messages(first).map(({ content, status }) => [content, status]),
      [
        ['prompt', 'complete'],
        ['half', 'interrupted'],
        [' more', 'interrupted'],
      ],
    );
    started(begin(first, 'continue', rest));
  });

  it('R4 I6: Retry puts the reply and what continued it into the trash, from where it can be restored', () => {
    const partial = reply('answer', prompt, 'half');
    const rest = reply('continue', partial, ' more');
    const again = reply('retry', rest, 'whole', 'complete');
    assert.deepEqual(texts(first), ['prompt', 'whole']);
    assert.equal(first.store.readMessage(partial)?.content, 'half');
    const page = second.store.read(conversationId, { limit: 1 });
    assert.equal(page?.conversation.messageCount, 2);
    assert.deepEqual(page.versions, [{ messageId: again, number: 2, count: 2, earlier: [again] }]);
    second.store.append({
      id: uuidv7(),
      conversationId,
      role: 'system',
      content: 'restored',
      metadata: { navi: { restores: again } },
    });
    assert.deepEqual(texts(first), ['prompt', 'half', ' more']);
  });

  it('R4 I6: a retry of which nothing ever came leaves the partial reply where it was', () => {
    const partial = reply('answer', prompt, 'half');
    const again = started(begin(first, 'retry', partial));
    assert.deepEqual(texts(first), ['prompt', '']);
    first.store.settle(again, 'failed');
    assert.deepEqual(texts(first), ['prompt', 'half']);
    assert.equal(first.store.read(conversationId, { limit: 1 })?.conversation.messageCount, 2);
  });

  it('R5 I12: a reply of 1 MB is written at a cost that does not grow with what is there already', () => {
    first.db.exec('PRAGMA wal_autocheckpoint=0');
    const id = started(begin(first, 'answer', prompt));
    const written = () => statSync(join(folder.path, 'navi.db-wal')).size;
    const piece = 'x'.repeat(1024);
    const costs = Array.from({ length: 1024 }, () => {
      const before = written();
      first.store.extend(id, { text: piece });
      return written() - before;
    });
    const mean = (part: readonly number[]) => part.reduce((sum, cost) => sum + cost, 0) / part.length;
    const [early, late] = [mean(costs.slice(0, 100)), mean(costs.slice(-100))];
    assert.ok(early > 0 && late < early * 2, `${early} bytes a flush at first, ${late} at the end`);
    assert.ok(late < 40_000, `${late} bytes for a piece of 1,024`);
  });
});
