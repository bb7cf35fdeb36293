import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { hasWalFix } from '../../src/store/sqlite/connection.ts';
import { StoreError } from '../../src/store/store.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('a conversation file that is not as it should be', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  beforeEach(() => {
    folder = tempFolder();
    file = join(folder.path, 'navi.db');
  });
  afterEach(() => folder.dispose());

  it('I9: garbage is kept aside unchanged, the user is told, and a new file works', async () => {
    const garbage = randomBytes(20_000);
    writeFileSync(file, garbage);
    const window = openWindow(folder.path);
    const id = uuidv7();
    await window.store.create({ id });
    await window.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'works' });
    assert.equal(window.damaged.length, 1);
    assert.deepEqual(readFileSync(join(window.damaged[0] ?? '', 'navi.db')), garbage);
    await window.store.close();
  });

  it('I9: two windows that meet the garbage at once share one new file', async () => {
    writeFileSync(file, randomBytes(20_000));
    const [first, second] = [openWindow(folder.path), openWindow(folder.path)];
    const id = uuidv7();
    await first.store.create({ id });
    await second.store.append({ id: uuidv7(), conversationId: id, role: 'user', content: 'seen by both' });
    assert.equal((await first.store.read(id, { limit: 1 }))?.messages.length, 1);
    assert.equal(first.damaged.length + second.damaged.length, 1);
    assert.equal(readdirSync(folder.path).filter((name) => name.startsWith('damaged-')).length, 1);
    await Promise.all([first.store.close(), second.store.close()]);
  });

  it('I6: a file of a newer NAVI is left untouched, and the error says what to do', async () => {
    const newer = new DatabaseSync(file);
    newer.exec('CREATE TABLE future (x); PRAGMA user_version=9999');
    newer.close();
    const before = readFileSync(file);
    const window = openWindow(folder.path);
    await assert.rejects(window.store.list({ status: 'active', limit: 1 }), (error) => {
      assert.ok(error instanceof StoreError && error.problem === 'unavailable');
      assert.match(error.message, /Update NAVI/);
      return true;
    });
    assert.deepEqual(readFileSync(file), before);
    await window.store.close();
  });

  it('a folder where the file should be is an error in words, not a crash', async () => {
    mkdirSync(file);
    const window = openWindow(folder.path);
    await assert.rejects(window.store.list({ status: 'active', limit: 1 }), StoreError);
    assert.deepEqual(
      window.conditions.map(({ isReadable, trouble = '' }) => [isReadable, trouble !== '']),
      [[false, true]],
    );
    await window.store.close();
  });

  it('I1: a write after the file was replaced under the window goes into the new one', async () => {
    const window = openWindow(folder.path);
    await window.store.list({ status: 'active', limit: 1 });
    for (const suffix of ['', '-wal', '-shm']) renameSync(file + suffix, `${file}.moved${suffix}`);
    const id = uuidv7();
    await window.store.create({ id });
    await window.store.append({
      id: uuidv7(),
      conversationId: id,
      role: 'user',
      content: 'into the new file',
    });
    await window.store.close();
    const next = openWindow(folder.path);
    assert.equal((await next.store.read(id, { limit: 1 }))?.messages[0]?.content, 'into the new file');
    await next.store.close();
    rmSync(`${file}.moved`);
  });

  it('file and folder are for the user alone', async () => {
    const window = openWindow(join(folder.path, 'made'));
    await window.store.list({ status: 'active', limit: 1 });
    assert.equal(statSync(join(folder.path, 'made')).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder.path, 'made', 'navi.db')).mode & 0o777, 0o600);
    await window.store.close();
  });

  it('WAL is used only where SQLite has the fix for several writers', () => {
    const fixed = ['3.44.6', '3.50.7', '3.51.3', '3.53.0', '4.0.0'];
    const broken = ['3.44.5', '3.46.0', '3.50.6', '3.51.2', '2.8.0'];
    assert.deepEqual(
      fixed.map(hasWalFix),
      fixed.map(() => true),
    );
    assert.deepEqual(
      broken.map(hasWalFix),
      broken.map(() => false),
    );
  });
});
