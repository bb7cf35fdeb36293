import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { OpenConversation } from '../../src/protocol/panel.ts';
import { DirectStore } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { MapMemento } from './mapMemento.ts';
import { TestPanel } from './testPanel.ts';

const COUNT = 1_500;
const MOST = 200;

describe('long conversations and lists in the panel', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: TestPanel;
  let conversationId: string;
  let ids: readonly string[];
  let memory: MapMemento;
  beforeEach(() => {
    folder = tempFolder();
    memory = new MapMemento();
    fill();
    window = new TestPanel(folder.path, { window: memory });
  });
  afterEach(async () => {
    await window.close();
    folder.dispose();
  });
  /** One long conversation, written as the store does, in one transaction so that the test is quick. */
  function fill(): void {
    const direct = new DirectStore(
      folder.path,
      { now: 1_700_000_000_000, dead: new Set() },
      { id: 'w', pid: 1 },
    );
    direct.db.write(() => {
      conversationId = direct.write(...Array.from({ length: COUNT }, (_, n) => `m${n}`));
    });
    ids = direct.db.all<{ id: string }>('SELECT id FROM messages ORDER BY n').map(({ id }) => id);
    direct.close();
  }

  const ends = ({ messages, hasOlder, hasNewer }: OpenConversation) =>
    [messages[0]?.content, messages.at(-1)?.content, messages.length, hasOlder, hasNewer] as const;
  const shows = (...expected: ReturnType<typeof ends>) =>
    window.shows(({ open }) => open && JSON.stringify(ends(open)) === JSON.stringify(expected) && open);
  const move = (type: 'loadOlderMessages' | 'loadNewerMessages' | 'showNewestMessages'): void =>
    window.panel.receive({ type, conversationId });

  it('L1 I12: older messages are loaded without end, newer ones on the way back, and a snapshot is bounded', async () => {
    window.panel.receive({ type: 'openConversation', conversationId });
    await shows('m1450', 'm1499', 50, true, false);
    for (const first of ['m1400', 'm1350', 'm1300']) {
      move('loadOlderMessages');
      await window.shows(({ open }) => open?.messages[0]?.content === first);
    }
    for (let first = 1_200; first >= 0; first -= 100) {
      move('loadOlderMessages');
      const count = Math.min(MOST, COUNT - first);
      await shows(`m${first}`, `m${first + count - 1}`, count, first > 0, first + count < COUNT);
    }
    for (let n = 0; n < 20 && window.snapshots.at(-1)?.open?.hasNewer; n += 1) {
      const last = window.snapshots.at(-1)?.open?.messages.at(-1)?.id;
      move('loadNewerMessages');
      await window.shows(
        ({ open }) => open?.messages.some(({ id }) => id === last) && open.messages.at(-1)?.id !== last,
      );
    }
    assert.equal(window.snapshots.at(-1)?.open?.messages.at(-1)?.content, 'm1499');
    for (const { open } of window.snapshots) assert.ok((open?.messages.length ?? 0) <= MOST);
    move('showNewestMessages');
    await shows('m1450', 'm1499', 50, true, false);
  });

  it('L2 Q31: a message found anywhere is opened among its neighbours, and what is said goes on at the end', async () => {
    window.panel.receive({ type: 'openConversation', conversationId, messageId: ids[7] });
    assert.equal((await shows('m0', 'm56', 57, false, true)).targetId, ids[7]);
    window.panel.receive({ type: 'openConversation', conversationId, messageId: ids[700] });
    assert.equal((await shows('m650', 'm749', 100, true, true)).targetId, ids[700]);
    await window.send(conversationId, 'something new');
    await window.shows(({ open }) => open?.hasNewer === false && open.messages.at(-1)?.content === 'reply');
  });

  it('L2 I6: a reload shows the same messages again', async () => {
    window.panel.receive({ type: 'openConversation', conversationId, messageId: ids[700] });
    const before = await shows('m650', 'm749', 100, true, true);
    await window.close();
    window = new TestPanel(folder.path, { window: memory });
    const after = await shows('m650', 'm749', 100, true, true);
    assert.deepEqual(
      after.messages.map(({ id }) => id),
      before.messages.map(({ id }) => id),
    );
  });

  it('L3 I6: messages that come below do not push out above what a reader may be at', async () => {
    window.panel.receive({ type: 'openConversation', conversationId });
    await shows('m1450', 'm1499', 50, true, false);
    for (let n = 1; n <= 5; n += 1)
      await window.store.append({ id: uuidv7(), conversationId, role: 'user', content: `new ${n}` });
    await shows('m1450', 'new 5', 55, true, false);
  });

  it('L4 I12: a list is shown beyond any number, in both directions, and a snapshot is bounded', async () => {
    await window.close();
    const direct = new DirectStore(
      folder.path,
      { now: 1_800_000_000_000, dead: new Set() },
      { id: 'w', pid: 1 },
    );
    direct.db.write(() => {
      for (let n = 0; n < 700; n += 1) {
        direct.world.now += 1_000;
        direct.write(`c${n}`);
      }
    });
    direct.close();
    window = new TestPanel(folder.path);
    const titles = () => window.shows(({ list }) => list.items.map(({ title }) => title));
    await window.shows(({ list }) => list.items.length === 50);
    const seen = new Set(await titles());
    for (let loads = 0; loads < 20 && window.snapshots.at(-1)?.list.hasMore; loads += 1) {
      const before = window.snapshots.length;
      window.panel.receive({ type: 'loadMoreConversations' });
      await window.shows(() => window.snapshots.length > before);
      for (const title of await titles()) seen.add(title);
      assert.ok((await titles()).length <= 300);
    }
    assert.equal(seen.size, 701);
    for (let loads = 0; loads < 20 && window.snapshots.at(-1)?.list.hasPrevious; loads += 1) {
      const before = window.snapshots.length;
      window.panel.receive({ type: 'loadPreviousConversations' });
      await window.shows(() => window.snapshots.length > before);
    }
    assert.equal((await titles())[0], 'c699');
  });
});
