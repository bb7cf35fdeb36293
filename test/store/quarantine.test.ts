import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { DirectStore, type World } from '../support/directStore.ts';
import { eventually, openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('a damaged message', () => {
  let folder: ReturnType<typeof tempFolder>;
  let world: World;
  let direct: DirectStore;
  let id: string;
  let messageId: string;
  beforeEach(() => {
    folder = tempFolder();
    world = { now: Date.parse('2026-03-02T08:00:00Z'), dead: new Set() };
    direct = new DirectStore(folder.path, world, { id: 'a', pid: 1 });
    id = direct.write('before');
    messageId = uuidv7();
    direct.store.append({
      id: messageId,
      conversationId: id,
      role: 'assistant',
      content: 'the words that were saved',
      activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done' }],
      commands: [{ id: 'c', command: 'ls', output: 'out', status: 'done' }],
    });
    direct.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'behind' });
  });
  afterEach(() => {
    direct.close();
    folder.dispose();
  });

  /** As a disk would: nothing that NAVI keeps about the row knows of it. */
  const damages: Readonly<Record<string, string>> = {
    'one letter': `UPDATE messages SET content = 'the words that were saveD' WHERE id = :id`,
    'no JSON in a step': `UPDATE activities SET data = '{"id":"a","ki' WHERE message_id = :id`,
    'a step of another shape': `UPDATE activities SET data = '{"id":"a"}' WHERE message_id = :id`,
    'no JSON in a command': `UPDATE command_panels SET data = 'x' WHERE message_id = :id`,
    'no JSON in the metadata': `UPDATE messages SET metadata = '{"navi":' WHERE id = :id`,
    'a lost hash': `UPDATE messages SET hash = NULL WHERE id = :id`,
    'a lost step': `DELETE FROM activities WHERE message_id = :id`,
  };

  function damage(sql: string): void {
    direct.db.exec('PRAGMA ignore_check_constraints=ON');
    direct.db.run(sql.replace(':id', '?'), messageId);
    direct.db.exec('PRAGMA ignore_check_constraints=OFF');
  }

  for (const [name, sql] of Object.entries(damages)) {
    it(`W6: ${name}: the page is shown, the message is marked, the others are as they were`, () => {
      damage(sql);
      const messages = direct.store.read(id, { limit: 10 })?.messages ?? [];
      assert.deepEqual(
        messages.map(({ isDamaged = false }) => isDamaged),
        [false, true, false],
      );
      assert.deepEqual([messages[0]?.content, messages[2]?.content], ['before', 'behind']);
      assert.equal(direct.store.list({ status: 'active', limit: 5 }).items.length, 1);
      // What works on the conversation goes on working.
      direct.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'goes on' });
      while (direct.store.indexSome());
      assert.equal(direct.store.search({ text: 'goes on', limit: 5 }).hits.length, 1);
    });
  }

  it('W6: what is found in reading is noted without being asked, and told', async () => {
    damage(damages['one letter'] ?? '');
    const window = openWindow(folder.path);
    await window.store.read(id, { limit: 10 });
    await eventually(window, async () => (window.damagedMessages.length > 0 ? true : undefined));
    assert.deepEqual(window.damagedMessages, [1]);
    await window.store.read(id, { limit: 10 });
    await window.store.close();
    assert.deepEqual(window.damagedMessages, [1]);
    assert.equal(direct.db.all('SELECT * FROM quarantine').length, 1);
  });

  it('W6: it is not sent; the ones behind it are', () => {
    damage(damages['one letter'] ?? '');
    const lease = direct.lease();
    direct.createThere(lease, id, 'r-1');
    const sent: string[] = [];
    for (const { seq } of direct.items(id)) {
      const order = direct.begin(lease, seq);
      if (order?.kind !== 'append') continue;
      sent.push(order.message.id);
      direct.store.settleAppends(lease, [{ seq, sent: { remoteId: `r-${seq}`, serverOrder: seq } }]);
    }
    assert.equal(sent.length, 2);
    assert.ok(!sent.includes(messageId));
    assert.deepEqual(direct.states(id), ['append parked']);
    assert.equal(
      direct.store.readMessage(messageId)?.deliveryReason,
      'This message is damaged on this machine.',
    );
    direct.store.retryParked(messageId);
    const seq = direct.items(id).find((item) => item.messageId === messageId)?.seq ?? 0;
    assert.equal(direct.begin(lease, seq), undefined);
    assert.deepEqual(direct.states(id), ['append parked']);
  });

  it('W6: a list with tags and workspaces that are no JSON any more is shown', () => {
    direct.db.exec('PRAGMA ignore_check_constraints=ON');
    direct.db.run(`UPDATE conversations SET tags = '["a', workspace = '{"fol', base = 'x' WHERE id = ?`, id);
    direct.db.exec('PRAGMA ignore_check_constraints=OFF');
    const [item] = direct.store.list({ status: 'active', limit: 5 }).items;
    assert.deepEqual([item?.id, item?.tags, item?.workspace], [id, [], undefined]);
    assert.deepEqual(direct.store.tagCounts(), []);
    assert.equal(direct.store.list({ status: 'active', limit: 5, tag: 'a' }).items.length, 0);
    direct.store.change(id, { isStarred: true });
    direct.store.identifyWorkspace({ folders: [{ key: 'file:///q', name: 'q', remotes: [] }] });
  });

  it('W6: a purge of a conversation with damaged messages takes their marks along', () => {
    damage(damages['one letter'] ?? '');
    direct.store.noteDamaged([messageId]);
    direct.store.trash({ ids: [id] }, uuidv7());
    direct.store.purge(direct.store.trashPreview({ all: true }).entries, 'user');
    assert.deepEqual(direct.db.all('SELECT * FROM quarantine'), []);
  });

  it('I9: what is stored with a field that says nothing is as it was saved', () => {
    const other = uuidv7();
    const activity = { id: 'u', kind: 'read', label: 'L', status: 'done' as const, detail: undefined };
    direct.store.append({
      id: other,
      conversationId: id,
      role: 'assistant',
      content: 'x',
      activities: [activity as never],
    });
    assert.equal(direct.store.readMessage(other)?.isDamaged, undefined);
  });
});
