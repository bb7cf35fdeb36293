import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import pg from 'pg';
import { runCommand } from '../../../src/server/commands.ts';
import { type Environment, readConfig } from '../../../src/server/config.ts';
import { Random } from '../../support/crash/random.ts';
import { SEED } from '../../support/crash/runs.ts';
import { spawnServerCommand, startMemoryServer } from '../../support/memoryServer.ts';
import { type PostgresCluster, startPostgres } from '../../support/postgres.ts';
import { tempFolder } from '../../support/tempFolder.ts';
import { Client } from '../client.ts';

/** Restores that were under way when they were killed; a busy machine sees the end of some of them too late. */
const KILLS = 5;
const MOST_TRIES = 25;
const CONVERSATIONS = 10;
const MESSAGES = 300;
const TEXT = 'words '.repeat(80);

/** How far a restore is, in units of its own; 0 before it writes. */
type Progress = () => Promise<number>;

describe('a restore that is killed', function () {
  this.timeout(240_000);
  const folder = tempFolder();
  const file = (name: string) => join(folder.path, name);
  let cluster: PostgresCluster;
  /** Backups of two databases that have nothing in common. */
  let old: string;
  let big: string;
  let bigContent: string;
  before(async () => {
    cluster = await startPostgres();
    [old] = await archiveOf('old', 1, 1);
    [big, bigContent] = await archiveOf('big', CONVERSATIONS, MESSAGES);
  });
  after(async () => {
    await cluster.stop();
    folder.dispose();
  });
  const run = (settings: Environment, ...words: string[]) =>
    runCommand(words, readConfig(settings, '', process.platform));
  const contentOf = (said: string): string => /content ([0-9a-f]{64})/.exec(said)?.[1] ?? assert.fail(said);

  async function archiveOf(name: string, conversations: number, messages: number): Promise<[string, string]> {
    const settings = { NAVI_DATA_DIR: file(`source-${name}`) };
    const server = await startMemoryServer(settings);
    try {
      const client = new Client(server.address);
      for (let n = 0; n < conversations; n += 1) {
        const { id } = await client.create({ title: `${name} ${n}` });
        const items = Array.from({ length: messages }, (_, m) => ({ role: 'user', content: `${m} ${TEXT}` }));
        await client.batch(id, items);
      }
    } finally {
      await server.close();
    }
    const path = file(`${name}.ndjson`);
    return [path, contentOf(await run(settings, 'backup', path))];
  }

  /** Kills restores of `big` over `old` when they are anywhere from their first to their last bytes. */
  async function killOften(settings: Environment, progress: Progress): Promise<void> {
    const random = new Random(SEED);
    const before = contentOf(await run(settings, 'restore', old));
    let undone = 0;
    for (let kill = 0; undone < KILLS; kill += 1) {
      assert.ok(kill < MOST_TRIES, `only ${undone} of ${kill} were under way (seed ${SEED})`);
      const until = random.below(12);
      const child = spawnServerCommand(settings, ['restore', big, '--replace']);
      const exited = once(child, 'exit');
      const first = await progress();
      while (child.exitCode === null && (await progress()) - first <= until) await turn();
      child.kill('SIGKILL');
      await exited;
      const now = contentOf(await run(settings, 'backup', file(`after-${kill}-${Object.keys(settings)[0]}`)));
      assert.ok(now === before || now === bigContent, `half of it after kill ${kill} of seed ${SEED}`);
      if (now === before) undone += 1;
      else await run(settings, 'restore', old, '--replace');
    }
    assert.equal(contentOf(await run(settings, 'restore', big, '--replace')), bigContent);
  }

  it(`I9: leaves an embedded database as it was, or as it was to be (seed ${SEED})`, async () => {
    const data = file('target');
    const log = () => readdirSync(data).find((name) => name.endsWith('-wal'));
    // The log grows with what the restore has written so far.
    const grown = () => {
      const name = existsSync(data) ? log() : undefined;
      return Promise.resolve(name === undefined ? 0 : statSync(join(data, name)).size / 100_000);
    };
    await killOften({ NAVI_DATA_DIR: data }, grown);
  });

  it(`I9: leaves a PostgreSQL database as it was, or as it was to be (seed ${SEED})`, async () => {
    const url = await cluster.createDatabase();
    const client = new pg.Client(url);
    await client.connect();
    try {
      // Rows that a transaction has not committed take their room already.
      const grown = async () => {
        const { rows } = await client.query<{ bytes: string | null }>(
          `select pg_relation_size(to_regclass('navi_messages')) as bytes`,
        );
        return Number(rows[0]?.bytes ?? 0) / 100_000;
      };
      await killOften({ DATABASE_URL: url }, grown);
    } finally {
      await client.end();
    }
  });
});
