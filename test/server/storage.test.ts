import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 } from 'uuid';
import { isDiskFull } from '../../src/server/storage/diskFull.ts';
import { openRepository } from '../../src/server/storage/kyselyRepository.ts';
import { type Repository, StorageUnavailableError } from '../../src/server/storage/repository.ts';
import type { Tables } from '../../src/server/storage/schema.ts';
import { openSqlite } from '../../src/server/storage/sqlite.ts';
import { titleFrom } from '../../src/server/storage/titles.ts';

const OWNER = { userId: 'u', orgId: '' };
const EMPTY = { clientId: null, title: null, workspacePath: null, initialContext: null };
const HELLO = { clientId: null, role: 'user', content: 'hello', metadata: null, tokensUsed: null } as const;

describe('the embedded database', () => {
  let root: string;
  let folder: string;
  let file: string;
  const open: Repository[] = [];

  async function openFolder(lockDeadlineMs?: number): Promise<Repository> {
    const db = new Kysely<Tables>({ dialect: openSqlite(folder, lockDeadlineMs) });
    const repository = await openRepository(db, Date.now, v7);
    open.push(repository);
    return repository;
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'navi-storage-'));
    folder = join(root, 'deep', 'data');
    file = join(folder, 'navi.db');
  });
  afterEach(async () => {
    for (const repository of open.splice(0)) await repository.close();
    rmSync(root, { recursive: true });
  });

  it('is readable by its owner only, in a folder that is made when it is missing', async () => {
    await (await openFolder()).create(OWNER, EMPTY);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of ['navi.db', 'navi.db-wal', 'navi.db-shm']) {
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    }
  });

  it('I9: is sound, in WAL mode, and knows its rows again when it is opened again', async () => {
    const first = await openFolder();
    const id = await createIn(first);
    await first.append(OWNER, id, [HELLO]);
    await first.close();
    open.length = 0;
    const second = await openFolder();
    assert.equal((await contentsIn(second, id))[0], 'hello');
    const probe = new DatabaseSync(file, { readOnly: true });
    assert.equal(probe.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    assert.equal(probe.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
    assert.deepEqual(probe.prepare('PRAGMA foreign_key_check').all(), []);
    probe.close();
  });

  it('I1: writes to the disk before it acknowledges, and checks foreign keys', async () => {
    const db = new Kysely<Tables>({ dialect: openSqlite(folder) });
    open.push(await openRepository(db, Date.now, v7));
    const settings = await Promise.all([
      sql`PRAGMA synchronous`.execute(db),
      sql`PRAGMA fullfsync`.execute(db),
      sql`PRAGMA foreign_keys`.execute(db),
    ]);
    assert.deepEqual(
      settings.map(({ rows }) => ({ ...Object(rows[0]) }) as unknown),
      [{ synchronous: 2 }, { fullfsync: 1 }, { foreign_keys: 1 }],
    );
  });

  it('finds lists and messages by their indexes, without sorting', async () => {
    await openFolder();
    const probe = new DatabaseSync(file, { readOnly: true });
    const plan = (sql: string) =>
      probe
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail))
        .join('; ');
    const list = plan(
      "SELECT * FROM navi_conversations WHERE user_id='u' AND org_id='' AND status<>'deleted' ORDER BY listed_at DESC, id LIMIT 50",
    );
    assert.match(list, /^SEARCH navi_conversations USING INDEX navi_conversations_shown/);
    assert.doesNotMatch(list, /TEMP B-TREE/);
    const messages = plan(
      "SELECT * FROM navi_messages WHERE user_id='u' AND conversation_id='c' ORDER BY created_at DESC LIMIT 50",
    );
    assert.match(messages, /^SEARCH navi_messages USING INDEX/);
    assert.doesNotMatch(messages, /TEMP B-TREE/);
    probe.close();
  });

  it('G13: the list of a file from before keeps its order', async () => {
    const repository = await openFolder();
    const ids = [await createIn(repository), await createIn(repository), await createIn(repository)];
    for (const id of [ids[1], ids[0], ids[2], ids[0]]) await repository.append(OWNER, id ?? '', [HELLO]);
    const order = await listIn(repository);
    assert.deepEqual(order, [ids[0], ids[2], ids[1]]);
    await repository.close();
    open.length = 0;
    const older = new DatabaseSync(file);
    older.exec(`
      DROP INDEX navi_conversations_shown; DROP INDEX navi_conversations_by_status;
      ALTER TABLE navi_conversations DROP COLUMN listed_at;
      ALTER TABLE navi_users DROP COLUMN last_at; ALTER TABLE navi_users DROP COLUMN last_listed_at;
      CREATE INDEX navi_conversations_shown ON navi_conversations (user_id, org_id, updated_at DESC, id);
      CREATE INDEX navi_conversations_by_status ON navi_conversations (user_id, org_id, status, updated_at DESC, id);
      DELETE FROM navi_migrations WHERE name = '0006-list-order'`);
    older.close();
    const newer = await openFolder();
    assert.deepEqual(await listIn(newer), order);
    await newer.append(OWNER, ids[1] ?? '', [HELLO]);
    assert.deepEqual(await listIn(newer), [ids[1], ids[0], ids[2]]);
  });

  it('waits for another process that writes, and says so when that takes too long', async () => {
    const repository = await openFolder(300);
    const patient = await openFolder();
    const id = await createIn(repository);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    await assert.rejects(repository.append(OWNER, id, [HELLO]), StorageUnavailableError);
    const waiting = patient.append(OWNER, id, [HELLO]);
    // Its first attempt has failed by the time that another reader got an answer.
    await repository.list(OWNER, { limit: 1, offset: 0 });
    other.exec('COMMIT');
    other.close();
    assert.equal(outcomeOf(await waiting), 'stored');
    assert.equal((await contentsIn(repository, id)).length, 1);
  });

  it('I1: acknowledges nothing after its file was moved away', async () => {
    const repository = await openFolder();
    const id = await createIn(repository);
    renameSync(file, join(root, 'moved.db'));
    await assert.rejects(repository.append(OWNER, id, [HELLO]), StorageUnavailableError);
    renameSync(join(root, 'moved.db'), file);
    assert.equal(outcomeOf(await repository.append(OWNER, id, [HELLO])), 'stored');
  });

  it('I1: a full disk fails the one write, and the next one works', async () => {
    const repository = await openFolder();
    const id = await createIn(repository);
    await repository.close();
    open.length = 0;
    const limited = new Kysely<Tables>({ dialect: openSqlite(folder) });
    const full = await openRepository(limited, Date.now, v7);
    open.push(full);
    await limitPages(limited);
    await assert.rejects(full.append(OWNER, id, [{ ...HELLO, content: 'x'.repeat(1_000_000) }]), isDiskFull);
    assert.deepEqual(await contentsIn(full, id), []);
    assert.equal(outcomeOf(await full.append(OWNER, id, [HELLO])), 'stored');
  });

  it('leaves a file of a newer server and what is no database as they are', async () => {
    await (await openFolder()).close();
    open.length = 0;
    const newer = new DatabaseSync(file);
    newer.exec("INSERT INTO navi_migrations VALUES ('9999-later', '2030-01-01T00:00:00.000Z')");
    newer.close();
    await assert.rejects(openFolder(), /newer NAVI server/);
    rmSync(folder, { recursive: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, 'my other file'.repeat(1000));
    const { size } = statSync(file);
    await assert.rejects(openFolder(), /could not be created or updated/);
    assert.equal(statSync(file).size, size);
  });
});

async function createIn(repository: Repository): Promise<string> {
  const created = await repository.create(OWNER, EMPTY);
  assert.ok(typeof created === 'object' && created.outcome === 'stored');
  return created.record.id;
}

async function listIn(repository: Repository): Promise<string[]> {
  return (await repository.list(OWNER, { limit: 10, offset: 0, status: undefined })).map(({ id }) => id);
}

async function contentsIn(repository: Repository, id: string): Promise<string[]> {
  const found = await repository.read(OWNER, id, 10);
  assert.ok(typeof found === 'object');
  return found.messages.map(({ content }) => content);
}

function outcomeOf(appended: Awaited<ReturnType<Repository['append']>>): string | undefined {
  return typeof appended === 'string' ? appended : appended[0]?.outcome;
}

describe('titleFrom', () => {
  it('cuts after 50 code points, never inside one', () => {
    assert.equal(titleFrom('😀'.repeat(50)), '😀'.repeat(50));
    assert.equal(titleFrom('😀'.repeat(51)), `${'😀'.repeat(50)}...`);
    assert.equal(titleFrom(`${'a'.repeat(50)}\n`), `${'a'.repeat(50)}...`);
    assert.equal(titleFrom(''), '');
  });
});

/** A little room for small rows: SQLite's own way to play a full disk. */
async function limitPages(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(db);
  await sql`PRAGMA max_page_count = ${sql.raw(String((rows[0]?.page_count ?? 0) + 20))}`.execute(db);
}
