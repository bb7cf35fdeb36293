import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { sharedFileSystem } from '../../src/store/sqlite/place.ts';
import { StoreError } from '../../src/store/store.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { Visitor } from '../support/visitor.ts';

/** A user without rights: root, which tests may run as, may write anywhere. */
const NOBODY = 65534;

describe('places that are hostile to a file', () => {
  let folder: ReturnType<typeof tempFolder>;
  let home: string;
  let visitors: Visitor[];
  const visit = (): Visitor => {
    const visitor = new Visitor(home, process.getuid?.() === 0 ? NOBODY : undefined);
    visitors.push(visitor);
    return visitor;
  };
  const own = (path: string) => {
    if (process.getuid?.() === 0) chownSync(path, NOBODY, NOBODY);
  };
  beforeEach(() => {
    folder = tempFolder();
    chmodSync(folder.path, 0o755);
    home = join(folder.path, 'home');
    mkdirSync(home, { mode: 0o700 });
    own(home);
    visitors = [];
  });
  afterEach(async () => {
    chmodSync(home, 0o700);
    await Promise.all(visitors.map((visitor) => visitor.leave()));
    folder.dispose();
  });

  it('I1 I6: in a folder that became read-only all is shown, the reason is said, and it writes again later', async () => {
    const before = visit();
    assert.equal((await before.ask('write kept')).value, 'written');
    await before.leave();
    visitors = [];
    chmodSync(home, 0o500);
    chmodSync(join(home, 'navi.db'), 0o400);
    const visitor = visit();
    assert.deepEqual((await visitor.ask('titles')).value, ['kept']);
    const refused = await visitor.ask('write lost');
    assert.match(refused.error ?? '', /may not write to its folder.*Make it writable/);
    assert.equal(refused.condition.isReadable, true);
    chmodSync(home, 0o700);
    chmodSync(join(home, 'navi.db'), 0o600);
    assert.equal((await visitor.ask('again')).condition.trouble, undefined);
    assert.equal((await visitor.ask('write later')).value, 'written');
    assert.deepEqual((await visitor.ask('titles')).value, ['later', 'kept']);
  });

  it('I6: a write-ahead log that may not be written is read, not passed over', async () => {
    const writer = visit();
    await writer.ask('write in the log');
    for (const name of readdirSync(home)) chmodSync(join(home, name), 0o400);
    chmodSync(home, 0o500);
    const visitor = visit();
    assert.deepEqual((await visitor.ask('titles')).value, ['in the log']);
    assert.match((await visitor.ask('write no')).error ?? '', /Make it writable/);
    for (const name of readdirSync(home)) chmodSync(join(home, name), 0o600);
  });

  it('I6: a folder that may not even be looked into is not taken for an empty one', async () => {
    const writer = visit();
    await writer.ask('write hidden');
    chmodSync(home, 0o000);
    const visitor = visit();
    const answer = await visitor.ask('titles');
    assert.match(answer.error ?? '', /cannot be opened; it was not changed/);
    assert.equal(answer.condition.isReadable, false);
    chmodSync(home, 0o700);
    assert.equal((await visitor.ask('again')).condition.trouble, undefined);
    assert.deepEqual((await visitor.ask('titles')).value, ['hidden']);
  });

  it('where no file can be made, nothing is shown, the reason is said, and it starts when it can', async () => {
    chmodSync(home, 0o500);
    const visitor = visit();
    assert.deepEqual((await visitor.ask('titles')).value, []);
    assert.match((await visitor.ask('write no')).error ?? '', /Make it writable/);
    chmodSync(home, 0o700);
    await visitor.ask('again');
    assert.equal((await visitor.ask('write first')).value, 'written');
    assert.deepEqual((await visitor.ask('titles')).value, ['first']);
  });

  it('I1: on a disk that is full nothing acknowledged is lost, and it goes on when there is room', async function () {
    this.timeout(30_000);
    const disk = join(folder.path, 'disk');
    mkdirSync(disk);
    // Needs the right to mount; without it this fails here and says so.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
    const window = openWindow(disk);
    try {
      const id = uuidv7();
      await window.store.create({ id });
      const written: string[] = [];
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(200_000));
      const append = async (): Promise<void> => {
        const message = {
          id: uuidv7(),
          conversationId: id,
          role: 'user',
          content: 'word '.repeat(1_000),
        } as const;
        await window.store.append(message);
        written.push(message.id);
      };
      await assert.rejects(
        async () => {
          for (;;) await append();
        },
        (error) => error instanceof StoreError && /disk is full/.test(error.message),
      );
      assert.match(window.conditions.at(-1)?.trouble ?? '', /disk is full.*Free some space/);
      assert.deepEqual(await idsIn(window, id), written);
      rmSync(join(disk, 'ballast'));
      window.store.tryAgain();
      await append();
      await window.store.readMessage('');
      assert.equal(window.conditions.at(-1)?.trouble, undefined);
      await window.store.close();
      const next = openWindow(disk);
      const found = await idsIn(next, id);
      await next.store.close();
      assert.deepEqual(found, written);
    } finally {
      await window.store.close();
      execFileSync('umount', [disk]);
    }
  });

  it('a file is kept without WAL by a SQLite whose WAL has the fault, which is said', () => {
    const old = new Connection(join(home, 'old.db'), () => undefined, { versionOf: () => '3.50.6' });
    assert.equal(old.unsafeVersion, '3.50.6');
    assert.equal(journalOf(old), 'delete');
    old.close();
    const own = new Connection(join(home, 'own.db'), () => undefined);
    assert.equal(own.unsafeVersion, undefined);
    own.close();
  });

  it('a file on a shared file system is kept without WAL', () => {
    const shared = new Connection(join(home, 'navi.db'), () => undefined, { placeOf: () => 'NFS' });
    assert.equal(shared.sharedPlace, 'NFS');
    assert.equal(journalOf(shared), 'delete');
    shared.close();
    const local = new Connection(join(home, 'navi.db'), () => undefined);
    assert.equal(journalOf(local), 'wal');
    local.close();
  });

  it('shared file systems are known by their type, their address or where they are mounted', () => {
    const cases: [NodeJS.Platform, string, number, string | undefined][] = [
      ['linux', '/home/u', 0xef53, undefined],
      ['linux', '/mnt/c/Users', 0x01021997, '9p'],
      ['linux', '/net/home', 0x6969, 'NFS'],
      ['linux', '/net/home', -11317950, 'CIFS'],
      ['win32', 'C:\\Users\\u', 0, undefined],
      ['win32', '\\\\?\\C:\\Users\\u', 0, undefined],
      ['win32', '\\\\server\\share\\u', 0, 'a network share'],
      ['win32', '\\\\?\\UNC\\server\\share', 0, 'a network share'],
      ['darwin', '/Users/u/Library', 26, undefined],
      ['darwin', '/Volumes/nas/u', 26, 'a mounted volume'],
    ];
    for (const [platform, path, type, expected] of cases)
      assert.equal(sharedFileSystem(platform, path, type), expected, `${platform} ${path}`);
  });
});

async function idsIn({ store }: ReturnType<typeof openWindow>, id: string): Promise<string[]> {
  const page = await store.read(id, { limit: 1_000 });
  return page?.messages.map((message) => message.id) ?? [];
}

function journalOf(connection: Connection): string | undefined {
  return connection.get<{ journal_mode: string }>('PRAGMA journal_mode')?.journal_mode;
}
