import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { after, afterEach, before, describe, it } from 'mocha';
import type { Environment } from '../../src/server/config.ts';
import { Random } from '../support/crash/random.ts';
import { SEED } from '../support/crash/runs.ts';
import { Crowd } from '../support/load/crowd.ts';
import { Follower } from '../support/load/follower.ts';
import { readFeed } from '../support/load/kept.ts';
import { DATABASE_KILLS, INSTANCE_KILLS, SERVER_KILLS } from '../support/load/runs.ts';
import { spawnMemoryServer, type ServerProcess } from '../support/memoryServer.ts';
import { startPostgres, type PostgresCluster } from '../support/postgres.ts';
import { tempFolder } from '../support/tempFolder.ts';
import { Client } from './client.ts';

/** Some conversations are written by several clients of one user, and users do not wait for each other. */
const CROWD = { users: 2, clientsEach: 4 };
/** Half of what got no answer is repeated, the other half left as it is. */
const ABANDONS = 0.5;
const MOST_DEEDS = 150;
const LONGEST_WAIT_MS = 15;
/** What is read again after each kill must not become too long. */
const KILLS_A_CROWD = 10;

describe('servers that are killed under load', () => {
  let folder: ReturnType<typeof tempFolder>;
  let cluster: PostgresCluster;
  const running: ServerProcess[] = [];
  before(async function () {
    this.timeout(60_000);
    folder = tempFolder();
    cluster = await startPostgres();
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.end('SIGKILL');
  });
  after(async () => {
    await cluster.stop();
    folder.dispose();
  });

  const start = async (settings: Environment): Promise<ServerProcess> => {
    const server = await spawnMemoryServer(folder.path, settings);
    running.push(server);
    return server;
  };

  /** Kills it after a number of deeds and a time drawn by lot. */
  const workAndKill = async (crowd: Crowd, server: ServerProcess, random: Random): Promise<void> => {
    const working = crowd.work(() => [server.address]);
    await Promise.race([crowd.acknowledges(1 + random.below(MOST_DEEDS)), working]);
    await wait(random.below(LONGEST_WAIT_MS));
    await server.end('SIGKILL');
    await working;
  };

  const killOften = async (settings: Environment): Promise<void> => {
    const random = new Random(SEED);
    let server = await start(settings);
    let [crowd, acknowledged, lost]: [Crowd | undefined, number, number] = [undefined, 0, 0];
    for (let kill = 0; kill < SERVER_KILLS; kill += 1) {
      if (crowd === undefined || kill % KILLS_A_CROWD === 0) {
        crowd = await Crowd.gather(server.address, { ...CROWD, seed: SEED + kill * 100, abandons: ABANDONS });
      }
      const before = crowd.tally();
      await workAndKill(crowd, server, random);
      server = await start(settings);
      await crowd.assertKept(server.address);
      acknowledged += crowd.tally().acknowledged - before.acknowledged;
      lost += crowd.tally().lost - before.lost;
    }
    assert.ok(lost > SERVER_KILLS, 'it died with requests under way');
    console.log(`      ${SERVER_KILLS} kills, ${acknowledged} acknowledged, ${lost} without an answer`);
  };

  it(`I1 I3 I4: ${SERVER_KILLS} times kill -9 on embedded SQLite: what was acknowledged is there once (seed ${SEED})`, async function () {
    this.timeout(30_000 + SERVER_KILLS * 10_000);
    await killOften({});
    const file = new DatabaseSync(join(folder.path, 'navi.db'), { readOnly: true });
    assert.equal(file.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    file.close();
  });

  it(`I1 I3 I4: ${SERVER_KILLS} times kill -9 on PostgreSQL: what was acknowledged is there once (seed ${SEED})`, async function () {
    this.timeout(30_000 + SERVER_KILLS * 10_000);
    await killOften({ DATABASE_URL: await cluster.createDatabase() });
  });

  it(`I1 I3 I4: PostgreSQL itself stopped at once ${DATABASE_KILLS} times: clients repeat, nothing is lost or doubled (seed ${SEED})`, async function () {
    this.timeout(30_000 + DATABASE_KILLS * 20_000);
    const random = new Random(SEED);
    // Each append alone, as on a database that is spread over machines.
    const server = await start({
      DATABASE_URL: await cluster.createDatabase(),
      NAVI_POSTGRES_SHARDED: 'true',
    });
    const crowd = await Crowd.gather(server.address, { ...CROWD, seed: SEED });
    const enough = new AbortController();
    const working = crowd.work(() => [server.address], enough.signal);
    for (let kill = 0; kill < DATABASE_KILLS; kill += 1) {
      await Promise.race([crowd.acknowledges(50 + random.below(MOST_DEEDS)), working]);
      await cluster.kill();
      await cluster.start();
    }
    await Promise.race([crowd.acknowledges(MOST_DEEDS), working]);
    enough.abort();
    await working;
    await crowd.assertKept(server.address);
    const { busy, lost } = crowd.tally();
    assert.equal(lost, 0, 'the server itself lives on');
    assert.ok(busy > 0, 'clients were asked to come later');
  });

  it(`I1 I3 I5: one of two servers on one PostgreSQL killed ${INSTANCE_KILLS} times: clients go on at the other, followers miss nothing (seed ${SEED})`, async function () {
    this.timeout(30_000 + INSTANCE_KILLS * 20_000);
    const random = new Random(SEED);
    const settings = { DATABASE_URL: await cluster.createDatabase() };
    for (let kill = 0; kill < INSTANCE_KILLS; kill += 1) {
      const [dies, lives] = await Promise.all([start(settings), start(settings)]);
      const [first, second] = [dies.address, lives.address];
      const crowd = await Crowd.gather(first, { ...CROWD, seed: SEED + kill * 100 });
      const followers = crowd.users.map(({ headers }) => new Follower([first, second], headers));
      const following = Promise.all(followers.map((follower) => follower.follow()));
      const enough = new AbortController();
      const working = crowd.work((client) => (client % 2 === 0 ? [first, second] : [second]), enough.signal);
      const failed = Promise.race([working, following]);
      await Promise.race([crowd.acknowledges(20 + random.below(MOST_DEEDS)), failed]);
      await wait(random.below(LONGEST_WAIT_MS));
      await dies.end('SIGKILL');
      await Promise.race([crowd.acknowledges(MOST_DEEDS), failed]);
      enough.abort();
      await working;
      assert.ok(crowd.tally().lost > 0, 'some had to go on at the other');
      await crowd.assertKept(second);
      for (const [user, follower] of followers.entries()) {
        const feed = await readFeed(new Client(second, crowd.users[user]?.headers));
        const stored = feed.flatMap((change) => (change.type === 'message' ? [change.message.id] : []));
        await Promise.race([follower.hasHeard(stored.length), following]);
        follower.leave();
        assert.deepEqual(follower.messages, stored);
      }
      await following;
      await lives.end('SIGTERM');
    }
  });
});
