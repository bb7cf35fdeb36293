import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate, NEWEST, versionOf } from '../../src/store/sqlite/migrations/migrate.ts';
import { toFailure } from '../../src/store/sqlite/protocol.ts';
import { OPERATION_KINDS } from '../../src/store/sqlite/operationKinds.ts';
import { sqliteCode } from '../../src/store/sqlite/trouble.ts';
import { StoreError } from '../../src/store/store.ts';
import { DirectStore } from '../support/directStore.ts';
import { CODES, Faults, connectFaulty, type FaultName } from '../support/faultyConnection.ts';
import { prepare, writes, type Prepared } from '../support/everyWrite.ts';
import { tempFolder } from '../support/tempFolder.ts';

const SESSION = { id: 'window', pid: 1 };
/** Of a process that is no more. */
const GONE = 2;
const NAMES = Object.keys(CODES) as FaultName[];
/** A wait for another window is repeated by the connection itself. */
const LASTING = NAMES.filter((name) => name !== 'BUSY');
const CALLS_AT_MOST = 400;

/** Their rows are nobody's words, and lie differently each time; searchIndexRandom.test.ts makes them fail. */
const OF_THE_INDEX: ReadonlySet<string> = new Set(['indexSome', 'rebuildIndex']);

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
    const orphan = new DirectStore(template, world(), { id: 'orphan', pid: GONE });
    prepared = prepare(made, orphan);
    orphan.close();
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

  it('every operation that writes is tried', () => {
    const names = Object.keys(writes).join(' ');
    const missing = Object.entries(OPERATION_KINDS).filter(
      ([name, kind]) => kind !== 'read' && !OF_THE_INDEX.has(name) && !names.includes(name),
    );
    assert.deepEqual(missing, []);
  });

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

const world = () => ({ now: 1_700_000_000_000, dead: new Set([GONE]) });

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
