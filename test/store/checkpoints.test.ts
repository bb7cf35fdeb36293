import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Checkpoints } from '../../src/store/sqlite/checkpoints.ts';
import { DirectStore } from '../support/directStore.ts';
import { tempFolder } from '../support/tempFolder.ts';

const MB = 1024 * 1024;
/** A page and what the log says about it, bytes. */
const LOGGED_PAGE = 4096 + 24;

describe('write-ahead log', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  let direct: DirectStore;
  let clock: number;
  let checkpoints: Checkpoints;
  let id: string;
  const logBytes = () => statSync(`${file}-wal`).size;
  const append = (content: string) => {
    direct.store.append({ id: uuidv7(), conversationId: id, role: 'user', content });
    checkpoints.afterWrite();
  };
  beforeEach(() => {
    folder = tempFolder();
    file = join(folder.path, 'navi.db');
    direct = new DirectStore(folder.path, { now: 1, dead: new Set() }, { id: 'window', pid: 1 });
    clock = 0;
    checkpoints = new Checkpoints(direct.db, () => clock);
    id = direct.write('first');
  });
  afterEach(() => {
    direct.close();
    folder.dispose();
  });

  it('I12: stays bounded under a writer without pause, small messages and huge ones', () => {
    for (let n = 0; n < 600; n += 1) append('words '.repeat(30));
    assert.ok(logBytes() < 8 * MB, `${logBytes()} bytes`);
    for (let n = 0; n < 9; n += 1) append('x'.repeat(2_000_000));
    assert.ok(logBytes() < 16 * MB, `${logBytes()} bytes`);
  });

  it('I12: a reader that lags neither stops the writer nor keeps the log large for ever', () => {
    const reader = new DatabaseSync(file);
    reader.exec('BEGIN; SELECT count(*) FROM messages');
    for (let n = 0; n < 9; n += 1) append('x'.repeat(2_000_000));
    clock += 2_000;
    const begun = performance.now();
    checkpoints.whenIdle();
    assert.ok(performance.now() - begun < 2_000, 'it waited for the reader');
    assert.ok(logBytes() > 16 * MB);
    reader.exec('COMMIT');
    checkpoints.whenIdle();
    assert.equal(logBytes(), 0);
    reader.close();
    append('goes on');
    assert.equal(direct.store.read(id, { limit: 1 })?.messages[0]?.content, 'goes on');
  });

  it('I12: an append waits for six pages of it, not for one more', () => {
    const pages = Array.from({ length: 25 }, () => {
      const before = logBytes();
      append('a prompt of a few words');
      return (logBytes() - before) / LOGGED_PAGE;
    });
    // Now and then a page is full and becomes two.
    assert.equal(pages.toSorted((a, b) => a - b)[12], 6, pages.join(' '));
  });

  it('is left alone while writes come, and while it is small', () => {
    append('x'.repeat(100_000));
    const before = logBytes();
    clock += 2_000;
    checkpoints.whenIdle();
    assert.equal(logBytes(), before);
  });
});
