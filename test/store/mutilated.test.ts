/**
 * Files as a disk, a copy or a hand may leave them. Each run mutilates one, opens it as a window does, reads everything,
 * looks it through, and compares with what was acknowledged. `NAVI_DAMAGE_RUNS` raises the runs (50), `NAVI_TEST_SEED`
 * repeats a seed.
 */
import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { Connection } from '../../src/store/sqlite/connection.ts';
import {
  hasSchemaDamage,
  isDamage,
  isIndexDamage,
  mayBeSchemaDamage,
} from '../../src/store/sqlite/damage.ts';
import { makeBackup } from '../../src/store/sqlite/maintenance/backup.ts';
import { mendHistory } from '../../src/store/sqlite/maintenance/mend.ts';
import { createOperations, type Operations } from '../../src/store/sqlite/operations.ts';
import { identityOf, openOrRecover, recoverOpened, type Recovery } from '../../src/store/sqlite/recover.ts';
import { StoreError } from '../../src/store/store.ts';
import { SEED } from '../model/runs.ts';
import { DirectStore, type World } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const RUNS = Number(process.env['NAVI_DAMAGE_RUNS'] ?? 50);
const START = Date.parse('2026-03-02T08:00:00Z');

type Random = (below: number) => number;
type Mutilation = (file: string, random: Random) => void;

/** mulberry32: the same seed gives the same damage. */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function change(file: string, work: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  work(bytes);
  writeFileSync(file, bytes);
}

const mutilations: Readonly<Record<string, Mutilation>> = {
  'one bit': (file, random) =>
    change(file, (bytes) => {
      const at = random(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
    }),
  'a few bits': (file, random) =>
    change(file, (bytes) => {
      for (let n = 0; n < 8; n += 1) {
        const at = random(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
      }
    }),
  'a zeroed page': (file, random) =>
    change(file, (bytes) => {
      const page = random(bytes.length / 4096);
      bytes.fill(0, page * 4096, (page + 1) * 4096);
    }),
  'a page of another place': (file, random) =>
    change(file, (bytes) => {
      const [from, to] = [random(bytes.length / 4096), random(bytes.length / 4096)];
      bytes.copy(bytes, to * 4096, from * 4096, (from + 1) * 4096);
    }),
  'a cut end': (file, random) => truncateSync(file, random(statSync(file).size)),
  'no byte': (file) => truncateSync(file, 0),
  'no file': (file) => rmSync(file),
  garbage: (file, random) => change(file, (bytes) => bytes.forEach((_, at) => (bytes[at] = random(256)))),
  'the log of another file': (file) => {
    const other = tempFolder();
    const foreign = new DirectStore(other.path, { now: START, dead: new Set() }, { id: 'f', pid: 9 });
    foreign.write('foreign words');
    cpSync(join(other.path, 'navi.db-wal'), `${file}-wal`);
    foreign.close();
    other.dispose();
  },
};

describe('mutilated files', function () {
  this.timeout(Math.max(120_000, RUNS * 4_000));
  const template = tempFolder();
  /** Words by message id, of those that a backup has and of those that came later. */
  const early = new Map<string, string>();
  const late = new Map<string, string>();
  let conversations: string[];

  before(() => {
    const world: World = { now: START, dead: new Set() };
    const direct = new DirectStore(template.path, world, { id: 'a', pid: 1 });
    const said = (into: Map<string, string>, conversationId: string, n: number): void => {
      const id = uuidv7();
      const content = `words ${into.size} ${'and more '.repeat(n * 7)}`;
      direct.store.append({
        id,
        conversationId,
        role: n % 2 === 0 ? 'user' : 'assistant',
        content,
        ...(n % 2 === 1 && {
          activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done' as const }],
          commands: [{ id: 'c', command: 'ls', output: `${n} `.repeat(n * 900), status: 'done' as const }],
        }),
      });
      into.set(id, content);
    };
    conversations = Array.from({ length: 5 }, () => direct.write());
    for (const id of conversations) for (let n = 0; n < 10; n += 1) said(early, id, n);
    makeBackup({ file: direct.db.file, reason: 'daily', now: START });
    for (const id of conversations) for (let n = 0; n < 4; n += 1) said(late, id, n);
    while (direct.store.indexSome());
    direct.close();
  });
  after(() => template.dispose());

  const names = Object.keys(mutilations);
  /** Without a backup nothing says that there ever was a file. */
  const leavesNothing = new Set(['no byte', 'no file']);
  for (let run = 0; run < RUNS; run += 1) {
    const name = names[run % names.length] ?? '';
    const hasBackup = leavesNothing.has(name) || Math.floor(run / names.length) % 2 === 0;
    it(`I1 I9 W1: ${name}, ${hasBackup ? 'with' : 'without'} a backup (seed ${SEED}, run ${run})`, () => {
      const folder = tempFolder();
      cpSync(template.path, folder.path, { recursive: true });
      const file = join(folder.path, 'navi.db');
      if (!hasBackup) rmSync(join(folder.path, 'backups'), { recursive: true });
      mutilations[name]?.(file, seeded(SEED + run));
      const visit = new Visit(file);
      try {
        visit.lookThrough(conversations);
        visit.assertSound();
        visit.assertSaved(early, hasBackup);
        visit.assertSaved(late, false);
      } catch (error) {
        // A file that says it is a newer one is left alone, and said to be.
        if (!(error instanceof StoreError && error.message.includes('Update NAVI'))) throw error;
      } finally {
        visit.close();
        folder.dispose();
      }
    });
  }

  it('I6: a newer schema is left as it is', () => {
    const folder = tempFolder();
    cpSync(template.path, folder.path, { recursive: true });
    const file = join(folder.path, 'navi.db');
    const db = new DatabaseSync(file);
    db.exec('PRAGMA journal_mode=DELETE; PRAGMA user_version=9999');
    db.close();
    const bytes = readFileSync(file);
    assert.throws(() => openOrRecover(file, { now: Date.now }), /Update NAVI/);
    assert.deepEqual(readFileSync(file), bytes);
    folder.dispose();
  });

  it('a folder in its place is left as it is, with backups beside it', () => {
    const folder = tempFolder();
    cpSync(template.path, folder.path, { recursive: true });
    const file = join(folder.path, 'navi.db');
    rmSync(file);
    mkdirSync(join(file, 'something'), { recursive: true });
    assert.throws(() => openOrRecover(file, { now: Date.now }));
    assert.ok(existsSync(join(file, 'something')));
    folder.dispose();
  });
});

/** What a window does with a file: opens it, reads, and recovers when it meets damage. */
class Visit {
  private readonly file: string;
  private connection: Connection;
  private operations: Operations;
  private readonly recoveries: Recovery[] = [];

  constructor(file: string) {
    this.file = file;
    const { connection, recovery } = openOrRecover(file, { now: Date.now });
    if (recovery !== undefined) this.recoveries.push(recovery);
    this.connection = connection;
    this.operations = this.operationsOf(connection);
  }

  /** Reads everything, as views do, and then looks through the whole file. */
  lookThrough(conversationIds: readonly string[]): void {
    for (const id of conversationIds) this.attend((operations) => operations.read(id, { limit: 1_000 }));
    this.attend((operations) => operations.list({ status: 'active', limit: 100 }));
    const { damagedFile } = mendHistory({
      file: this.file,
      depth: 'all',
      now: Date.now,
      onProgress: () => undefined,
    });
    if (damagedFile !== undefined) this.recover();
    this.attend((operations) => {
      while (operations.indexSome());
    });
  }

  assertSound(): void {
    const { connection } = this;
    const check = connection.all<{ integrity_check: string }>('PRAGMA integrity_check');
    assert.deepEqual(
      check.map((row) => row.integrity_check),
      ['ok'],
    );
    assert.deepEqual(connection.all('PRAGMA foreign_key_check'), []);
    connection.run("INSERT INTO search (search, rank) VALUES ('integrity-check', 0)");
  }

  /** Each with its exact words, or marked, or told of with the damaged file kept. */
  assertSaved(words: ReadonlyMap<string, string>, isEach: boolean): void {
    const wasTold = this.recoveries.some(({ keptAt }) => keptAt !== undefined && existsSync(keptAt));
    for (const [id, content] of words) {
      const message = this.operations.readMessage(id);
      if (message?.isDamaged !== true && message?.content === content) continue;
      if (isEach)
        assert.fail(`a message that a backup has is ${message === undefined ? 'missing' : 'damaged'}`);
      assert.ok(message?.isDamaged === true || (message === undefined && (wasTold || this.wasMissing())));
    }
  }

  close(): void {
    this.connection.close();
  }

  private wasMissing(): boolean {
    return this.recoveries.some(({ isUnreadable }) => isUnreadable);
  }

  private attend(body: (operations: Operations) => unknown): void {
    try {
      body(this.operations);
    } catch (error) {
      if (isIndexDamage(error)) this.operations.rebuildIndex();
      else if (isDamage(error) || (mayBeSchemaDamage(error) && hasSchemaDamage(this.connection)))
        this.recover();
      else throw error;
      body(this.operations);
    }
  }

  private recover(): void {
    const { connection, recovery } = recoverOpened(this.file, identityOf(this.file) ?? '', { now: Date.now });
    if (recovery !== undefined) this.recoveries.push(recovery);
    this.connection.close();
    this.connection = connection;
    this.operations = this.operationsOf(connection);
  }

  private operationsOf(db: Connection): Operations {
    return createOperations({
      db,
      session: { id: 'visit', pid: process.pid, host: 'here' },
      now: Date.now,
      awakeSince: () => 0,
      isAlive: () => true,
    });
  }
}
