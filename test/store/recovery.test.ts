import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { Filler } from '../../src/store/sqlite/maintenance/fill.ts';
import { Source } from '../../src/store/sqlite/maintenance/source.ts';
import type { Context } from '../../src/store/sqlite/session.ts';
import { makeBackup } from '../../src/store/sqlite/maintenance/backup.ts';
import { damagedFiles } from '../../src/store/sqlite/maintenance/swap.ts';
import { TABLES } from '../../src/store/sqlite/maintenance/tables.ts';
import { startIndex } from '../../src/store/sqlite/search/table.ts';
import { migrate } from '../../src/store/sqlite/migrations/migrate.ts';
import {
  identityOf,
  openOrRecover,
  recoverOpened,
  RECOVERY_STEPS,
  type Recovery,
} from '../../src/store/sqlite/recover.ts';
import { ACCOUNT, DirectStore, remoteMessage, type World } from '../support/directStore.ts';
import { leavesOf, pageOf, zero } from '../support/pages.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

const START = Date.parse('2026-03-02T08:00:00Z');

describe('a damaged conversation file', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  let world: World;
  beforeEach(() => {
    folder = tempFolder();
    file = join(folder.path, 'navi.db');
    world = { now: START, dead: new Set() };
  });
  afterEach(() => folder.dispose());

  const direct = (): DirectStore => new DirectStore(folder.path, world, { id: 'a', pid: 1 });

  /** Runs on a store that is closed again, so that the file holds everything. */
  function working<T>(work: (direct: DirectStore) => T): T {
    const window = direct();
    try {
      return work(window);
    } finally {
      window.close();
    }
  }

  /** As a window does that found the damage. */
  function recover(onStep?: (step: string) => void): Recovery | undefined {
    const options = { now: () => world.now, ...(onStep && { onStep }) };
    const { connection, recovery } = recoverOpened(file, identityOf(file) ?? '', options);
    connection.close();
    return recovery;
  }

  /** As a window does that starts. */
  function reopen(): Recovery | undefined {
    const { connection, recovery } = openOrRecover(file, { now: () => world.now });
    connection.close();
    return recovery;
  }

  function textsOf(conversationId: string): string[] {
    return working(({ store }) =>
      (store.read(conversationId, { limit: 1_000 })?.messages ?? []).map(({ content }) => content),
    );
  }

  it('W1: what can be read of it is in the new file, and the damaged one is kept byte for byte', () => {
    const ids = working((window) =>
      Array.from({ length: 30 }, (_, n) =>
        window.write(`first of ${n} ${'x'.repeat(500)}`, `second of ${n}`),
      ),
    );
    zero(file, pageOf(file, 'messages_by_position'));
    const before = readFileSync(file);
    const recovery = recover();
    assert.ok(recovery?.keptAt !== undefined);
    assert.deepEqual(readFileSync(join(recovery.keptAt, 'navi.db')), before);
    assert.deepEqual(
      damagedFiles(file).map((kept) => [kept.folder, kept.foundAt, kept.bytes]),
      [[recovery.keptAt, START, before.length]],
    );
    assert.equal(recovery.messages, 60);
    for (const [n, id] of ids.entries())
      assert.deepEqual(textsOf(id), [`first of ${n} ${'x'.repeat(500)}`, `second of ${n}`]);
  });

  it('W1: what it lacks comes from a backup, what neither has whole is marked, and nothing is there twice', () => {
    const id = working((window) => window.write(...numbered(400)));
    makeBackup({ file, reason: 'daily', now: START });
    const later = working((window) => {
      for (const content of ['after the backup', 'the last word'])
        window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content });
      return window.write('another conversation');
    });
    for (const page of leavesOf(file, 'messages').slice(3, 6)) zero(file, page);
    const recovery = recover();
    assert.ok(recovery !== undefined && recovery.fromBackups > 0, JSON.stringify(recovery));
    assert.equal(recovery.damaged, 0);
    assert.deepEqual(textsOf(id), [...numbered(400), 'after the backup', 'the last word']);
    assert.deepEqual(textsOf(later), ['another conversation']);
  });

  it('W1: without a backup a message of which nothing can be read keeps its place and is marked', () => {
    const id = working((window) => window.write(...numbered(400)));
    for (const page of leavesOf(file, 'messages').slice(3, 5)) zero(file, page);
    const recovery = recover();
    assert.ok(recovery !== undefined && recovery.damaged > 0, JSON.stringify(recovery));
    const messages = working(({ store }) => store.read(id, { limit: 1_000 })?.messages ?? []);
    assert.equal(messages.length, 400);
    assert.equal(messages.filter(({ isDamaged }) => isDamaged === true).length, recovery.damaged);
    for (const [n, message] of messages.entries())
      if (message.isDamaged !== true) assert.equal(message.content, numbered(400)[n]);
  });

  it('W2: the whole file is gone or empty: the newest backup that can be read takes its place', () => {
    for (const wreck of [() => rmSync(file), () => truncateSync(file, 0)]) {
      const id = working((window) => window.write('kept'));
      const old = makeBackup({ file, reason: 'daily', now: world.now - 86_400_000 });
      const newer = makeBackup({ file, reason: 'daily', now: world.now });
      assert.ok(old && newer);
      writeFileSync(join(folder.path, 'backups', newer.name), 'no backup any more');
      wreck();
      const recovery = reopen();
      assert.equal(recovery?.isUnreadable, true);
      assert.equal(recovery.backups, 1);
      assert.deepEqual(textsOf(id), ['kept']);
      world.now += 5 * 86_400_000;
    }
  });

  it('W3: dying at any step leaves a file that is whole or can be recovered, with everything in it', () => {
    for (const dying of RECOVERY_STEPS) {
      const id = working((window) => window.write('one', 'two'));
      zero(file, pageOf(file, 'messages_by_position'));
      const damaged = readFileSync(file);
      assert.throws(() =>
        recover((step) => {
          if (step === dying) throw new Error('dies here');
        }),
      );
      if (reopen() === undefined) recover();
      assert.deepEqual(textsOf(id), ['one', 'two'], dying);
      const kept = damagedFiles(file).map((each) => readFileSync(join(each.folder, 'navi.db')));
      assert.ok(
        kept.some((bytes) => bytes.equals(damaged)),
        `${dying}: the damaged file is kept`,
      );
      assert.deepEqual(
        readdirSync(folder.path).filter((name) => name.includes('rebuilt')),
        [],
        dying,
      );
      world.now += 1_000;
    }
  });

  it('W4: unsent messages are sent, but not before the backend was asked; the order stays', () => {
    const { sent, unsent } = working((window) => {
      const lease = window.lease();
      window.store.confirmAccount(lease, ACCOUNT);
      const there = window.write('sent');
      window.createThere(lease, there, 'r-1');
      window.appendAllThere(lease, there);
      for (const content of ['waits', 'waits behind it'])
        window.store.append({ id: uuidv7(), conversationId: there, role: 'user', content });
      return { sent: there, unsent: window.write('never sent') };
    });
    zero(file, pageOf(file, 'messages_by_position'));
    recover();
    working((window) => {
      assert.deepEqual(window.states(sent), ['append unknown', 'append unknown']);
      assert.deepEqual(window.states(unsent), ['create unknown', 'append unknown']);
      const order = window
        .items(sent)
        .map(({ messageId = '' }) => window.store.readMessage(messageId)?.content);
      assert.deepEqual(order, ['waits', 'waits behind it']);
      const token = window.lease().token;
      assert.ok(token > 1_000, `a token above every one that a window may hold: ${token}`);
    });
  });

  it('W4: rows of the outbox that were lost are made again for everything that no backend has', () => {
    const id = working((window) => {
      const lease = window.lease();
      window.store.confirmAccount(lease, ACCOUNT);
      return window.write('waits', 'waits too');
    });
    working(({ db }) => db.exec('DELETE FROM outbox'));
    zero(file, pageOf(file, 'messages_by_position'));
    recover();
    assert.deepEqual(
      working((window) => window.states(id)),
      ['create unknown', 'append unknown', 'append unknown'],
    );
  });

  it('W4: where no backend was ever reached what waits just waits on', () => {
    const id = working((window) => window.write('waits'));
    zero(file, pageOf(file, 'messages_by_position'));
    recover();
    assert.deepEqual(
      working((window) => window.states(id)),
      ['create queued', 'append queued'],
    );
  });

  it('I7: what was deleted for good stays so, although a backup has it', () => {
    const id = working((window) => window.write('to be purged'));
    makeBackup({ file, reason: 'daily', now: START });
    const other = working((window) => {
      window.store.trash({ ids: [id] }, uuidv7());
      window.store.purge(window.store.trashPreview({ all: true }).entries, 'user');
      return window.write('stays');
    });
    zero(file, pageOf(file, 'messages_by_position'));
    recover();
    assert.deepEqual(textsOf(id), []);
    assert.deepEqual(textsOf(other), ['stays']);
    working(({ db }) => {
      assert.equal(db.all('SELECT * FROM tombstones').length, 1);
      assert.deepEqual(db.all("SELECT * FROM messages WHERE content = 'to be purged'"), []);
    });
  });

  it('W1: drafts, edits, tags and workspaces come along; a draft that was sent does not come back', () => {
    const id = working((window) => window.write('one'));
    const draft = { messageId: uuidv7(), text: 'half a thought' };
    working(({ store }) => store.saveDraft(id, draft));
    makeBackup({ file, reason: 'daily', now: START });
    const other = working(({ store }) => {
      store.append({ id: draft.messageId, conversationId: id, role: 'user', content: draft.text });
      store.changeMany([{ id, change: { tags: ['kept'], isStarred: true } }]);
      const next = uuidv7();
      store.create({ id: next, workspace: { folders: ['file:///p/Project'] } });
      store.saveDraft(next, { messageId: uuidv7(), text: 'typed' });
      return next;
    });
    zero(file, pageOf(file, 'messages_by_position'));
    recover();
    working(({ store }) => {
      assert.equal(store.readDraft(id), undefined);
      assert.equal(store.readDraft(other)?.text, 'typed');
      const page = store.read(id, { limit: 10 });
      assert.deepEqual(page?.conversation.tags, ['kept']);
      assert.equal(page.conversation.isStarred, true);
      assert.equal(store.read(other, { limit: 1 })?.conversation.workspaceName, 'Project');
    });
  });

  it('W5: a write-ahead log of another file is not taken for its own', () => {
    const id = working((window) => window.write('own words'));
    const foreign = tempFolder();
    const other = new DirectStore(foreign.path, world, { id: 'b', pid: 2 });
    other.write('of another file');
    copyFileSync(join(foreign.path, 'navi.db-wal'), `${file}-wal`);
    other.close();
    foreign.dispose();
    const log = readFileSync(`${file}-wal`);
    const recovery = reopen();
    assert.ok(recovery?.keptAt !== undefined);
    assert.deepEqual(readFileSync(join(recovery.keptAt, 'navi.db-wal')), log);
    assert.deepEqual(textsOf(id), ['own words']);
  });

  it('W1: damage that a statement meets while the window is open is recovered from, and the write is done', async () => {
    const id = working((window) => window.write(...numbered(400)));
    makeBackup({ file, reason: 'daily', now: START });
    const window = openWindow(folder.path);
    await window.store.list({ status: 'active', limit: 1 });
    for (const page of leavesOf(file, 'messages').slice(2)) zero(file, page);
    const messages = (await window.store.read(id, { limit: 1_000 }))?.messages ?? [];
    assert.deepEqual(
      messages.map(({ content }) => content),
      numbered(400),
    );
    await window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'goes on' });
    assert.equal((await window.store.read(id, { limit: 1 }))?.messages[0]?.content, 'goes on');
    assert.equal(window.recoveries.length, 1);
    assert.equal(window.damaged.length, 1);
    await window.store.close();
  });

  it('W1: a second window on the damaged file goes on in the new one, and loses nothing that it was told is saved', async () => {
    const id = working((window) => window.write(...numbered(400)));
    const [first, second] = [openWindow(folder.path), openWindow(folder.path)];
    await second.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'by the second' });
    for (const page of leavesOf(file, 'messages').slice(1, 3)) zero(file, page);
    const writes = Array.from({ length: 20 }, (_, n) =>
      second.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: `late ${n}` }),
    );
    await first.store.read(id, { limit: 1_000 });
    await Promise.all(writes);
    const texts =
      (await first.store.read(id, { limit: 1_000 }))?.messages.map(({ content }) => content) ?? [];
    assert.ok(texts.includes('by the second'));
    for (const n of writes.keys()) assert.ok(texts.includes(`late ${n}`), `late ${n}`);
    assert.equal(new Set(texts).size + texts.filter((text) => text === '').length - 1, texts.length);
    await Promise.all([first.store.close(), second.store.close()]);
  });

  it('every table of the schema is handled', () => {
    const db = new Connection(file, () => undefined);
    migrate(db);
    db.write(() => startIndex(db));
    const tables = db
      .all<{ name: string }>(
        `SELECT s.name FROM sqlite_schema s JOIN pragma_table_list(s.name) l
         WHERE s.type = 'table' AND l.type = 'table' AND s.name NOT LIKE 'sqlite%' ORDER BY s.name`,
      )
      .map(({ name }) => name);
    db.close();
    assert.deepEqual(tables, Object.keys(TABLES).sort());
  });

  it('W1: a table that a later step adds comes along without being named', () => {
    const create = 'CREATE TABLE later (a TEXT PRIMARY KEY, b TEXT) WITHOUT ROWID';
    const other = tempFolder();
    const target = new DirectStore(other.path, world, { id: 'b', pid: 2 });
    target.db.exec(create);
    working(({ db }) => db.exec(`${create}; INSERT INTO later VALUES ('one', 'x'), ('two', 'y')`));
    const source = Source.open(file, 'live');
    assert.ok(source !== undefined);
    const context: Context = {
      db: target.db,
      session: { id: 'b', pid: 2, host: '' },
      now: () => world.now,
      awakeSince: () => 0,
      isAlive: () => true,
    };
    new Filler(context, source, { isNewest: true }).others();
    assert.equal(target.db.all('SELECT * FROM later').length, 2);
    source.close();
    target.close();
    other.dispose();
  });

  it('I3: a message that the server has too is there once after the next pull, and a marked one is mended by it', () => {
    const messageId = uuidv7();
    const id = working((window) => {
      const lease = window.lease();
      window.store.confirmAccount(lease, ACCOUNT);
      const conversationId = window.write();
      window.store.append({ id: messageId, conversationId, role: 'user', content: 'sent and damaged' });
      window.createThere(lease, conversationId, 'r-1');
      window.db.run("UPDATE messages SET content = 'changed by the disk' WHERE id = ?", messageId);
      return conversationId;
    });
    working((window) => {
      assert.equal(window.store.noteDamaged([messageId]), 1);
      assert.equal(window.store.noteDamaged([messageId]), 0);
      assert.deepEqual(window.states(id), ['append parked']);
      const remote = remoteMessage(messageId, 'm-1', { content: 'sent and damaged' });
      window.store.mergeConversation(window.lease(), ACCOUNT, {
        id,
        fields: {
          remoteId: 'r-1',
          remoteUpdatedAt: 'u2',
          createdAt: START,
          title: 'T',
          status: 'active',
          isPinned: false,
          isStarred: false,
        },
        messages: [remote],
      });
      const messages = window.store.read(id, { limit: 10 })?.messages ?? [];
      assert.deepEqual(
        messages.map(({ content, isDamaged }) => [content, isDamaged]),
        [['sent and damaged', undefined]],
      );
      assert.deepEqual(window.states(id), []);
    });
  });
});

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `message ${n} ${'of some length '.repeat(10)}`);
}
