import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { Lease, RemoteFields } from '../../src/store/outbox.ts';
import { StoreError } from '../../src/store/store.ts';
import type { PurgeReport, TrashScope } from '../../src/store/trash.ts';
import { ACCOUNT, DirectStore, remoteFields, remoteMessage, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const ALL: TrashScope = { all: true };
const DAY = 24 * 60 * 60_000;

describe('trash', () => {
  let folder: ReturnType<typeof tempFolder>;
  let window: DirectStore;
  let lease: Lease;
  beforeEach(() => {
    folder = tempFolder();
    const world: World = { now: 1_700_000_000_000, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'w1', pid: 1 });
    lease = window.lease();
  });
  afterEach(() => {
    const { integrity_check: soundness } = window.db.get<{ integrity_check: string }>(
      'PRAGMA integrity_check',
    ) ?? { integrity_check: '' };
    assert.deepEqual([soundness, window.db.all('PRAGMA foreign_key_check')], ['ok', []]);
    window.close();
    folder.dispose();
  });
  const ids = (status: 'active' | 'archived' | 'deleted') =>
    window.store.list({ status, limit: 100 }).items.map(({ id }) => id);
  const conversation = (id: string) => window.store.read(id, { limit: 1 })?.conversation;
  const trash = (...some: string[]) => window.store.trash({ ids: some }, uuidv7());
  const purge = (scope: TrashScope = ALL): PurgeReport =>
    window.store.purge(window.store.trashPreview(scope).entries, 'user');
  /** A conversation that is on the server, whole. */
  const synced = (remoteId: string, text = 'words'): string => {
    const id = window.write(text);
    window.createThere(lease, id, remoteId);
    window.appendAllThere(lease, id);
    return id;
  };
  const sendFields = (id: string): void => {
    const { seq } = window.itemOf(id, 'fields');
    const order = window.begin(lease, seq);
    assert.ok(order?.kind === 'fields');
    window.store.completeFields(lease, seq, order.fields);
  };
  const list = (...rows: RemoteFields[]) => window.store.mergeList(lease, ACCOUNT, rows);
  const problem = (call: () => unknown): string | undefined => {
    try {
      call();
      return undefined;
    } catch (error) {
      assert.ok(error instanceof StoreError);
      return error.problem;
    }
  };
  /** Every value in every table that holds one of these texts. */
  const traces = (...texts: string[]): string[] =>
    window.db
      .all<{ name: string }>(
        `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
      )
      .flatMap(({ name }) =>
        window.db
          .all<object>(`SELECT * FROM "${name}"`)
          .filter((row) => texts.some((text) => JSON.stringify(row).includes(text)))
          .map(() => name),
      );

  describe('undo and restore', () => {
    it('I7 D1: a deletion remembers from where, and a restore puts it back there', () => {
      const [active, archived] = [window.write('a'), window.write('b')];
      window.store.change(archived, { status: 'archived' });
      window.store.change(active, { status: 'deleted' });
      window.store.change(archived, { status: 'deleted' });
      assert.equal(conversation(active)?.deletedAt, window.world.now);
      assert.equal(window.store.restore({ ids: [active, archived] }), 2);
      assert.deepEqual(
        [conversation(active)?.status, conversation(archived)?.status],
        ['active', 'archived'],
      );
      assert.equal(conversation(active)?.deletedAt, undefined);
    });

    it('I7 D1: Undo of one act brings back what that act took, and nothing else', () => {
      const [before, first, second, archived] = ['before', 'a', 'b', 'c'].map((text) =>
        window.write(text),
      ) as [string, string, string, string];
      trash(before);
      window.store.change(archived, { status: 'archived' });
      const act = uuidv7();
      assert.equal(window.store.trash({ status: 'active' }, act), 2);
      assert.deepEqual([ids('active'), ids('archived')], [[], [archived]]);
      window.store.restore({ ids: [second] });
      trash(second);
      assert.equal(window.store.restore({ actId: act }), 1);
      assert.deepEqual([ids('active'), ids('deleted').toSorted()], [[first], [before, second].toSorted()]);
      assert.equal(window.store.restore({ actId: act }), 0, 'a second Undo changes nothing');
    });

    it('D1: the trash lists the newest deletion first', () => {
      const [a, b, c] = [window.write('a'), window.write('b'), window.write('c')];
      for (const id of [b, c, a]) {
        window.world.now += 1;
        trash(id);
      }
      assert.deepEqual(ids('deleted'), [a, c, b]);
    });

    it('I7 D1: a deletion that arrives by sync is in the trash with its time, and its restore is sent', () => {
      const id = synced('r');
      window.world.now += 5;
      list(remoteFields('r', { status: 'deleted', title: 'words' }));
      assert.equal(conversation(id)?.deletedAt, window.world.now);
      window.store.restore({ ids: [id] });
      assert.deepEqual(window.states(id), ['fields queued']);
      list(remoteFields('r', { status: 'deleted', title: 'words' }));
      assert.equal(conversation(id)?.status, 'active', 'the same deletion, seen again, is no new one');
    });

    it('D2: what the user says in a trashed conversation brings it back; a late reply does not', () => {
      const id = window.write('prompt');
      trash(id);
      window.store.append({ id: uuidv7(), conversationId: id, role: 'assistant', content: 'late' });
      assert.equal(conversation(id)?.status, 'deleted');
      window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'here I am' });
      assert.equal(conversation(id)?.status, 'active');
      assert.equal(conversation(id)?.deletedAt, undefined);
    });
  });

  describe('a deletion there against a message here', () => {
    it('I2 D2: a conversation with a message that waits stays with its writer, and is brought back there', () => {
      const id = synced('r');
      window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'meanwhile' });
      list(remoteFields('r', { status: 'deleted', title: 'words' }));
      assert.equal(conversation(id)?.status, 'active');
      assert.equal(conversation(id)?.hasReturned, true, 'the user is told why it is still here');
      window.store.dismissReturn(id);
      assert.equal(conversation(id)?.hasReturned, undefined);
      window.appendAllThere(lease, id);
      const { seq } = window.itemOf(id, 'fields');
      const order = window.begin(lease, seq);
      assert.deepEqual(order?.kind === 'fields' && order.change, { status: 'active' });
    });

    it('I2 D2: so does one whose message was the last change there', () => {
      const id = synced('r');
      const { server_order: lastChange } = window.db.get<{ server_order: number }>(
        'SELECT server_order FROM messages WHERE conversation_id = ?',
        id,
      ) ?? { server_order: 0 };
      list(remoteFields('r', { status: 'deleted', title: 'words', lastChange }));
      assert.equal(conversation(id)?.status, 'active');
    });

    it('I7 D2: a message that the deleter may have seen, or that was refused, holds up no deletion', () => {
      const seen = synced('r1');
      list(remoteFields('r1', { status: 'deleted', title: 'words', lastChange: 1 }));
      assert.equal(conversation(seen)?.status, 'deleted');
      assert.equal(conversation(seen)?.hasReturned, undefined);
      const parked = synced('r2');
      const { id: messageId } = window.store.append({
        id: uuidv7(),
        conversationId: parked,
        role: 'user',
        content: 'refused',
      });
      const { seq } = window.itemOf(parked, 'append');
      window.begin(lease, seq);
      window.store.defer(lease, seq, { state: 'parked', reason: 'no' });
      list(remoteFields('r2', { status: 'deleted', title: 'words' }));
      assert.equal(conversation(parked)?.status, 'deleted');
      assert.equal(window.store.readMessage(messageId)?.delivery, 'parked', 'I2: its text is kept');
    });
  });

  describe('purge', () => {
    it('D3: the preview counts what goes, and what would be lost for good', () => {
      synced('elsewhere');
      const sent = synced('r', 'wörds');
      const unsent = window.write('1', '2');
      window.store.append({
        id: uuidv7(),
        conversationId: unsent,
        role: 'assistant',
        content: '3',
        commands: [{ id: 'c', command: 'ls', output: 'files', status: 'done' }],
      });
      trash(sent);
      window.world.now += 1_000;
      trash(unsent);
      const preview = window.store.trashPreview(ALL);
      assert.deepEqual(
        { ...preview, entries: preview.entries.map(({ id, messages }) => [id, messages]) },
        {
          entries: [
            [sent, 1],
            [unsent, 3],
          ],
          conversations: 2,
          messages: 4,
          unsent: 3,
          bytes: Buffer.byteLength('wörds') + '123'.length + 'ls'.length + 'files'.length,
          oldest: window.world.now - 1_000,
          newest: window.world.now,
        },
      );
      assert.equal(window.store.trashPreview({ deletedBefore: window.world.now }).conversations, 1);
      assert.equal(window.store.trashPreview({ ids: [unsent] }).messages, 3);
      assert.deepEqual(ids('deleted'), [unsent, sent], 'a preview changes nothing');
    });

    it('I7 D3: nothing of a purged conversation is left but a tombstone without words', () => {
      const id = window.write('SECRET title', 'SECRET too');
      const open = uuidv7();
      window.store.append({
        id: open,
        conversationId: id,
        role: 'assistant',
        content: '',
        status: 'streaming',
        activities: [{ id: 'a', kind: 'read', label: 'SECRET', status: 'running' }],
        commands: [{ id: 'c', command: 'SECRET', output: '', status: 'running' }],
      });
      window.store.extend(open, { text: 'SECRET piece' });
      window.store.saveDraft(id, { messageId: uuidv7(), text: 'SECRET draft' });
      const kept = window.write('kept');
      trash(id);
      assert.deepEqual(purge(), { purged: 1, changed: [] });
      assert.deepEqual(traces(id, 'SECRET'), ['tombstones']);
      assert.deepEqual(traces('SECRET'), []);
      assert.equal(window.store.read(id, { limit: 1 }), undefined);
      assert.deepEqual(ids('active'), [kept]);
    });

    it('I6 D3: what is not in the trash, or changed since the preview, is left alone', () => {
      const [restored, spoken, redeleted, kept] = ['a', 'b', 'c', 'd'].map((text) => window.write(text)) as [
        string,
        string,
        string,
        string,
      ];
      trash(restored, spoken, redeleted);
      const { entries } = window.store.trashPreview(ALL);
      window.world.now += 1;
      window.store.restore({ ids: [restored, redeleted] });
      trash(redeleted);
      window.store.append({ id: uuidv7(), conversationId: spoken, role: 'assistant', content: 'late' });
      const listed = entries.find(({ id }) => id === restored);
      assert.ok(listed);
      const report = window.store.purge([...entries, { ...listed, id: kept }], 'user');
      assert.deepEqual(report, { purged: 0, changed: [restored, spoken, redeleted, kept] });
    });

    it('I7 D4: a stale window that writes into a purged conversation is told so, and nothing is added', () => {
      const id = synced('r');
      trash(id);
      purge();
      const writes = {
        append: () => window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'x' }),
        change: () => window.store.change(id, { title: 'x' }),
        create: () => window.store.create({ id }),
        draft: () => window.store.saveDraft(id, { messageId: uuidv7(), text: 'x' }),
      };
      for (const state of ['its deletion waits', 'it is gone'])
        for (const [name, write] of Object.entries(writes)) {
          assert.equal(problem(write), 'purged', `${name} while ${state}`);
          assert.equal(window.store.restore({ ids: [id] }), 0, `restored while ${state}`);
          if (state === 'its deletion waits' && name === 'draft') sendFields(id);
        }
      assert.deepEqual(ids('active'), []);
    });

    it('I7 D5: a purge before its deletion was sent leaves an empty row that carries the deletion there', () => {
      const id = synced('r', 'SECRET title');
      window.store.saveDraft(id, { messageId: uuidv7(), text: 'SECRET' });
      trash(id);
      purge();
      assert.deepEqual(traces(id), ['conversations', 'outbox', 'tombstones'].toSorted());
      assert.deepEqual([ids('deleted'), window.store.trashPreview(ALL).entries], [[], []]);
      const { seq } = window.itemOf(id, 'fields');
      const order = window.begin(lease, seq);
      assert.deepEqual(order?.kind === 'fields' && order.change, { status: 'deleted' });
      window.store.completeFields(lease, seq, order?.kind === 'fields' ? order.fields : assert.fail());
      assert.deepEqual(traces(id, 'SECRET'), ['tombstones']);
    });

    it('I7 D5: no row of a list and no reading brings a purged conversation back; it is deleted there again', () => {
      const id = synced('r');
      trash(id);
      sendFields(id);
      purge();
      assert.deepEqual(traces(id), ['tombstones']);
      assert.deepEqual(list(remoteFields('r', { status: 'deleted' })), []);
      assert.deepEqual(list(remoteFields('r', { remoteUpdatedAt: 'u9' })), []);
      window.store.mergeConversation(lease, ACCOUNT, {
        id,
        fields: remoteFields('r'),
        messages: [remoteMessage(uuidv7(), 'm')],
      });
      assert.deepEqual([ids('active'), ids('deleted'), window.states(id)], [[], [], ['fields queued']]);
      assert.equal(window.db.get<{ n: number }>('SELECT count(*) AS n FROM messages')?.n, 0);
      sendFields(id);
      assert.deepEqual(traces(id), ['tombstones']);
    });

    it('I7 D5: a create that had no answer when its conversation was purged is deleted there once it is found', () => {
      const id = window.write('words');
      const { seq } = window.itemOf(id, 'create');
      window.begin(lease, seq);
      trash(id);
      purge();
      assert.deepEqual(window.states(id), ['create sending']);
      window.store.defer(lease, seq, { state: 'unknown', notBefore: 0, reason: 'lost' });
      window.store.mergeConversation(lease, ACCOUNT, { id, fields: remoteFields('r'), messages: [] });
      assert.deepEqual(window.states(id), ['fields queued']);
      sendFields(id);
      assert.deepEqual(traces(id), ['tombstones']);
    });

    it('I7 D5: a create that never took effect is not sent again', () => {
      const id = window.write('words');
      const { seq } = window.itemOf(id, 'create');
      window.begin(lease, seq);
      trash(id);
      purge();
      window.store.defer(lease, seq, { state: 'queued', notBefore: 0 });
      assert.equal(window.begin(lease, seq), undefined);
      assert.deepEqual(traces(id), ['tombstones']);
    });

    it('I10 D5: another account that has a conversation of the same id keeps it', () => {
      const id = synced('r');
      trash(id);
      purge();
      const other = window.store.mergeConversation(lease, 'other', {
        id,
        fields: remoteFields('r9', { title: 'Theirs' }),
        messages: [remoteMessage(uuidv7(), 'm')],
      });
      assert.notEqual(other.conversationId, id);
      assert.equal(conversation(other.conversationId)?.status, 'active');
    });
  });

  describe('age', () => {
    const expired = (isSyncOff = false) =>
      window.store.expired({ before: window.world.now, isSyncOff }).map(({ id }) => id);

    it('I2 D6: age removes only what is on the server with its deletion', () => {
      const confirmed = synced('r1');
      const unheard = synced('r2');
      const unsent = window.write('only here');
      trash(confirmed, unheard, unsent);
      assert.deepEqual(expired(), [], 'not before their time');
      window.world.now += 1;
      sendFields(confirmed);
      assert.deepEqual(expired(), [confirmed]);
      assert.deepEqual(expired(true), [confirmed, unsent], 'with sync off: what belongs to nobody else');
    });

    it('I7 D6: what age removed stays away while it is deleted there, and comes back when it is restored there', () => {
      const id = synced('r');
      trash(id);
      sendFields(id);
      window.world.now += 1;
      window.store.purge(window.store.expired({ before: window.world.now, isSyncOff: false }), 'age');
      assert.deepEqual(list(remoteFields('r', { status: 'deleted' })), []);
      assert.deepEqual(traces(id), ['tombstones']);
      assert.deepEqual(list(remoteFields('r')), ['r'], 'to be read');
      window.store.mergeConversation(lease, ACCOUNT, {
        id,
        fields: remoteFields('r'),
        messages: [remoteMessage(uuidv7(), 'm')],
      });
      assert.deepEqual(ids('active'), [id]);
    });

    it('D7: retention takes what nobody touched, and never what is starred, pinned, drafted or unsent', () => {
      const [old, starred, pinned, drafted] = ['r1', 'r2', 'r3', 'r4'].map((r) => synced(r)) as [
        string,
        string,
        string,
        string,
      ];
      const unsent = window.write('only here');
      window.store.change(starred, { isStarred: true });
      window.store.change(pinned, { isPinned: true });
      window.store.saveDraft(drafted, { messageId: uuidv7(), text: 'half a thought' });
      window.world.now += 400 * DAY;
      const fresh = synced('r5');
      const untouched = (isSyncOff = false) =>
        window.store.untouched({ before: window.world.now - 365 * DAY, isSyncOff }).map(({ id }) => id);
      assert.deepEqual(untouched(), [old]);
      assert.deepEqual(untouched(true), [old, unsent]);
      assert.ok(ids('active').includes(fresh));
    });

    it('D7: a chore is done by one window, once in its time, and not put off by a clock that was set back', () => {
      const other = new DirectStore(folder.path, window.world, { id: 'w2', pid: 2 });
      try {
        const claim = (store: DirectStore, now: number) => store.store.claimChore('tidy', now, DAY);
        assert.deepEqual(
          [claim(window, 5 * DAY), claim(other, 5 * DAY), claim(other, 6 * DAY - 1)],
          [true, false, false],
        );
        assert.deepEqual([claim(other, 6 * DAY), claim(window, 6 * DAY)], [true, false]);
        assert.deepEqual([claim(window, DAY), claim(window, DAY)], [true, false]);
      } finally {
        other.close();
      }
    });
  });
});
