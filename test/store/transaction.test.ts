import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { migrate } from '../../src/store/sqlite/migrations/migrate.ts';
import { tempFolder } from '../support/tempFolder.ts';

describe('a write transaction', () => {
  let folder: ReturnType<typeof tempFolder>;
  let ours: Connection;
  let theirs: Connection;
  beforeEach(() => {
    folder = tempFolder();
    ours = new Connection(`${folder.path}/navi.db`, () => undefined);
    migrate(ours);
    theirs = new Connection(`${folder.path}/navi.db`, () => undefined);
    theirs.exec('PRAGMA busy_timeout=0');
  });
  afterEach(() => {
    theirs.close();
    ours.close();
    folder.dispose();
  });
  const put = (db: Connection, key: string) =>
    db.run('INSERT INTO meta (key, value) VALUES (?, ?)', key, 'x');
  const keys = () =>
    theirs
      .all<{ key: string }>("SELECT key FROM meta WHERE key <> 'file.id' ORDER BY key")
      .map(({ key }) => key);

  it('I1: has the file to itself from its first read to its commit', () => {
    ours.write(() => {
      ours.get('SELECT count(*) FROM meta');
      assert.throws(() => put(theirs, 'theirs'), /locked/);
      put(ours, 'ours');
      assert.deepEqual(keys(), [], 'nothing is seen of it yet');
    });
    assert.deepEqual(keys(), ['ours']);
  });

  it('I1 I3: a transaction that met another window runs again from its start, and counts once', () => {
    let runs = 0;
    ours.write(() => {
      runs += 1;
      put(ours, `run ${runs}`);
      if (runs < 3) throw Object.assign(new Error('busy'), { errcode: 5 });
    });
    assert.deepEqual([runs, keys()], [3, ['run 3']]);
  });

  it('I9: a row that belongs to nothing is refused', () => {
    const stray = `INSERT INTO drafts (conversation_id, message_id, text, updated_at) VALUES ('none', 'm', '', 1)`;
    assert.throws(() => theirs.write(() => theirs.run(stray)), /FOREIGN KEY/);
  });
});
