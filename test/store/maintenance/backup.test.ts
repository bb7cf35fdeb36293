import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import type { BackupFile } from '../../../src/store/maintenance.ts';
import { StoreError } from '../../../src/store/store.ts';
import {
  BACKUP_STEPS,
  backupFolder,
  findBackups,
  makeBackup,
} from '../../../src/store/sqlite/maintenance/backup.ts';
import {
  backupName,
  expendable,
  parseBackupName,
} from '../../../src/store/sqlite/maintenance/backupNames.ts';
import { verifyCopy } from '../../../src/store/sqlite/maintenance/verify.ts';
import { DirectStore, type World } from '../../support/directStore.ts';
import { openWindow } from '../../support/stores.ts';
import { tempFolder } from '../../support/tempFolder.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-03-02T08:00:00Z');

describe('backups', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  let world: World;
  let window: DirectStore;
  beforeEach(() => {
    folder = tempFolder();
    file = join(folder.path, 'navi.db');
    world = { now: START, dead: new Set() };
    window = new DirectStore(folder.path, world, { id: 'a', pid: 1 });
  });
  afterEach(() => {
    window.close();
    folder.dispose();
  });

  it('C1: a backup holds what was saved, is for the user alone, and is verified', () => {
    window.write('one', 'two', 'three');
    const made = makeBackup({ file, reason: 'daily', now: START });
    assert.ok(made !== undefined);
    const path = join(backupFolder(file), made.name);
    assert.deepEqual(verifyCopy(path, made.bytes), { conversations: 1, messages: 3 });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(backupFolder(file)).mode & 0o777, 0o700);
    assert.deepEqual(findBackups(file), [made]);
  });

  it('C1: a search index that is broken keeps no backup from being made', () => {
    window.write('one', 'two');
    while (window.store.indexSome());
    const vandal = new DatabaseSync(file, { defensive: false });
    vandal.exec("UPDATE search_data SET block = x'ffffffffffffffffffff' WHERE id > 1");
    vandal.close();
    assert.notEqual(
      window.db.get<{ integrity_check: string }>('PRAGMA integrity_check')?.integrity_check,
      'ok',
    );
    const made = makeBackup({ file, reason: 'daily', now: START });
    assert.equal(made?.reason, 'daily');
  });

  it('C1: a copy with one wrong word is not kept, and says so', () => {
    const id = window.write('a word that will be changed');
    window.db.run("UPDATE messages SET content = 'other' WHERE conversation_id = ?", id);
    assert.throws(
      () => makeBackup({ file, reason: 'daily', now: START }),
      (error) => error instanceof StoreError && /not kept/.test(error.message),
    );
    assert.deepEqual(readdirSync(backupFolder(file)), []);
  });

  it('C2: dying at any step leaves the backups that were there, and the next one works', () => {
    window.write('one');
    const first = makeBackup({ file, reason: 'daily', now: START });
    for (const dying of BACKUP_STEPS) {
      const now = START + DAY * (1 + BACKUP_STEPS.indexOf(dying));
      assert.throws(() =>
        makeBackup({
          file,
          reason: 'daily',
          now,
          onStep: (step) => {
            if (step === dying) throw new Error('dies here');
          },
        }),
      );
      const names = findBackups(file).map(({ name }) => name);
      assert.ok(names.includes(first?.name ?? ''), dying);
      for (const { name, bytes } of findBackups(file)) verifyCopy(join(backupFolder(file), name), bytes);
    }
    assert.ok(makeBackup({ file, reason: 'daily', now: START + 20 * DAY }) !== undefined);
  });

  it('C2: what a killed process left unfinished is removed an hour later', () => {
    window.write('one');
    makeBackup({ file, reason: 'daily', now: START });
    const left = join(backupFolder(file), `${backupName('daily', START)}-1.unfinished`);
    writeFileSync(left, 'half a copy');
    makeBackup({ file, reason: 'daily', now: Date.now() });
    assert.ok(readdirSync(backupFolder(file)).some((name) => name.endsWith('.unfinished')));
    makeBackup({ file, reason: 'daily', now: Date.now() + 2 * 3_600_000 });
    assert.ok(!readdirSync(backupFolder(file)).some((name) => name.endsWith('.unfinished')));
  });

  it('C3: three days, two weeks before them and two of each other reason are kept', () => {
    const made = Array.from({ length: 40 }, (_, day) => backup('daily', START + day * DAY, 10));
    const others = Array.from({ length: 5 }, (_, n) => backup('migration', START + n * DAY + 1, 10));
    const gone = new Set(expendable([...made, ...others], 1_000));
    const kept = [...made, ...others].filter((backup) => !gone.has(backup));
    assert.deepEqual(
      kept.map(({ reason, madeAt }) => `${reason} ${Math.floor((madeAt - START) / DAY)}`),
      ['daily 30', 'daily 36', 'daily 37', 'daily 38', 'daily 39', 'migration 3', 'migration 4'],
    );
  });

  it('C3: the newest stays however small the room for them is', () => {
    const made = [backup('daily', START, 500), backup('daily', START + DAY, 500)];
    assert.deepEqual(expendable(made, 10), [made[0]]);
    assert.deepEqual(expendable(made, 1_000), []);
  });

  it('C3: a name gives its time back, and other files are none of ours', () => {
    const name = backupName('restore', START + 123);
    assert.deepEqual(parseBackupName(name), { name, reason: 'restore', madeAt: START + 123 });
    for (const other of ['navi.db', `${name}.unfinished`, 'navi-x-daily.db', `${name}-wal`])
      assert.equal(parseBackupName(other), undefined);
  });

  it('C5: a backup while a window writes holds a state that was there', async () => {
    window.write('before');
    const writer = openWindow(folder.path);
    const conversationId = uuidv7();
    await writer.store.create({ id: conversationId });
    const writes = Array.from({ length: 60 }, (_, n) =>
      writer.store.append({ id: uuidv7(), conversationId, role: 'user', content: `prompt ${n}` }),
    );
    await writes[5];
    const made = makeBackup({ file, reason: 'daily', now: START });
    await Promise.all(writes);
    await writer.store.close();
    assert.ok(made !== undefined);
    const { messages } = verifyCopy(join(backupFolder(file), made.name), made.bytes);
    assert.ok(messages >= 7 && messages <= 61, `${messages} messages`);
  });

  it('C1: nothing is copied of a file that is not there', () => {
    assert.equal(makeBackup({ file: join(folder.path, 'none.db'), reason: 'daily', now: START }), undefined);
    assert.ok(readFileSync(file).length > 0);
  });
});

function backup(reason: BackupFile['reason'], madeAt: number, bytes: number): BackupFile {
  return { name: backupName(reason, madeAt), reason, madeAt, bytes };
}
