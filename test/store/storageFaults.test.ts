import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate, NEWEST, versionOf } from '../../src/store/sqlite/migrations/migrate.ts';
import { toFailure } from '../../src/store/sqlite/protocol.ts';
import { sqliteCode } from '../../src/store/sqlite/trouble.ts';
import type { Lease } from '../../src/store/outbox.ts';
import { StoreError } from '../../src/store/store.ts';
import { ACCOUNT, DirectStore, remoteFields } from '../support/directStore.ts';
import { CODES, Faults, connectFaulty, type FaultName } from '../support/faultyConnection.ts';
import { tempFolder } from '../support/tempFolder.ts';

const SESSION = { id: 'window', pid: 1 };
const NAMES = Object.keys(CODES) as FaultName[];
/** A wait for another window is repeated by the connection itself. */
const LASTING = NAMES.filter((name) => name !== 'BUSY');
const CALLS_AT_MOST = 200;

interface Prepared {
  readonly lease: Lease;
  readonly conversationId: string;
  readonly promptId: string;
  readonly replyId: string;
  /** A reply whose command is still running, with a large output so far. */
  readonly growingId: string;
  /** Rows of the outbox: one that waits, and one of each kind that is being sent. */
  readonly queued: number;
  readonly sent: number;
  readonly made: number;
  readonly fields: number;
}

type Write = (direct: DirectStore, prepared: Prepared) => unknown;

/** Every write that carries words or moves the outbox; safe to repeat. */
const writes: Readonly<Record<string, Write>> = {
  create: ({ store }) => store.create({ id: '019a0000-0000-7000-8000-000000000001' }),
  append: ({ store }, { conversationId }) =>
    store.append({
      id: '019a0000-0000-7000-8000-000000000002',
      conversationId,
      role: 'user',
      content: 'new words',
    }),
  'append of a reply': ({ store }, { conversationId }) =>
    store.append({
      id: '019a0000-0000-7000-8000-000000000003',
      conversationId,
      role: 'assistant',
      content: '',
      status: 'streaming',
    }),
  extend: ({ store }, { replyId }) =>
    store.extend(replyId, {
      text: 'more',
      activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done' }],
      commands: [{ id: 'c', command: 'ls', output: '', status: 'done' }],
    }),
  'append with a large output': ({ store }, { conversationId }) =>
    store.append({
      id: '019a0000-0000-7000-8000-000000000005',
      conversationId,
      role: 'assistant',
      content: 'ran',
      commands: [{ id: 'c', command: 'make', output: 'line\n'.repeat(4_000), status: 'done' }],
    }),
  'the end of a large output': ({ store }, { growingId }) =>
    store.extend(growingId, {
      commands: [{ id: 'c', command: 'make', output: 'line\n'.repeat(5_000), status: 'done' }],
    }),
  tendSome: ({ store }) => store.tendSome(),
  settle: ({ store }, { replyId }) => store.settle(replyId, 'complete'),
  noteReplyProblem: ({ store }, { promptId }) => store.noteReplyProblem(promptId, 'Stopped.'),
  saveDraft: ({ store }, { conversationId }) =>
    store.saveDraft(conversationId, { messageId: '019a0000-0000-7000-8000-000000000004', text: 'draft' }),
  change: ({ store }, { conversationId }) => store.change(conversationId, { title: 'New', isStarred: true }),
  beginSend: ({ store, world: { now } }, { lease, queued }) => store.beginSend(lease, ACCOUNT, queued, now),
  completeAppend: ({ store }, { lease, sent }) =>
    store.completeAppend(lease, sent, { remoteId: 'r-1', serverOrder: 5 }),
  completeCreate: ({ store }, { lease, made }) =>
    store.completeCreate(lease, ACCOUNT, made, remoteFields('r-2')),
  completeFields: ({ store }, { lease, fields }) =>
    store.completeFields(lease, fields, remoteFields('r-f', { title: 'Renamed' })),
  defer: ({ store }, { lease, sent }) =>
    store.defer(lease, sent, { state: 'parked', reason: 'The server refused it.' }),
};

describe('a storage that fails at its n-th call', function () {
  this.timeout(60_000);
  let folder: ReturnType<typeof tempFolder>;
  let template: string;
  let prepared: Prepared;
  let faults: Faults;
  let open: DirectStore[];
  beforeEach(() => {
    folder = tempFolder();
    template = join(folder.path, 'template');
    faults = new Faults();
    open = [];
    const made = new DirectStore(template, world(), SESSION);
    prepared = prepare(made);
    made.close();
  });
  afterEach(() => {
    for (const direct of open) direct.close();
    folder.dispose();
  });

  /** A window on a copy of the prepared file. */
  const fresh = (): DirectStore => {
    const path = join(folder.path, uuidv7());
    mkdirSync(path);
    copyFileSync(join(template, 'navi.db'), join(path, 'navi.db'));
    const direct = new DirectStore(path, world(), SESSION, (file) => connectFaulty(file, faults));
    open.push(direct);
    return direct;
  };
  const fails = (call: () => unknown): boolean => {
    try {
      call();
      return false;
    } catch (error) {
      assert.ok(error instanceof StoreError || sqliteCode(error) !== undefined, String(error));
      assert.equal(toFailure(error).problem, 'unavailable');
      return true;
    }
  };

  for (const [name, write] of Object.entries(writes)) {
    it(`I1 I9: ${name} that fails changes nothing, whichever call fails with whatever, once or for good`, () => {
      for (const code of LASTING) {
        const direct = fresh();
        const before = dump(direct.db);
        const calls = sweep((at) => {
          faults.set({ name: code, at, how: 'for good' });
          if (!fails(() => write(direct, prepared))) return false;
          assert.ok(
            fails(() => write(direct, prepared)),
            'a failure for good is no success the second time',
          );
          faults.set({ name: code, at, how: 'once' });
          assert.ok(fails(() => write(direct, prepared)));
          faults.set(undefined);
          assert.deepEqual(dump(direct.db), before, `${code} at call ${at}`);
          return true;
        });
        assert.ok(calls >= 3, `only ${calls} calls were tried`);
        faults.set(undefined);
        assert.notDeepEqual(dump(direct.db), before);
      }
    });

    it(`I1 I3: ${name} that failed once is done by the next try, once, and there after a reopening`, () => {
      const clean = fresh();
      write(clean, prepared);
      const expected = dump(clean.db);
      // Whether a piece got in before its answer was lost cannot be known: pieces carry no id.
      const ways = name === 'extend' ? (['once'] as const) : (['once', 'after'] as const);
      for (const how of ways) {
        sweep((at) => {
          const direct = fresh();
          const code = NAMES[at % NAMES.length] ?? 'FULL';
          faults.set({ name: code, at, how });
          const isDone = !fails(() => write(direct, prepared));
          const { struck } = faults;
          faults.set(undefined);
          if (!isDone) write(direct, prepared);
          const { file } = direct.db;
          direct.close();
          open.splice(open.indexOf(direct), 1);
          const reopened = new Connection(file, () => undefined);
          assert.deepEqual(dump(reopened), expected, `${code} ${how} at call ${at}`);
          reopened.close();
          return struck;
        });
      }
    });
  }

  it('I1 I9: opening that fails at any call can be tried again, and all is there', () => {
    const before = dump(fresh().db);
    const path = open[0]?.db.file ?? '';
    open.pop()?.close();
    const calls = sweep((at) => {
      faults.set({ name: NAMES[at % NAMES.length] ?? 'FULL', at, how: 'for good' });
      let opened: Connection | undefined;
      const hasFailed = fails(() => (opened = connectFaulty(path, faults)));
      faults.set(undefined);
      opened?.close();
      const next = new Connection(path, () => undefined);
      assert.deepEqual(dump(next), before);
      next.close();
      return hasFailed;
    });
    assert.ok(calls >= 4);
  });

  it('I1 I9: each step from the first schema to the newest is whole or not begun, whichever statement fails', () => {
    const old = join(folder.path, 'old.db');
    const first = new Connection(old, () => undefined);
    migrate(first, 1);
    first.exec(`INSERT INTO conversations (id, title, status, created_at, updated_at) VALUES ('c', 't', 'active', 1, 1);
      INSERT INTO messages (id, conversation_id, role, content, status, created_at, hlc, server_order)
      VALUES ('m', 'c', 'user', 'old words', 'complete', 1, 1, 1)`);
    first.close();
    const calls = sweep((at) => {
      const path = join(folder.path, `${at}.db`);
      copyFileSync(old, path);
      const connection = connectFaulty(path, faults);
      faults.set({ name: LASTING[at % LASTING.length] ?? 'FULL', at, how: 'for good' });
      const hasFailed = fails(() => migrate(connection));
      faults.set(undefined);
      connection.close();
      const next = new Connection(path, () => undefined);
      migrate(next);
      assert.equal(versionOf(next), NEWEST);
      assert.deepEqual(
        next.all<{ content: string }>('SELECT content FROM messages').map(({ content }) => content),
        ['old words'],
      );
      assert.deepEqual(next.all('PRAGMA foreign_key_check'), []);
      next.close();
      return hasFailed;
    });
    assert.ok(calls > 40, `only ${calls} statements were tried`);
  });

  it('a file that another window keeps busy for good is an error after a bounded time', () => {
    const direct = fresh();
    faults.set({ name: 'BUSY', at: 1, how: 'for good' });
    assert.throws(
      () => writes['append']?.(direct, prepared),
      (error) => error instanceof StoreError && error.problem === 'busy',
    );
    faults.set(undefined);
    writes['append']?.(direct, prepared);
  });
});

/** Tries `at` = 1, 2, ... as long as that call is reached; returns how many were. */
function sweep(attempt: (at: number) => boolean): number {
  for (let at = 1; at <= CALLS_AT_MOST; at += 1) if (!attempt(at)) return at - 1;
  assert.fail('The calls have no end.');
}

const world = () => ({ now: 1_700_000_000_000, dead: new Set<number>() });

/** Something in every state that a write below moves. */
function prepare(direct: DirectStore): Prepared {
  const lease = direct.lease();
  direct.store.confirmAccount(lease, ACCOUNT);
  const conversationId = direct.write('prompt');
  direct.createThere(lease, conversationId, 'r-c');
  const promptId = direct.items(conversationId)[0]?.messageId ?? '';
  // The text of the message that is appended below.
  const draft = { messageId: '019a0000-0000-7000-8000-000000000002', text: 'new words' };
  direct.store.saveDraft(conversationId, draft);
  const replyId = uuidv7();
  direct.store.append({ id: replyId, conversationId, role: 'assistant', content: '', status: 'streaming' });
  direct.store.extend(replyId, { text: 'some ' });
  const growingId = uuidv7();
  const growing = { id: 'c', command: 'make', output: 'line\n'.repeat(3_000), status: 'running' } as const;
  direct.store.append({
    id: growingId,
    conversationId: direct.write('make'),
    role: 'assistant',
    content: '',
    status: 'streaming',
    commands: [growing],
  });
  // As an older NAVI left it: uncounted.
  direct.db.run('UPDATE messages SET bytes = NULL WHERE id = ?', promptId);
  const sentId = direct.write('sent');
  direct.createThere(lease, sentId, 'r-s');
  const sent = direct.itemOf(sentId, 'append');
  direct.store.beginSend(lease, ACCOUNT, sent.seq, direct.world.now);
  const madeId = direct.write('made');
  const made = direct.itemOf(madeId, 'create');
  direct.store.beginSend(lease, ACCOUNT, made.seq, direct.world.now);
  const renamedId = direct.write();
  direct.store.append({ id: uuidv7(), conversationId: renamedId, role: 'user', content: 'renamed' });
  direct.createThere(lease, renamedId, 'r-f');
  direct.appendAllThere(lease, renamedId);
  direct.store.change(renamedId, { title: 'Renamed' });
  const fields = direct.itemOf(renamedId, 'fields');
  direct.store.beginSend(lease, ACCOUNT, fields.seq, direct.world.now);
  return {
    conversationId,
    promptId,
    replyId,
    growingId,
    queued: direct.itemOf(conversationId, 'append').seq,
    sent: sent.seq,
    made: made.seq,
    fields: fields.seq,
    lease,
  };
}

/** All rows of all tables, in words that can be compared. */
function dump(db: Connection): unknown {
  const tables = db
    .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .map(({ name }) => name);
  return tables.map((table) => [
    table,
    db
      .all(`SELECT * FROM "${table}"`)
      .map((row) => JSON.stringify(row))
      .sort(),
  ]);
}
