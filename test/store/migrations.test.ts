import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { backupFolder, findBackups } from '../../src/store/sqlite/maintenance/backup.ts';
import { migrate, NEWEST, VERSIONS, versionOf } from '../../src/store/sqlite/migrations/migrate.ts';
import { openStore } from '../../src/store/sqlite/open.ts';
import { bundleChildren, start, type Bundles } from '../support/crash/children.ts';
import { NextHost } from '../support/crash/nextHost.ts';
import { SEED, STRIDE } from '../support/crash/runs.ts';
import { DRAFT, makeOldFile, SHOWN } from '../support/oldFiles.ts';
import { assertSound } from '../support/soundness.ts';
import { tempFolder } from '../support/tempFolder.ts';

const TOGETHER = 3;
const OLDER = VERSIONS.filter((version) => version < NEWEST);
/** Numbers that a step gives anew, and the time in the trash, which begins when there is a trash. */
const RENEWED = new Set(['outbox.seq', 'conversations.deleted_at', 'conversations.deleted_from']);
/** The index is made anew when its terms change. */
const DERIVED = /^search|^sqlite_/;

type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

describe('files of older NAVIs', () => {
  let folder: ReturnType<typeof tempFolder>;
  let bundles: Bundles;
  before(async function () {
    this.timeout(60_000);
    folder = tempFolder();
    bundles = await bundleChildren();
    for (const version of VERSIONS) makeOldFile(original(version), version);
  });
  after(() => {
    bundles.dispose();
    folder.dispose();
  });
  const original = (version: number) => join(folder.path, `version ${version}`, 'navi.db');
  const copyOf = (version: number, name: string): string => {
    const place = join(folder.path, name);
    mkdirSync(place);
    copyFileSync(original(version), join(place, 'navi.db'));
    return join(place, 'navi.db');
  };

  it('every table of every version has rows here, so that no step goes untested', () => {
    for (const version of VERSIONS) {
      const empty = Object.entries(rowsOf(original(version))).filter(([, rows]) => rows.length === 0);
      assert.deepEqual(
        empty.map(([table]) => table),
        [],
        `tables of version ${version} that test/support/oldFiles.ts puts nothing into`,
      );
    }
  });

  for (const from of OLDER) {
    it(`I1 I9: version ${from} becomes every later one with the same rows`, () => {
      for (const to of VERSIONS.filter((version) => version > from)) {
        const file = copyOf(from, `${from} to ${to}`);
        const db = new Connection(file, () => undefined);
        migrate(db, to);
        assert.equal(versionOf(db), to);
        assert.deepEqual(db.all('PRAGMA foreign_key_check'), []);
        assert.deepEqual(
          db.get('PRAGMA integrity_check'),
          Object.assign(Object.create(null), { integrity_check: 'ok' }),
        );
        db.close();
        assertSameRows(original(from), file);
      }
    });

    it(`I1 I6 I9: version ${from} is shown whole by this NAVI, after a backup that holds it as it was`, () => {
      const file = copyOf(from, `${from} opened`);
      openStore(file, { now: Date.now }, () => undefined).connection.close();
      const [backup, ...more] = findBackups(file);
      assert.deepEqual([backup?.reason, more.length], ['migration', 0]);
      assert.deepEqual(rowsOf(join(backupFolder(file), backup?.name ?? '')), rowsOf(original(from)));
      assertShown(file, from);
    });

    const stride = from === OLDER[0] ? 1 : STRIDE;
    const which = stride === 1 ? 'each' : `every ${stride}th`;
    it(`I1 I9: a host killed before ${which} statement and file call between version ${from} and this one (seed ${SEED})`, async function () {
      this.timeout(600_000);
      let killed = 0;
      for (let nth = 1 + (stride === 1 ? 0 : SEED % stride), isOver = false; !isOver;) {
        const places = Array.from({ length: TOGETHER }, (_, n) => nth + n * stride);
        const files = places.map((at) => copyOf(from, `${from} killed at ${at}`));
        const died = await Promise.all(files.map((file, n) => diesAt(bundles, file, places[n] ?? 0)));
        for (const file of files) assertNothingLost(file, from);
        killed += died.filter(Boolean).length;
        isOver = died.includes(false);
        nth += TOGETHER * stride;
      }
      assert.ok(killed * stride > 20, `only ${killed} kills`);
      console.log(`      ${killed} kills`);
    });
  }

  function assertNothingLost(file: string, from: number): void {
    openStore(file, { now: Date.now }, () => undefined).connection.close();
    assert.deepEqual(
      readdirSync(join(file, '..')).filter((name) => name.startsWith('damaged')),
      [],
    );
    for (const { name } of findBackups(file)) rowsOf(join(backupFolder(file), name));
    assertSameRows(original(from), file);
    assertShown(file, from);
  }
});

/** False when it opened the file before it came to that step. */
async function diesAt(bundles: Bundles, file: string, nth: number): Promise<boolean> {
  const crash = { match: `^(?!file:)|^file:.*${join(file, '..')}`, when: 'before', nth } as const;
  const child = start(bundles, 'opener', { file }, crash);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal === null) assert.equal(code, 0);
  return signal === 'SIGKILL';
}

function assertShown(file: string, version: number): void {
  const host = new NextHost(join(file, '..'));
  try {
    host.interruptOrphans();
    for (const [id, contents] of Object.entries(SHOWN)) {
      const page = host.ask('read', id, { limit: 100 });
      assert.deepEqual(
        page?.messages.map(({ content }) => content),
        contents,
      );
    }
    const reply = host.ask('readMessage', 'm4');
    assert.equal(reply?.status, 'interrupted');
    assert.equal(host.ask('readMessage', 'm2')?.commands[0]?.output.length, 20_000);
    const { attachments = [], ...draft } = host.ask('readDraft', 'c2') ?? {};
    assert.deepEqual(draft, DRAFT);
    assert.deepEqual(
      attachments.map(({ name }) => name),
      version < 11 ? [] : ['note.txt'],
    );
    assert.equal(host.ask('search', { text: 'old prompt', limit: 5 }).hits.length, 1);
  } finally {
    host.close();
  }
  assertSound(file);
}

/** In every table that both have, every column that both have. */
function assertSameRows(older: string, newer: string): void {
  const [before, now] = [rowsOf(older), rowsOf(newer)];
  for (const [table, rows] of Object.entries(before)) {
    const found = now[table] ?? assert.fail(`${table} is gone`);
    const shared = Object.keys(rows[0] ?? {}).filter(
      (column) => column in (found[0] ?? {}) && !RENEWED.has(`${table}.${column}`),
    );
    const project = (row: Readonly<Record<string, unknown>>) =>
      JSON.stringify(shared.map((column) => row[column] ?? null));
    const expected = rows.map(project);
    const actual = new Set(found.map(project));
    assert.deepEqual(
      expected.filter((row) => !actual.has(row)),
      [],
      `rows of ${table} that are not there any more`,
    );
  }
}

function rowsOf(file: string): Rows {
  const db = new Connection(file, () => undefined, { mode: 'read' });
  try {
    const tables = db
      .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .filter(({ name }) => !DERIVED.test(name));
    return Object.fromEntries(
      tables.map(({ name }) => [name, db.all<Record<string, unknown>>(`SELECT * FROM "${name}"`)]),
    );
  } finally {
    db.close();
  }
}
