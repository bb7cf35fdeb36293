import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { backupFolder, findBackups, makeBackup } from '../../src/store/sqlite/maintenance/backup.ts';
import { maintenanceContext } from '../../src/store/sqlite/maintenance/mend.ts';
import { restoreBackup } from '../../src/store/sqlite/maintenance/restore.ts';
import { Source } from '../../src/store/sqlite/maintenance/source.ts';
import { damagedFiles } from '../../src/store/sqlite/maintenance/swap.ts';
import { removeRow } from '../../src/store/sqlite/purged.ts';
import { bundleChildren, start, type Bundles } from '../support/crash/children.ts';
import type { Crash } from '../support/crash/crash.ts';
import type { MenderSettings } from '../support/crash/mender.ts';
import { NextHost } from '../support/crash/nextHost.ts';
import { Random } from '../support/crash/random.ts';
import type { Views } from '../support/crash/replay.ts';
import { MENDING_KILLS, SEED } from '../support/crash/runs.ts';
import { DirectStore, type World } from '../support/directStore.ts';
import { leavesOf, pageOf, zero } from '../support/pages.ts';
import { assertSound } from '../support/soundness.ts';
import { tempFolder } from '../support/tempFolder.ts';

const START = Date.parse('2026-03-02T08:00:00Z');
const TOGETHER = 3;
/** The one that goes on is killed as well, now and then. */
const KILLS_IN_A_ROW = 3;
/** What may lie in the folder once it is over. */
const OWN = /^(navi\.db(-wal|-shm|\.recovery)?|backups|damaged-[\dTZ-]+)$/;

/** Kinds of moments, each of which is one to die at; `least`: so many there are. */
const STEPS = [
  { name: 'pages', moments: 'call to the file system', when: 'before', least: 15 },
  { name: 'restore', moments: 'call to the file system', when: 'before', least: 8 },
  { name: 'restore', moments: 'commit', when: 'before', least: 3 },
  { name: 'restore', moments: 'commit', when: 'after', least: 3 },
] as const;

interface Scene {
  /** Folder with the file as the first of the killed hosts finds it. */
  readonly path: string;
  /** What the history is when all is done. */
  readonly expected: Views;
  /** What it is at any moment in between: at least this. */
  readonly least: Views;
  readonly task: Omit<MenderSettings, 'folder'>;
}

describe('a host that is killed while it recovers or restores', () => {
  let folder: ReturnType<typeof tempFolder>;
  let bundles: Bundles;
  const scenes = new Map<string, Scene>();
  before(async function () {
    this.timeout(60_000);
    folder = tempFolder();
    bundles = await bundleChildren();
    for (const [name, scene] of Object.entries(makeScenes(folder.path))) scenes.set(name, scene);
  });
  after(() => {
    bundles.dispose();
    folder.dispose();
  });
  const sceneOf = (name: string): Scene => scenes.get(name) ?? assert.fail(name);
  const copyOf = ({ path }: Scene, name: string): string => {
    const copy = join(folder.path, name);
    cpSync(path, copy, { recursive: true });
    return copy;
  };

  for (const { name, moments, when, least } of STEPS)
    it(`I1 I9 W3 W7: ${name}: ${when} each ${moments}`, async function () {
      this.timeout(300_000);
      const scene = sceneOf(name);
      let killed = 0;
      for (let nth = 1, isOver = false; !isOver; nth += TOGETHER) {
        const copies = Array.from({ length: TOGETHER }, (_, n) =>
          copyOf(scene, `${when} ${name} ${nth + n}`),
        );
        const died = await Promise.all(
          copies.map((path, n) => {
            const match = moments === 'commit' ? '^COMMIT' : `^VACUUM INTO|^file:.*${path}`;
            return diesAt(bundles, { folder: path, ...scene.task }, { match, when, nth: nth + n });
          }),
        );
        for (const path of copies) assertWhole(scene, path);
        killed += died.filter(Boolean).length;
        isOver = died.includes(false);
      }
      assert.ok(killed >= least, `only ${killed} kills`);
      console.log(`      ${killed} kills`);
    });

  for (const name of ['pages', 'header', 'gone', 'restore'])
    it(`I1 I9 W3 W7: ${name}: ${MENDING_KILLS} kills at random times (seed ${SEED})`, async function () {
      this.timeout(MENDING_KILLS * 5_000 + 60_000);
      const scene = sceneOf(name);
      const random = new Random(SEED);
      const lasts = await lifeOf(bundles, { folder: copyOf(scene, `${name} whole`), ...scene.task });
      let killed = 0;
      for (let n = 0; killed < MENDING_KILLS; n += 1) {
        const path = copyOf(scene, `${name} at random ${n}`);
        for (let again = 1 + random.below(KILLS_IN_A_ROW); again > 0; again -= 1) {
          // Some come too late: what was asked for is done then.
          if (await diesAfter(bundles, { folder: path, ...scene.task }, random.next() * lasts)) killed += 1;
        }
        assertWhole(scene, path);
        rmSync(path, { recursive: true });
      }
    });
});

function makeScenes(root: string): Readonly<Record<string, Scene>> {
  const path = join(root, 'history');
  mkdirSync(path);
  const world: World = { now: START, dead: new Set() };
  const window = new DirectStore(path, world, { id: 'a', pid: process.pid });
  const { file } = window.db;
  const early = [window.write(...words(60)), window.write(...words(3)), talk(window)];
  window.store.attach(early[1] ?? '', uuidv7(), {
    id: uuidv7(),
    kind: 'text',
    name: 'note.txt',
    mime: 'text/plain',
    content: Buffer.from('what was attached '.repeat(100)),
  });
  const backup = makeBackup({ file, reason: 'daily', now: START })?.name ?? '';
  const backedUp = viewsOf(path, early);
  window.db.checkpoint('TRUNCATE');
  window.store.append({ id: uuidv7(), conversationId: early[0] ?? '', role: 'user', content: 'in the log' });
  const ids = [...early, window.write('late words', 'the last ones')];
  const all = viewsOf(path, ids);

  const scene = (name: string, harm: (at: string) => void): string => {
    const copy = join(root, name);
    mkdirSync(copy);
    cpSync(backupFolder(file), join(copy, 'backups'), { recursive: true });
    for (const suffix of ['', '-wal']) copyFileSync(file + suffix, join(copy, `navi.db${suffix}`));
    harm(join(copy, 'navi.db'));
    return copy;
  };
  const recovery = { task: { ids }, least: {} };
  const pages = scene('damaged pages', (at) => {
    for (const page of [pageOf(at, 'messages_by_position'), ...leavesOf(at, 'messages').slice(1, 3)])
      zero(at, page);
  });
  const header = scene('damaged header', (at) => {
    rmSync(`${at}-wal`);
    writeFileSync(at, readFileSync(at).fill(0x2a, 0, 4_096));
  });
  const gone = scene('gone', (at) => {
    rmSync(`${at}-wal`);
    rmSync(at);
  });
  const lossy = scene('lossy', () => undefined);
  lose(lossy, world, early.slice(0, 2));
  window.close();
  return {
    pages: { ...recovery, path: pages, expected: all },
    header: { ...recovery, path: header, expected: backedUp },
    gone: { ...recovery, path: gone, expected: backedUp },
    restore: {
      path: lossy,
      task: { ids, backup },
      expected: { ...all, ...backedUp },
      least: Object.fromEntries(ids.slice(2).map((id) => [id, all[id]])) as Views,
    },
  };
}

function words(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `message ${n} ${'of some length '.repeat(20)}`);
}

/** A conversation with a reply whose output is kept apart. */
function talk(window: DirectStore): string {
  const conversationId = window.write('make it');
  window.store.append({
    id: uuidv7(),
    conversationId,
    role: 'assistant',
    content: 'Made.',
    activities: [{ id: 'a', kind: 'read', label: 'Read', status: 'done' }],
    commands: [{ id: 'c', command: 'make', output: 'made\n'.repeat(4_000), status: 'done', exitCode: 0 }],
  });
  return conversationId;
}

/** As if they had never been: a loss that nobody decided on. */
function lose(path: string, world: World, ids: readonly string[]): void {
  const window = new DirectStore(path, world, { id: 'b', pid: process.pid });
  const context = maintenanceContext(window.db, () => world.now);
  window.db.write(() => {
    for (const id of ids) removeRow(context, id);
  });
  window.close();
}

function viewsOf(path: string, ids: readonly string[]): Views {
  const host = new NextHost(path);
  try {
    return host.views(ids);
  } finally {
    host.close();
  }
}

/** False when it did what it was asked for first. */
async function hasDied(child: ChildProcess): Promise<boolean> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal === null) assert.equal(code, 0);
  else assert.equal(signal, 'SIGKILL');
  return signal !== null;
}

function diesAt(bundles: Bundles, settings: MenderSettings, crash: Crash): Promise<boolean> {
  return hasDied(start(bundles, 'mender', settings, crash));
}

async function diesAfter(bundles: Bundles, settings: MenderSettings, ms: number): Promise<boolean> {
  const child = start(bundles, 'mender', settings);
  const died = hasDied(child);
  await begins(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  return died.finally(() => clearTimeout(timer));
}

/** Milliseconds from the beginning to the end of one that nobody kills. */
async function lifeOf(bundles: Bundles, settings: MenderSettings): Promise<number> {
  const child = start(bundles, 'mender', settings);
  const died = hasDied(child);
  await begins(child);
  const begun = performance.now();
  assert.equal(await died, false);
  return performance.now() - begun;
}

async function begins({ stdout }: ChildProcess): Promise<void> {
  assert.ok(stdout !== null);
  await once(stdout, 'data');
}

/** The next host shows the history as it was or as it is to be, and after what was cut is done again, all of it. */
function assertWhole(scene: Scene, path: string): void {
  const file = join(path, 'navi.db');
  const { ids, backup } = scene.task;
  assertBetween(viewsOf(path, ids), scene);
  assertSound(file);
  if (backup !== undefined) {
    restoreBackup({ file, name: backup, now: Date.now, onProgress: () => undefined });
    assert.deepEqual(viewsOf(path, ids), scene.expected);
    assertSound(file);
  }
  assertTidy(scene, file);
}

function assertBetween(found: Views, { task, expected, least }: Scene): void {
  if (task.backup === undefined) assert.deepEqual(found, expected);
  for (const [id, view] of Object.entries(least)) assert.deepEqual(found[id], view);
  for (const [id, { messages }] of Object.entries(found)) {
    const wanted = expected[id]?.messages ?? assert.fail('a conversation that nobody wrote');
    assert.deepEqual(
      messages,
      wanted.filter((message) => messages.includes(message)),
      'whole messages, in their order, each once',
    );
  }
}

/** Nothing is left that could be taken for the history, and the damaged file is kept. */
function assertTidy({ path: before, task }: Scene, file: string): void {
  const folder = join(file, '..');
  assert.deepEqual(
    readdirSync(folder).filter((name) => !OWN.test(name)),
    [],
  );
  const kept = damagedFiles(file).filter((damaged) => existsSync(join(damaged.folder, 'navi.db')));
  assert.equal(kept.length, Number(task.backup === undefined && existsSync(join(before, 'navi.db'))));
  for (const { name } of findBackups(file)) {
    const backup = Source.open(join(backupFolder(file), name), 'frozen');
    assert.ok((backup?.count('messages') ?? 0) > 0, name);
    backup?.close();
  }
}
