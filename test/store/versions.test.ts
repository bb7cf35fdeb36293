import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Connection } from '../../src/store/sqlite/connection.ts';
import { NEWEST, versionOf } from '../../src/store/sqlite/migrations/migrate.ts';
import { StoreError } from '../../src/store/store.ts';
import { eventually, openWindow, type TestWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

const refused = (error: unknown) =>
  error instanceof StoreError && error.problem === 'unavailable' && /Update NAVI/.test(error.message);

describe('an older and a newer NAVI on one file', () => {
  let folder: ReturnType<typeof tempFolder>;
  let file: string;
  let windows: TestWindow[];
  const open = (): TestWindow => {
    const window = openWindow(folder.path);
    windows.push(window);
    return window;
  };
  beforeEach(() => {
    folder = tempFolder();
    file = join(folder.path, 'navi.db');
    windows = [];
  });
  afterEach(async () => {
    await Promise.all(windows.map(({ store }) => store.close()));
    folder.dispose();
  });

  it('I6: a newer file whose tables this version knows is shown and not changed', async () => {
    const id = await say(open(), 'from before');
    await windows.pop()?.store.close();
    newerNavi(file, 'ALTER TABLE messages ADD COLUMN mood TEXT');
    const before = readFileSync(file);
    const window = open();
    assert.deepEqual(await texts(window, id), ['from before']);
    await assert.rejects(say(window, 'no'), refused);
    assert.deepEqual(
      window.conditions.map(({ isReadable, trouble = '' }) => [isReadable, /Update NAVI/.test(trouble)]),
      [[true, true]],
    );
    assert.deepEqual(readFileSync(file), before);
  });

  it('I9: a host that runs while a newer NAVI migrates the file writes no row of the old shape', async () => {
    const window = open();
    const id = await say(window, 'old shape');
    newerNavi(file, "ALTER TABLE messages ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'");
    await assert.rejects(say(window, 'too late'), refused);
    assert.match(window.conditions.at(-1)?.trouble ?? '', /Update NAVI/);
    assert.deepEqual(await texts(window, id), ['old shape']);
    const db = new Connection(file, () => undefined, { mode: 'read' });
    assert.equal(versionOf(db), NEWEST + 1);
    assert.deepEqual(
      db.all<{ content: string }>('SELECT content FROM messages').map(({ content }) => content),
      ['old shape'],
    );
    db.close();
  });

  it('I9: it stops before its next write, as soon as it sees the migration', async () => {
    const window = open();
    await say(window, 'old shape');
    newerNavi(file, 'ALTER TABLE messages ADD COLUMN mood TEXT');
    const trouble = await eventually(window, () => Promise.resolve(window.conditions.at(-1)?.trouble));
    assert.match(trouble, /Update NAVI/);
  });
});

/** What a newer NAVI does when it opens the file: one migration more. */
function newerNavi(file: string, sql: string): void {
  const db = new Connection(file, () => undefined);
  db.write(() => db.exec(`${sql}; PRAGMA user_version=${NEWEST + 1}`));
  db.close();
}

async function say({ store }: TestWindow, content: string): Promise<string> {
  const id = uuidv7();
  await store.create({ id });
  await store.append({ id: uuidv7(), conversationId: id, role: 'user', content });
  return id;
}

async function texts({ store }: TestWindow, id: string): Promise<string[] | undefined> {
  const page = await store.read(id, { limit: 10 });
  return page?.messages.map(({ content }) => content);
}
