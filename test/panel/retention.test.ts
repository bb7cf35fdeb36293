import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { v7 as uuidv7 } from 'uuid';
import { Retention, type AgeSettings } from '../../src/panel/retention.ts';
import type { SqliteStore } from '../../src/store/sqlite/workerStore.ts';
import { openWindow } from '../support/stores.ts';
import { tempFolder } from '../support/tempFolder.ts';

const DAY = 24 * 60 * 60_000;
const SECRET = 'correct horse battery staple';

describe('retention', () => {
  let folder: ReturnType<typeof tempFolder>;
  let store: SqliteStore;
  let now: number;
  let settings: AgeSettings;
  let agreed: number | undefined;
  let answer: 'move' | 'review' | 'off' | 'later';
  let asked: string[];
  let moved: string[];
  let log: string[];
  let retention: Retention;
  beforeEach(() => {
    folder = tempFolder();
    ({ store } = openWindow(folder.path));
    now = Date.now();
    settings = { retentionDays: 30, trashDays: 30, isSyncOff: true };
    [agreed, answer, asked, moved, log] = [undefined, 'later', [], [], []];
    retention = new Retention({
      store,
      settings: () => settings,
      ids: uuidv7,
      now: () => now,
      agreed: {
        read: () => agreed,
        write: async (days) => {
          agreed = days;
          return Promise.resolve();
        },
      },
      ask: async (count, days) => {
        asked.push(`${count} after ${days}`);
        return Promise.resolve(answer);
      },
      turnOff: async () => {
        settings = { ...settings, retentionDays: 0 };
        return Promise.resolve();
      },
      review: async () => {
        asked.push('review');
        return Promise.resolve();
      },
      onMoved: (count, actId) => moved.push(...Array.from({ length: count }, () => actId)),
      log: { info: (text) => log.push(text) },
    });
  });
  afterEach(async () => {
    await store.close();
    folder.dispose();
    assert.ok(!log.join().includes(SECRET), 'I11');
  });
  const write = async (): Promise<string> => {
    const id = uuidv7();
    await store.create({ id });
    await store.append({ id: uuidv7(), conversationId: id, role: 'user', content: SECRET });
    return id;
  };
  const count = async (status: 'active' | 'deleted') =>
    (await store.list({ status, limit: 100 })).items.length;

  it('D7: it is off by default, and then looks at nothing', async () => {
    settings = { ...settings, retentionDays: 0 };
    await write();
    now += 1_000 * DAY;
    assert.deepEqual(await retention.preview(), []);
    await retention.run();
    assert.deepEqual([await count('active'), asked], [1, []]);
  });

  it('D7: the first run only asks; once agreed it moves, with Undo, until the setting changes', async () => {
    await write();
    now += 31 * DAY;
    assert.equal((await retention.preview()).length, 1);
    for (answer of ['later', 'review'] as const) await retention.run();
    assert.deepEqual([await count('active'), asked], [1, ['1 after 30', '1 after 30', 'review']]);
    answer = 'move';
    await retention.run();
    assert.deepEqual([await count('active'), await count('deleted'), moved.length], [0, 1, 1]);
    await store.restore({ actId: moved[0] ?? '' });
    await retention.run();
    assert.deepEqual([await count('active'), asked.length], [0, 4], 'not asked again');
    await store.restore({ actId: moved[1] ?? '' });
    settings = { ...settings, retentionDays: 10 };
    answer = 'off';
    await retention.run();
    assert.deepEqual([await count('active'), asked.at(-1)], [1, '1 after 10']);
    assert.equal(settings.retentionDays, 0);
  });

  it('D6: what was in the trash for its days is removed for good, and counted in the log', async () => {
    const old = await write();
    await store.trash({ ids: [old] }, uuidv7());
    now += 29 * DAY;
    await retention.run();
    assert.equal(await count('deleted'), 1);
    now += 2 * DAY;
    settings = { ...settings, trashDays: 0 };
    await retention.run();
    assert.equal(await count('deleted'), 1, '0 keeps for ever');
    settings = { ...settings, trashDays: 30, isSyncOff: false };
    await retention.run();
    assert.equal(await count('deleted'), 1, 'I2: it is on no server');
    settings = { ...settings, isSyncOff: true };
    await retention.run();
    assert.equal(await count('deleted'), 0);
    assert.match(log.join(), /^1 conversation\(s\) were in the trash for 30 days/);
  });

  it('D7: runs once a day, whatever windows there are', async () => {
    await store.trash({ ids: [await write()] }, uuidv7());
    await retention.runDaily();
    now += 31 * DAY;
    await Promise.all([retention.runDaily(), retention.runDaily()]);
    assert.equal(log.length, 1);
  });
});
