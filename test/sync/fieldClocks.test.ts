import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { startMemoryServer, type TestServer } from '../support/memoryServer.ts';
import { Laptop, newPlace } from './week/laptop.ts';

const DAY = 24 * 3_600_000;

describe('fields with a server that keeps clocks', function () {
  this.timeout(60_000);
  let server: TestServer;
  before(async () => {
    server = await startMemoryServer();
  });
  after(() => server.close());

  it("I5 T30: a clock that is days ahead becomes the server's, and wins no later change", async () => {
    const place = newPlace(server.address, ['clocks']);
    const [wrong, right] = [new Laptop(place, Date.now(), 3 * DAY), new Laptop(place, Date.now(), 0)];
    try {
      const id = '019a0000-0000-7000-8000-0000000000f1';
      await wrong.store.create({ id, title: 'first' });
      await wrong.say(id, 'user');
      await wrong.sync();
      await wrong.store.change(id, { title: 'by the wrong clock' });
      await wrong.sync();
      await right.sync();
      assert.equal((await right.held()).get(id)?.values.title, 'by the wrong clock');
      right.waitUntil(Math.max(wrong.now, right.now) + 60_000);
      await right.store.change(id, { title: 'later' });
      await right.sync();
      await wrong.sync();
      assert.equal((await wrong.held()).get(id)?.values.title, 'later');
      assert.deepEqual([await wrong.conflicts(), await right.conflicts()], [[], []]);
    } finally {
      await wrong.dispose();
      await right.dispose();
    }
  });
});
