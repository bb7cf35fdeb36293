import assert from 'node:assert/strict';
import { mkdirSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { CheckDepth, HistoryFacts } from '../../../src/store/check/facts.ts';
import { findingsIn, verdictOf } from '../../../src/store/check/findings.ts';
import { reportOf, type Circumstances } from '../../../src/store/check/report.ts';
import { backupFolder, makeBackup } from '../../../src/store/sqlite/maintenance/backup.ts';
import { backupName } from '../../../src/store/sqlite/maintenance/backupNames.ts';
import { checkHistory } from '../../../src/store/sqlite/maintenance/check.ts';
import { openMaintenance } from '../../../src/store/sqlite/maintenance/host.ts';
import { describeBackups } from '../../../src/store/sqlite/maintenance/tasks.ts';
import { DirectStore, type World } from '../../support/directStore.ts';
import { openWindow } from '../../support/stores.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const START = Date.parse('2026-03-02T08:00:00Z');
const script = new URL('../../../src/store/sqlite/worker.ts', import.meta.url);
const AROUND: Circumstances = {
  versions: [['NAVI', '0.1.0']],
  sync: { state: 'off', queued: 0, parked: 0 },
  journal: { windows: 0, entries: 0, bytes: 0 },
};

describe('looking through the history', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  let world: World;
  let window: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    file = join(folder.path, 'navi.db');
    world = { now: START, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'window-of-the-test', pid: process.pid });
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });

  const check = (depth: CheckDepth = 'whole', onProgress: (done: number) => void = () => undefined) =>
    checkHistory({ file, depth, backups: describeBackups(file), now: () => START, onProgress });
  const problems = (facts: HistoryFacts) =>
    findingsIn(facts)
      .filter(({ isProblem }) => isProblem)
      .map(({ id, remedy }) => `${id.replace(/ .*/, '')} ${remedy ?? 'none'}`);
  const indexAll = () => {
    while (window.store.indexSome());
  };
  /** Changes the file as nothing in NAVI would. */
  const harm = (sql: string) => {
    const db = new DatabaseSync(file, { enableForeignKeyConstraints: false, defensive: false });
    db.exec(sql);
    db.close();
  };

  describe('of a sound file', () => {
    it('I9: says that all messages are sound, and how many there are of what', () => {
      const id = window.write('one', 'two');
      window.store.append({
        id: uuidv7(),
        conversationId: id,
        role: 'assistant',
        content: 'x',
        status: 'streaming',
      });
      window.store.change(window.write('three'), { status: 'archived' });
      indexAll();
      const facts = check();
      assert.deepEqual(problems(facts), []);
      assert.equal(verdictOf(facts), 'All 3 messages are sound. 1 reply is still being written.');
      const { content } = facts;
      assert.ok(content !== undefined);
      assert.deepEqual(content.conversations, { active: 1, archived: 1 });
      assert.deepEqual(content.messages.byRole, { user: 3, assistant: 1 });
      assert.deepEqual(content.messages.byStatus, { complete: 3, streaming: 1 });
      assert.deepEqual(content.structure, []);
      assert.deepEqual([content.rows['messages'], content.rows['outbox']], [4, 6]);
      assert.deepEqual(content.openMessages, [{ owner: 'window-o', count: 1, isAlive: true, beatAt: START }]);
      assert.deepEqual([content.index.sampled, content.index.missed, content.index.pending], [3, 0, 0]);
      assert.equal(content.journalMode, 'wal');
    });

    it('I9: knows the files, their modes, the backups and what was put aside', () => {
      window.write('one');
      makeBackup({ file, reason: 'daily', now: START });
      mkdirSync(join(folder.path, 'damaged-2026-01-01T00-00-00-000Z'));
      writeFileSync(join(folder.path, 'damaged-2026-01-01T00-00-00-000Z', 'navi.db'), 'old');
      writeFileSync(join(folder.path, 'a letter of mine.txt'), 'dear');
      writeFileSync(join(backupFolder(file), backupName('restore', START - 1)), 'no database');
      const facts = check();
      const { own, backups, damaged, others } = facts.files;
      assert.deepEqual(
        own.filter(({ name }) => name.startsWith('navi')).map(({ name, bytes }) => [name, bytes]),
        ['navi.db', 'navi.db-shm', 'navi.db-wal'].map((name) => [
          name,
          statSync(join(folder.path, name)).size,
        ]),
      );
      assert.ok(own.filter(({ name }) => name === 'navi.db').every(({ mode }) => mode === '600'));
      assert.deepEqual(
        backups.map(({ messages, isReadable }) => [messages, isReadable]),
        [
          [1, true],
          [0, false],
        ],
      );
      assert.deepEqual([damaged.length, damaged[0]?.bytes, others], [1, 3, 1]);
      assert.deepEqual(problems(facts), ['backups none']);
    });

    it('I9: the look of every day reads no message, and finds the same derived numbers wrong', () => {
      const id = window.write('one', 'two');
      harm(
        `UPDATE conversations SET message_count = 7 WHERE id = '${id}'; UPDATE messages SET content = 'x'`,
      );
      const facts = check('daily');
      assert.equal(facts.content?.messages.checked, 0);
      assert.equal(facts.content.structure, undefined);
      assert.deepEqual(problems(facts), ['drift repair']);
    });

    it('says so when there is no file yet', () => {
      const facts = checkHistory({
        file: join(folder.path, 'none', 'navi.db'),
        depth: 'whole',
        backups: [],
        now: () => START,
        onProgress: () => undefined,
      });
      assert.equal(verdictOf(facts), 'There is no conversation file yet.');
    });
  });

  describe('while windows write', () => {
    /** Three of these are more than two batches. */
    const writeMany = () => window.write(...Array.from({ length: 150 }, (_, n) => `old ${n}`));

    it('I9: what is written or purged meanwhile is no damage, and is said', () => {
      const ids = window.db.write(() => [writeMany(), writeMany(), writeMany()]);
      let isFirst = true;
      const facts = check('whole', (done) => {
        if (done <= 40 || !isFirst) return;
        isFirst = false;
        window.write('new');
        window.store.trash({ ids: ids.slice(1, 2) }, uuidv7());
        const { entries } = window.store.trashPreview({ all: true });
        window.store.purge(entries, 'user');
      });
      assert.deepEqual(problems(facts), []);
      assert.deepEqual([facts.content?.messages.total, facts.content?.messages.since], [450, 1]);
      assert.equal(facts.content?.messages.sound, 300 + 50);
    });

    it('I12: nothing holds the log between two steps', () => {
      window.db.write(() => [writeMany(), writeMany(), writeMany()]);
      let steps = 0;
      check('whole', () => {
        steps += 1;
        window.write('one more');
        const [row] = window.db.all<{ busy: number; log: number }>('PRAGMA wal_checkpoint(TRUNCATE)');
        assert.deepEqual([row?.busy, row?.log], [0, 0]);
      });
      assert.ok(steps > 10, `${steps} steps`);
    });

    it('I12: ends at the step at which it is cancelled', async () => {
      window.write('one');
      assert.throws(
        () =>
          check('whole', (done) => {
            if (done > 10) throw new Error('enough');
          }),
        /enough/,
      );
      const maintenance = openMaintenance({ script, file });
      const controller = new AbortController();
      const run = maintenance.check('whole', undefined, controller.signal);
      // The thread has only just been made: later, it might be through on a busy machine before it hears of it.
      setImmediate(() => controller.abort(new Error('cancelled')));
      await assert.rejects(run, /cancelled/);
      const facts = await maintenance.check('whole');
      assert.equal(verdictOf(facts), 'The only message is sound.');
      await maintenance.close();
    });
  });

  describe('of a damaged file', () => {
    it('I9: a changed word is found, and named by its id alone', () => {
      const id = window.write('a word that will be changed', 'another');
      const [first] = window.store.read(id, { limit: 9 })?.messages ?? [];
      harm(`UPDATE messages SET content = 'a lie' WHERE id = '${first?.id}'`);
      const facts = check();
      assert.deepEqual(problems(facts), ['messages restore']);
      assert.deepEqual(facts.content?.messages.damagedIds, [first?.id]);
      assert.equal(facts.content.messages.sound, 1);
      assert.doesNotMatch(reportOf(facts, AROUND), /a lie|word that/);
    });

    it('I9: a page of zeros in the middle is found, and the rest is still looked at', () => {
      for (let i = 0; i < 40; i += 1) window.write('long '.repeat(800));
      window.db.checkpoint('TRUNCATE');
      const before = check().content?.messages;
      const pages = window.db.all<{ pageno: number }>(
        "SELECT pageno FROM dbstat WHERE name = 'messages' AND pagetype = 'leaf' ORDER BY pageno LIMIT 4",
      );
      const page = pages.at(-1)?.pageno ?? assert.fail('no page');
      window.close();
      const handle = openSync(file, 'r+');
      writeSync(handle, Buffer.alloc(4096), 0, 4096, (page - 1) * 4096);
      const facts = check();
      window = new DirectStore(folder.path, world, { id: 'again', pid: process.pid });
      assert.ok(
        problems(facts).includes('structure restore'),
        JSON.stringify([facts.unreadable, facts.content?.structure, facts.content?.messages]),
      );
      const { sound = 0, checked = 0 } = facts.content?.messages ?? {};
      assert.ok(sound > 30 && sound < (before?.sound ?? 0), `${sound} of ${checked}`);
    });

    it('I9: rows whose owner is gone are counted by table', () => {
      const id = window.write('one', 'two');
      window.store.saveDraft(id, { messageId: uuidv7(), text: 'half' });
      harm(`DELETE FROM conversations WHERE id = '${id}'`);
      const facts = check();
      assert.deepEqual(facts.content?.orphans, [
        { table: 'drafts', parent: 'conversations', count: 1 },
        { table: 'messages', parent: 'conversations', count: 2 },
        { table: 'outbox', parent: 'conversations', count: 3 },
      ]);
      assert.ok(problems(facts).includes('orphans restore'));
    });

    it('I9: a row of the queue whose message is gone is found', () => {
      const id = window.write('one', 'two');
      harm(
        `DROP TRIGGER outbox_leaves; DELETE FROM messages WHERE conversation_id = '${id}' AND content = 'two'`,
      );
      const facts = check();
      assert.equal(facts.content?.drift.outbox, 1);
      assert.ok(problems(facts).some((problem) => problem.startsWith('outbox')));
    });

    it('I9: wrong counts and clocks are found, and repaired from what is there', () => {
      const [a, b] = [window.write('one', 'two'), window.write('three')];
      harm(
        `UPDATE conversations SET message_count = 9 WHERE id = '${a}'; UPDATE conversations SET last_hlc = 1 WHERE id = '${b}'`,
      );
      const { drift } = check().content ?? assert.fail();
      assert.deepEqual([drift.counts, drift.clocks], [1, 1]);
      assert.equal(window.store.repairDerived(false), 2);
      assert.deepEqual(problems(check()), []);
      assert.equal(window.store.read(a, { limit: 1 })?.conversation.messageCount, 2);
      assert.equal(window.store.repairDerived(false), 0);
    });

    it('I9: messages that a reply hides are not missing from the count', () => {
      const id = window.write('first words');
      const [first] = window.store.read(id, { limit: 9 })?.messages ?? [];
      window.store.append({
        id: uuidv7(),
        conversationId: id,
        role: 'user',
        content: 'better words',
        metadata: { navi: { replaces: first?.id ?? '' } },
      });
      assert.equal(window.store.read(id, { limit: 9 })?.messages.length, 1);
      assert.deepEqual(problems(check()), []);
    });

    const ofIndex: readonly [string, string][] = [
      ['lacks a message', 'DELETE FROM search WHERE rowid = (SELECT max(n) FROM messages)'],
      ['knows a message that is gone', "INSERT INTO search (rowid, terms) VALUES (4711, 'ghost')"],
      [
        'is broken inside',
        'UPDATE search_data SET block = zeroblob(length(block)) WHERE length(block) > 10 AND id > 100',
      ],
    ];
    for (const [what, sql] of ofIndex)
      it(`I9: an index that ${what} is found and made anew`, () => {
        window.write('one word', 'a second word');
        indexAll();
        assert.deepEqual(problems(check()), []);
        window.close();
        harm(sql);
        window = new DirectStore(folder.path, world, { id: 'again', pid: process.pid });
        assert.deepEqual(problems(check()), ['index repair']);
        window.store.repairDerived(true);
        indexAll();
        assert.deepEqual(problems(check()), []);
        assert.equal(window.store.search({ text: 'second', limit: 9 }).hits.length, 1);
      });

    it('I9: a file that is no database is said to be unreadable, and stays as it is', () => {
      window.write('one');
      window.close();
      truncateSync(file);
      writeFileSync(file, 'this is no database '.repeat(400));
      const before = readFileSync(file);
      const facts = check();
      assert.deepEqual(problems(facts), ['unreadable restore']);
      assert.equal(facts.content, undefined);
      assert.match(reportOf(facts, AROUND), /cannot be opened/);
      assert.deepEqual(readFileSync(file), before);
      for (const suffix of ['', '-wal', '-shm']) truncateOrIgnore(file + suffix);
      window = new DirectStore(folder.path, world, { id: 'again', pid: process.pid });
    });
  });

  describe('its report', () => {
    it('I11: holds no title, message, draft, tag, path, remote, address or token of the user', () => {
      const secrets: string[] = [];
      const secret = (where: string): string => {
        const word = `secret${secrets.length}${where}`;
        secrets.push(word);
        return word;
      };
      const conversationId = uuidv7();
      const folders = [`file:///home/ada/${secret('folder')}`];
      window.store.create({
        id: conversationId,
        workspace: { folders, remotes: [`example.com/${secret('remote')}`] },
      });
      window.store.identifyWorkspace({
        folders: [{ key: folders[0] ?? '', name: secret('name'), remotes: [secret('origin')] }],
      });
      const command = {
        id: 'c',
        command: secret('command'),
        output: secret('output'),
        status: 'done',
      } as const;
      const activity = {
        id: 'a',
        kind: 'read',
        label: secret('label'),
        status: 'done',
        filePath: secret('path'),
      } as const;
      const metadata = { other: secret('metadata') };
      const said = { role: 'user', content: secret('prompt'), metadata } as const;
      const promptId = uuidv7();
      window.store.append({
        ...said,
        id: promptId,
        conversationId,
        commands: [command],
        activities: [activity],
      });
      window.store.append({
        id: uuidv7(),
        conversationId,
        role: 'assistant',
        content: secret('reply'),
        status: 'streaming',
      });
      window.store.noteReplyProblem(promptId, secret('problem'));
      window.store.change(conversationId, { title: secret('title') });
      window.store.changeMany([{ id: conversationId, change: { tags: [secret('tag')] } }]);
      window.store.saveDraft(conversationId, { messageId: uuidv7(), text: secret('draft') });
      window.store.saveEdit(conversationId, {
        replaces: promptId,
        messageId: uuidv7(),
        text: secret('edit'),
      });
      const lease = window.lease();
      window.store.confirmAccount(lease, `["https://${secret('host')}","","${secret('user')}"]`);
      const { seq } = window.itemOf(conversationId, 'create');
      window.begin(lease, seq);
      const reason = `Could not connect to https://u:${secret('token')}@${secret('server')}.example:8787: it refused`;
      window.store.defer(lease, seq, { state: 'parked', reason });
      window.store.writeLinkStatus(lease, { link: 'down', detail: reason });
      writeFileSync(join(folder.path, secret('file')), '');
      indexAll();
      harm(`UPDATE messages SET content = '${secret('harm')}' WHERE id = '${promptId}'`);

      for (const depth of ['whole', 'daily'] as const) {
        const report = reportOf(check(depth), { ...AROUND, synchronous: 'FULL', lastCommitAt: START });
        for (const word of secrets) assert.ok(!report.includes(word), `${word} is in the report`);
        assert.ok(!report.includes(folder.path));
        assert.match(report, /parked 1: Could not connect to the server: it refused/);
        assert.match(report, /token 1/);
      }
      assert.ok(secrets.length > 20);
    });

    it('begins with the verdict, and says of each finding what is safe and what to do', () => {
      window.write('one');
      const report = reportOf(check(), AROUND);
      assert.equal(report.split('\n\n')[1], 'The only message is sound.');
      assert.match(
        report,
        /\*\*Note:\*\* There is no backup yet\.\nThe conversations are saved all the same\./,
      );
      assert.match(report, /- navi\.db: [\d.]+ KB, mode 600, 20/);
    });

    it("knows when the window's last commit was acknowledged, and how durable it is", async () => {
      const own = tempFolder();
      const { store } = openWindow(own.path);
      await store.list({ status: 'active', limit: 1 });
      const before = Date.now();
      await store.create({ id: uuidv7() });
      const { lastCommitAt = 0, synchronous } = await store.health();
      assert.ok(lastCommitAt >= before && lastCommitAt <= Date.now());
      assert.equal(synchronous, 'FULL');
      await store.list({ status: 'active', limit: 1 });
      assert.equal((await store.health()).lastCommitAt, lastCommitAt);
      await store.close();
      own.dispose();
    });
  });
});

function truncateOrIgnore(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) truncateSync(path);
}
